from django.core.management.base import CommandError

from inframind import import_nodes
from inframind.management.import_command import ImportCommand
from staking.services import clock


class Command(ImportCommand):
    help = "Register the nodes of a CSV file: all of them, or none when a row is bad."
    columns = import_nodes.COLUMNS

    def handle(self, file: str, **options: object) -> None:
        with self.reading(file) as (table, progress):
            try:
                new, known = import_nodes.import_nodes(table, now=clock.now(), progress=progress)
            except import_nodes.BadRows as error:
                self.name_refused(error.faults, error.count)
                raise CommandError(f"{error.count} bad rows: nothing was registered") from None
        self.stdout.write(f"{new} nodes registered, {known} known")
