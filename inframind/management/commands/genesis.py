from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inframind import genesis_file
from protocol.errors import ProtocolError
from staking.services.clock import now
from staking.services.genesis import create_network


class Command(BaseCommand):
    help = "Production: create the network that FILE describes, once. Prints what it will do and asks first."
    requires_system_checks = []  # they import every page; `make run` and `make check` run them

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        mode = parser.add_mutually_exclusive_group()
        mode.add_argument("--check", action="store_true", help="check and print the file, change nothing")
        mode.add_argument(
            "--confirm", metavar="DIGEST", help="the digest that --check printed, instead of the question"
        )

    def handle(self, *, file: Path, check: bool, confirm: str | None, **options: object) -> None:
        try:
            genesis = genesis_file.read(self._text(file))
            self.stdout.write(genesis_file.summary(genesis))
            if check:
                return
            self._require_confirmation(genesis.digest, confirm)
            transaction = create_network(
                chain_id=genesis.chain_id,
                start=genesis.start,
                params=genesis.params,
                allocations=genesis.allocations,
                treasury=genesis.treasury,
                digest=genesis.digest,
                now=now(),
            )
        except ProtocolError as refusal:
            raise CommandError(f"{refusal.code}: {refusal.detail}") from None
        self.stdout.write(f"The network is created (ledger transaction {transaction}).")

    def _text(self, file: Path) -> str:
        try:
            return file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file} cannot be read: {error}") from None

    def _require_confirmation(self, digest: str, confirm: str | None) -> None:
        if confirm is None:
            self.stdout.write("This cannot be undone. Type the first 8 characters of the digest to go on:")
            confirm = input().strip()
            digest = digest[:8]
        if confirm != digest:
            raise CommandError("The digest differs: nothing was changed.")
