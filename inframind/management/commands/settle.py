from django.core.management.base import BaseCommand, CommandError

from inframind.settlement_summary import settled_line
from settlement.epoch import settle_due
from settlement.epoch_lifecycle import Halted
from staking.services.clock import now
from staking.services.hold import Held


class Command(BaseCommand):
    help = "Settle every epoch whose end has passed, oldest first."
    requires_system_checks = []  # they import every page; `make run` and `make check` run them

    def handle(self, **options: object) -> None:
        settled = 0
        try:
            for work in settle_due(now=now()):
                self.stdout.write(settled_line(work))
                settled += 1
        except Halted:
            raise CommandError("settlement is halted: run `manage.py audit` to see the faults") from None
        except Held as held:
            raise CommandError(f"settlement is {held}") from None
        if not settled:
            self.stdout.write("no epoch is due")
