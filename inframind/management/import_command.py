"""Base of the import commands: the file as argument, a progress bar, errors as sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import Progress

from inframind.csv_file import BadFile, Table
from settlement.epoch_lifecycle import Halted
from staking.services.hold import Held


class ImportCommand(BaseCommand):
    """A command that reads one CSV file."""

    requires_system_checks = []  # they import every page; `make run` and `make check` run them
    columns: Sequence[str]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help=f"CSV {','.join(self.columns)}, plain or gzip")

    @contextmanager
    def reading(self, path: str) -> Iterator[tuple[Table, Callable[[int], None]]]:
        """The checked file, and a function that takes the number of imported rows."""
        try:
            table = Table(path, self.columns)
            console = Console(stderr=True)
            with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
                task = bar.add_task(table.path.name, total=table.rows)
                yield table, lambda rows: bar.advance(task, rows)
        except BadFile as error:
            raise CommandError(str(error)) from None
        except Halted:
            raise CommandError("settlement is halted: run `manage.py audit` to see the faults") from None
        except Held as held:
            raise CommandError(f"the file is imported in part; settlement is {held}") from None

    def name_refused(self, named: Sequence[str], count: int) -> None:
        """The refused rows on stderr, the first of them one by one."""
        for line in named:
            self.stderr.write(line)
        if count > len(named):
            self.stderr.write(f"and {count - len(named)} more")
