from django.core.management.base import BaseCommand, CommandError, CommandParser

from inframind.settlement_summary import settled_line
from settlement.epoch import settle_due
from settlement.epoch_lifecycle import Halted
from staking.services.clock import advance_to
from staking.services.clock import now as network_now
from staking.services.epochs import open_epoch, start_network
from staking.services.hold import Held


class Command(BaseCommand):
    help = "Devnet: move the network clock to the end of the open epoch and settle it, N times."
    requires_system_checks = []  # they import every page; `make run` and `make check` run them

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("times", nargs="?", type=int, default=1, metavar="N")

    def handle(self, times: int, **options: object) -> None:
        if times < 1:
            raise CommandError("give a number of epochs from 1 up")
        start_network(now=network_now())
        for _ in range(times):
            self._advance()

    def _advance(self) -> None:
        # Another worker may settle it first, or be due for earlier ones: whoever does, no more than this one.
        target = open_epoch()
        assert target is not None
        try:
            for work in settle_due(now=advance_to(target.end), until=target.number):
                self.stdout.write(settled_line(work))
        except Halted:
            raise CommandError("settlement is halted: run `manage.py audit` to see the faults") from None
        except Held as held:
            raise CommandError(f"settlement is {held}") from None
