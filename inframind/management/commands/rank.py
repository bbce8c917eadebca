from django.core.management.base import BaseCommand

from staking.services.clock import now
from staking.services.rankings import rank


class Command(BaseCommand):
    help = "Compute a ranking of all active nodes now."

    def handle(self, **options: object) -> None:
        ranking = rank(now=now())
        assert ranking is not None
        self.stdout.write(f"ranking {ranking.pk}: {ranking.nodes} nodes")
