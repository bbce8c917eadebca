from datetime import datetime

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError
from psycopg.errors import LockNotAvailable

from postgres.clock import database_time
from staking.models import Network
from staking.services.hold import LONGEST_REASON, hold


class Command(BaseCommand):
    help = "Hold settlement, ranking and payments until `release`; reading and intake go on."
    requires_system_checks = []  # they import every page; `make run` and `make check` run them

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("reason", metavar="REASON", help="shown to staff and on every page")

    def handle(self, *, reason: str, **options: object) -> None:
        if not reason.strip() or len(reason) > LONGEST_REASON:
            raise CommandError(f"give a reason of 1 to {LONGEST_REASON} characters")
        if not Network.objects.exists():
            raise CommandError("there is no network yet: nothing to hold")
        if not _hold(reason.strip(), database_time()):
            network = Network.objects.get()
            raise CommandError(
                f"held already, since {network.held_at:%Y-%m-%d %H:%M} UTC: {network.held_reason}"
            )
        self.stdout.write("settlement, ranking and payments are held; `manage.py release` ends it")


def _hold(reason: str, now: datetime) -> bool:
    """Hold, or raise CommandError when a settlement did not end within the limit on locks."""
    try:
        return hold(reason=reason, now=now)
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        raise CommandError(
            "A settlement is running and did not end in time: nothing is held. Run the command again."
        ) from error
