from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from inframind import import_receipts
from inframind.management.import_command import ImportCommand


class Command(ImportCommand):
    help = "Record the receipts of a CSV file as unchecked history."
    columns = import_receipts.RECEIPT_COLUMNS

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--settle",
            action="store_true",
            help="devnet: run the clock along and settle the epochs it passes",
        )

    def handle(self, file: str, settle: bool, **options: object) -> None:
        if settle and settings.INFRAMIND_NETWORK == "production":
            raise CommandError("--settle moves the network clock, which in production is the wall clock")
        with self.reading(file) as (table, progress):
            summary = import_receipts.import_receipts(table, settle=settle, progress=progress)
        self.name_refused(summary.named, summary.refused.total())
        self.stdout.write(f"receipts: {summary}" + (f"; {summary.settled} epochs settled" if settle else ""))
