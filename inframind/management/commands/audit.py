import json
import sys

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from chain_sync.mirroring import verify_deposits
from settlement.audit import CHECKS, audit


class Command(BaseCommand):
    help = "Check everything that must always hold (protocol section 14); exit 1 with each fault named."
    requires_system_checks = []  # they import every page; `make run` and `make check` run them

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, **options: object) -> None:
        faults = audit(since=0)
        deposits = verify_deposits(wall=timezone.now())
        if deposits:
            faults.append(f"R56 chain: {deposits}")
        checks = len(CHECKS) + 1
        if options["json"]:
            self.stdout.write(json.dumps({"ok": not faults, "checks": checks, "faults": faults}))
        else:
            for fault in faults:
                self.stdout.write(fault)
            self.stdout.write(f"{checks} checks, {len(faults)} faults")
        if faults:
            sys.exit(1)
