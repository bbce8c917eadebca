"""`manage.py replay [N …]`: recompute settled epochs from their published inputs (R53)."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from protocol.errors import ProtocolError
from protocol.replay import InputsInvalid
from staking.models import Epoch
from staking.selectors.replay import replay


class Command(BaseCommand):
    help = "Recompute settled epochs from their published inputs, as `infra verify` does; the last one by default."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("epochs", nargs="*", type=int, metavar="N")

    def handle(self, *args: Any, **options: Any) -> None:
        settled = Epoch.objects.filter(status=Epoch.Status.SETTLED).order_by("-number")
        numbers = options["epochs"] or list(settled.values_list("number", flat=True)[:1])
        faults = 0
        for number in numbers:
            try:
                differences = replay(number)
            except (ProtocolError, InputsInvalid) as error:
                raise CommandError(f"Epoch {number}: {error}") from None
            faults += len(differences)
            for difference in differences:
                self.stdout.write(f"epoch {number}: {difference}")
            if not differences:
                self.stdout.write(f"epoch {number}: equal")
        if faults:
            raise CommandError(f"{faults} figures differ.")
