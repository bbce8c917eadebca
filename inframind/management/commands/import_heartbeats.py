from inframind import import_receipts
from inframind.management.import_command import ImportCommand


class Command(ImportCommand):
    help = "Record the heartbeats of a CSV file; those ahead of the clock wait for their epoch."
    columns = import_receipts.HEARTBEAT_COLUMNS

    def handle(self, file: str, **options: object) -> None:
        with self.reading(file) as (table, progress):
            summary = import_receipts.import_heartbeats(table, progress=progress)
        self.name_refused(summary.named, summary.refused.total())
        self.stdout.write(f"heartbeats: {summary}")
