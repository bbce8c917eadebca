from django.core.management.base import BaseCommand

from delegation.services.upkeep import clear_worthless_positions


class Command(BaseCommand):
    help = "Burn the shares of delegations that a slash left worth 0 IFM; their earnings stay claimable."

    def handle(self, **options: object) -> None:
        self.stdout.write(f"cleared {clear_worthless_positions()} delegations that are worth 0")
