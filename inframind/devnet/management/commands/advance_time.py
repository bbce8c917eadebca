from django.core.management.base import BaseCommand, CommandError, CommandParser

from inframind.settlement_summary import settled_line
from protocol.errors import Invalid
from settlement.epoch import settle_due
from settlement.epoch_lifecycle import Halted
from staking.services.clock import advance_by
from staking.services.hold import Held


class Command(BaseCommand):
    help = "Devnet: move the network clock forward; epochs that end on the way are settled in order."
    requires_system_checks = []  # they import every page; `make run` and `make check` run them

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("seconds", type=int)

    def handle(self, seconds: int, **options: object) -> None:
        try:
            now = advance_by(seconds)
        except Invalid as error:
            raise CommandError(error.detail) from None
        try:
            for work in settle_due(now=now):
                self.stdout.write(settled_line(work))
        except Halted:
            raise CommandError("settlement is halted: run `manage.py audit` to see the faults") from None
        except Held as held:
            raise CommandError(f"the clock was moved; settlement is {held}") from None
        self.stdout.write(f"the network clock says {now:%Y-%m-%dT%H:%M:%SZ}")
