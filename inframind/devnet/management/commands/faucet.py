from django.core.management.base import BaseCommand, CommandError, CommandParser

from protocol.addresses import checksum, normalize
from protocol.amounts import format_amount, parse_amount
from protocol.errors import ProtocolError
from staking.services.clock import now
from staking.services.faucet import fund, require_open


class Command(BaseCommand):
    help = "Devnet: issue AMOUNT IFM to the wallet at ADDRESS."
    requires_system_checks = []  # they import every page; `make run` and `make check` run them

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", metavar="ADDRESS")
        parser.add_argument("amount", metavar="AMOUNT")

    def handle(self, address: str, amount: str, **options: object) -> None:
        try:
            require_open()
            wallet, issued = normalize(address), parse_amount(amount)
            transaction = fund(wallet=wallet, amount=issued, now=now())
        except ProtocolError as refusal:
            raise CommandError(f"{refusal.code}: {refusal.detail}") from None
        self.stdout.write(f"transaction {transaction}: {format_amount(issued)} IFM to {checksum(wallet)}")
