from argparse import ArgumentTypeError
from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from identity.models import Token
from identity.tokens import LIFETIME, LONGEST, issue
from protocol.addresses import normalize
from protocol.errors import ProtocolError


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= LONGEST.days:
        raise ArgumentTypeError(f"give 1 to {LONGEST.days} days")
    return days


class Command(BaseCommand):
    help = "Print a new API token for a wallet, or an oracle's; it is shown this once."
    requires_system_checks = []  # they import every page; `make run` and `make check` run them

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="the wallet; with --oracle, who will hold the token")
        parser.add_argument("--oracle", action="store_true", help="for the oracle's endpoints only")
        parser.add_argument("--read", action="store_true", help="may read, not write")
        parser.add_argument(
            "--days",
            type=_days,
            default=LIFETIME.days,
            help=f"how long it is good for, 1 to {LONGEST.days}",
        )

    def handle(self, **options: object) -> None:
        oracle = bool(options["oracle"])
        scope = Token.Scope.ORACLE if oracle else Token.Scope.READ if options["read"] else Token.Scope.WRITE
        try:
            address = normalize(str(options["address"]))
            secret, _ = issue(
                wallet="" if oracle else address,
                oracle=address if oracle else "",
                scope=scope,
                now=timezone.now(),
                label=f"oracle {address}" if oracle else "made on the server",
                lifetime=timedelta(days=int(str(options["days"]))),
            )
        except ProtocolError as error:
            raise CommandError(error.detail) from None
        self.stdout.write(secret)
