"""History from files: receipts along which the network's clock runs, heartbeats that wait for it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.conf import settings

from inframind.csv_file import Line, Table
from oracle import heartbeats, receipts
from oracle.batch_parsing import BatchResult, read_moment
from protocol.errors import ProtocolError
from protocol.times import moment_of, unix_ms
from settlement.epoch import settle_due
from staking.services import clock
from staking.services.epochs import open_epoch

RECEIPT_COLUMNS = (
    "job_id", "node", "job_class", "region", "accepted_at", "deadline_ms", "latency_ms", "outcome", "credits",
)  # fmt: skip
HEARTBEAT_COLUMNS = ("node", "at")
NUMBERS = ("deadline_ms", "latency_ms", "credits")
BATCH = 10_000
MAX_NAMED = 20

Progress = Callable[[int], None]
_WHOLE = re.compile(r"-?[0-9]{1,30}", re.ASCII)


@dataclass(slots=True)
class Summary:
    """The result of a file; the first refused rows are named by line, code and sentence."""

    accepted: int = 0
    duplicates: int = 0
    settled: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    named: list[str] = field(default_factory=list)

    def add(self, lines: list[Line], answer: BatchResult) -> None:
        """Add the answer to one batch of lines."""
        self.accepted += answer.accepted
        self.duplicates += answer.duplicates
        for one in answer.rejected:
            self.refused[one.code] += 1
            if len(self.named) < MAX_NAMED:
                self.named.append(f"line {lines[one.index][0]}: {one.code}: {one.detail}")

    def __str__(self) -> str:
        codes = ", ".join(f"{code} {count}" for code, count in sorted(self.refused.items()))
        refused = f"{self.refused.total()} refused" + (f" ({codes})" if codes else "")
        return f"{self.accepted} accepted, {self.duplicates} duplicates, {refused}"


def import_receipts(table: Table, *, settle: bool, progress: Progress) -> Summary:
    """Record a file's receipts as unchecked history (interfaces section 2).

    With `settle` epochs settle as the file passes them: the clock stands still while the rows of one epoch are
    recorded, so that nobody settles it too early, and goes to the first row past its end then.
    Raises: BadFile, Halted.
    """
    _start_clock(table, "accepted_at")
    summary = Summary()
    if not settle:
        for lines in _batches(table.lines()):
            _record(lines, summary)
            progress(len(lines))
        return summary
    latest, end = 0, _open_end()
    waiting: list[Line] = []
    for line in table.lines():
        at = _moment(line, "accepted_at") or 0
        latest = max(latest, at)
        if at >= end or len(waiting) == BATCH:
            _record(waiting, summary)
            progress(len(waiting))
            waiting = []
        if at >= end:
            summary.settled += _settle_until(at)
            end = _open_end()
        waiting.append(line)
    _record(waiting, summary)
    progress(len(waiting))
    if latest:
        clock.advance_to(moment_of(latest))
    return summary


def import_heartbeats(table: Table, *, progress: Progress) -> Summary:
    """Record a file's heartbeats; those ahead of the clock wait for their epoch. Raises: BadFile."""
    _start_clock(table, "at")
    summary = Summary()
    for lines in _batches(table.lines()):
        items = [dict(cells) for _, cells in lines]
        summary.add(lines, heartbeats.ingest(items=items, now=clock.now(), ahead=True))
        progress(len(lines))
    return summary


def _start_clock(table: Table, column: str) -> None:
    """On an empty devnet the first import sets the clock to 00:00 UTC of its first row."""
    if settings.INFRAMIND_NETWORK == "production":
        return
    first = next((at for at in (_moment(line, column) for line in table.lines()) if at is not None), None)
    if first is not None:
        clock.start_at(moment_of(first))


def _record(lines: list[Line], summary: Summary) -> None:
    if lines:
        items = [_receipt(cells) for _, cells in lines]
        summary.add(lines, receipts.ingest(items=items, now=clock.now(), unchecked=True))


def _receipt(cells: dict[str, str]) -> dict[str, Any]:
    # What is no number stays text, and the ingest says what is wrong with it.
    numbers = {name: int(cells[name]) for name in NUMBERS if _WHOLE.fullmatch(cells[name])}
    return {**cells, **numbers}


def _settle_until(at: int) -> int:
    moment = moment_of(at)
    clock.advance_to(moment)
    return sum(1 for _ in settle_due(now=moment))


def _open_end() -> int:
    epoch = open_epoch()
    assert epoch is not None
    return unix_ms(epoch.end)


def _moment(line: Line, column: str) -> int | None:
    try:
        return read_moment(line[1][column], column)
    except ProtocolError:
        return None


def _batches(lines: Iterator[Line]) -> Iterator[list[Line]]:
    while batch := list(islice(lines, BATCH)):
        yield batch
