from django.core.management.base import BaseCommand, CommandError

from staking.services.clock import now
from staking.services.hold import Held
from staking.services.rankings import rank


class Command(BaseCommand):
    help = "Compute a ranking of all active nodes now."
    requires_system_checks = []  # they import every page; `make run` and `make check` run them

    def handle(self, **options: object) -> None:
        try:
            ranking = rank(now=now())
        except Held as held:
            raise CommandError(f"rankings are {held}") from None
        assert ranking is not None
        self.stdout.write(f"ranking {ranking.pk}: {ranking.nodes} nodes")
