from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError
from psycopg.errors import LockNotAvailable

from postgres.advisory_lock import try_lock
from postgres.clock import database_time
from retention import files, plan
from retention.kinds import KINDS
from staking.models import Archive
from staking.services.hold import Held, require_not_held


class Command(BaseCommand):
    help = "Archive and drop the receipts, heartbeats, rankings, events and published inputs of old epochs."

    def add_arguments(self, parser: CommandParser) -> None:
        mode = parser.add_mutually_exclusive_group()
        mode.add_argument("--list", action="store_true", help="list the archived epochs")
        mode.add_argument(
            "--verify", action="store_true", help="read every archive again; exit status 1 on damage"
        )
        mode.add_argument("--dry-run", action="store_true", help="say what is due, change nothing")

    def handle(self, *, list: bool, verify: bool, dry_run: bool, **options: object) -> None:
        if list or verify:
            self._show(verify=verify)
        elif dry_run:
            for kind in KINDS:
                epochs = plan.due(kind)
                self.stdout.write(
                    f"{kind.name}: {len(epochs)} epochs"
                    + (f", {epochs[0]} to {epochs[-1]}" if epochs else "")
                )
        else:
            self._run()

    def _run(self) -> None:
        if not settings.INFRAMIND_ARCHIVE:
            raise CommandError(
                "Set INFRAMIND_ARCHIVE to a folder or s3://bucket/prefix: nothing is dropped without."
            )
        try:
            require_not_held()
            with try_lock("retention") as free:
                if not free:
                    raise CommandError("another process is archiving")
                while dropped := plan.step(now=database_time()):
                    for kind, epoch in dropped:
                        self.stdout.write(f"epoch {epoch}: {kind.name} archived and dropped")
        except (files.Damaged, Held) as fault:
            raise CommandError(str(fault)) from fault
        except OperationalError as fault:
            if not isinstance(fault.__cause__, LockNotAvailable):
                raise
            raise CommandError("receipts are being read, so none are dropped: run it again later") from fault

    def _show(self, *, verify: bool) -> None:
        damaged = 0
        for archive in Archive.objects.order_by("kind", "epoch"):
            state = "dropped" if archive.dropped_at else "in the database"
            line = (
                f"{archive.name}  {archive.rows} rows  {archive.size} bytes  sha256 {archive.sha256}  {state}"
            )
            if verify:
                try:
                    files.verify(archive.name, archive.sha256)
                except files.Damaged as fault:
                    damaged += 1
                    line = f"DAMAGED: {fault}"
            self.stdout.write(line)
        if damaged:
            raise CommandError(
                f"{damaged} archives are damaged: copy them back from where they are backed up"
            )
