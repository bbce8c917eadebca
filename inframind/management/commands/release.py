from django.core.management.base import BaseCommand, CommandError

from staking.services.clock import now
from staking.services.epochs import open_epoch
from staking.services.hold import release


class Command(BaseCommand):
    help = "End a hold: settlement, ranking and payments go on."
    requires_system_checks = []  # they import every page; `make run` and `make check` run them

    def handle(self, **options: object) -> None:
        if not release():
            raise CommandError("nothing is held")
        epoch = open_epoch()
        overdue = epoch is not None and epoch.end <= now()
        due = (
            f"epoch {epoch.number} is due and will be settled now" if epoch and overdue else "no epoch is due"
        )
        self.stdout.write(f"released: {due}")
