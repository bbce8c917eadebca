from django.core.management.base import BaseCommand, CommandError
from rich.progress import Progress

from inframind.demo.loader import EPOCHS, build
from protocol.errors import Conflict


class Command(BaseCommand):
    help = "Devnet: load the demo network, made by sending receipts and heartbeats through the real ingest."
    requires_system_checks = []  # they import every page; `make run` and `make check` run them

    def handle(self, **options: object) -> None:
        try:
            with Progress(transient=True) as bar:
                task = bar.add_task("demo network", total=EPOCHS)
                build(lambda done: bar.update(task, completed=done))
        except Conflict as error:
            raise CommandError(error.detail) from None
        self.stdout.write(f"demo network: {EPOCHS} epochs settled")
