"""What the files of a fleet say of each node in each epoch, read by itself: csv and fractions, no code of the project.

An epoch is a day from 00:00 UTC of the first row on, a slot five minutes, the window the last hundred good jobs.
"""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from math import floor
from pathlib import Path

DAY, SLOT, WINDOW, WHOLE = timedelta(days=1), timedelta(minutes=5), 100, 10_000
HEARD_QUORUM = Fraction(1, 5)


@dataclass
class Reading:
    """Per epoch and node (as written in the file): counts, and the latencies of good jobs up to then."""

    start: datetime
    nodes: list[str]
    accepted: dict[int, dict[str, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    good: dict[int, dict[str, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    latencies: dict[int, dict[str, list[int]]] = field(default_factory=dict)
    slots: dict[int, dict[str, set[int]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(set))
    )

    def sla(self, epoch: int, node: str) -> int | None:
        accepted = self.accepted[epoch][node]
        return bps(Fraction(self.good[epoch][node], accepted)) if accepted else None

    def latency(self, epoch: int, node: str) -> int | None:
        last = self.latencies[epoch].get(node, [])[-WINDOW:]
        return floor(Fraction(sum(last), len(last))) if last else None

    def percentile(self, epoch: int, node: str, active: set[str]) -> int:
        compared = {one: ms for one in active if (ms := self.latency(epoch, one)) is not None}
        if node not in compared:
            return 0
        slower = sum(ms > compared[node] for ms in compared.values())
        return bps(Fraction(slower, len(compared) - 1)) if len(compared) > 1 else WHOLE

    def uptime(self, epoch: int, node: str, active: set[str]) -> int:
        heard = self.slots[epoch]
        counted = {
            slot
            for slot in range(DAY // SLOT)
            if Fraction(sum(slot in heard[one] for one in active), len(active)) >= HEARD_QUORUM
        }
        return bps(Fraction(len(heard[node] & counted), len(counted))) if counted else WHOLE


def bps(ratio: Fraction) -> int:
    return floor(ratio * WHOLE)


def rows(file: Path) -> Iterator[dict[str, str]]:
    with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
        yield from csv.DictReader(text)


def read(nodes: Path, receipts: Path, heartbeats: Path | None = None) -> Reading:
    """The files of one fresh network, imported in this order: nodes, heartbeats, receipts with --settle."""
    moments = (
        [row["at"] for row in rows(heartbeats)]
        if heartbeats
        else [row["accepted_at"] for row in rows(receipts)]
    )
    start = datetime.fromisoformat(moments[0]).replace(hour=0, minute=0, second=0, microsecond=0)
    reading = Reading(start, [row["node"] for row in rows(nodes)])
    for row in rows(heartbeats) if heartbeats else ():
        since = datetime.fromisoformat(row["at"]) - start
        reading.slots[since // DAY + 1][row["node"]].add(since % DAY // SLOT)
    _count(reading, receipts)
    return reading


def _count(reading: Reading, receipts: Path) -> None:
    epoch, ever = 1, {node: [] for node in reading.nodes}
    for row in rows(receipts):
        reached = (datetime.fromisoformat(row["accepted_at"]) - reading.start) // DAY + 1
        while epoch < reached:
            reading.latencies[epoch] = {node: list(all_of) for node, all_of in ever.items()}
            epoch += 1
        node = row["node"]
        if row["outcome"] != "rejected":
            reading.accepted[epoch][node] += 1
        if row["outcome"] == "completed" and int(row["latency_ms"]) <= int(row["deadline_ms"]):
            reading.good[epoch][node] += 1
            ever[node].append(int(row["latency_ms"]))
    reading.latencies[epoch] = ever
