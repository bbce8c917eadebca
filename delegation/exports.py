"""A statement and its earnings as CSV, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime

from delegation.selectors.earnings import Earning
from delegation.selectors.statement import Line
from protocol.addresses import checksum
from protocol.amounts import format_amount
from protocol.times import write_moment
from staking.selectors.ledger import shown_account, shown_reference

COLUMNS = (
    "transaction", "at", "epoch", "epoch_end", "kind", "reference", "other", "amount", "balance", "taken", "returned",
    "net", "slash", "chain_transaction",
)  # fmt: skip
EARNED = ("epoch", "epoch_end", "node", "name", "role", "amount")
WHY = (
    "tier", "bonus_bps", "q_bps", "q_latency", "q_uptime", "q_stake", "q_scarcity", "q_sla", "weight", "active",
    "active_shares", "share_bps",
)  # fmt: skip
WHY_AMOUNTS = ("pool", "reward", "operator_reward", "delegators_reward", "honest_reward")
# A spreadsheet takes a cell that begins with one of these for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def plain(text: str) -> str:
    """Text that a spreadsheet does not run as a formula. Not for numbers."""
    return "'" + text if text.startswith(FORMULA) else text


def csv_lines(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Rows as lines of CSV: text is guarded, whatever else is written as it is."""
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="\r\n")
    for row in rows:
        writer.writerow([plain(cell) if isinstance(cell, str) else cell for cell in row])
        yield line.getvalue()
        line.seek(0)
        line.truncate()


class Amount:
    """µIFM in a cell: a decimal number with its sign, no text."""

    def __init__(self, micro: int) -> None:
        self.micro = micro

    def __str__(self) -> str:
        return format_amount(self.micro)


def statement_csv(lines: Iterable[Line]) -> Iterator[str]:
    """The rows of a statement, the heading first; amounts in IFM, those of a slash empty for a movement."""
    yield from csv_lines([COLUMNS])
    yield from csv_lines(
        (
            "" if line.transaction is None else line.transaction,
            moment(line.at),
            line.epoch,
            moment(line.epoch_end),
            line.kind,
            shown_reference(line.reference),
            shown_account(line.other),
            Amount(line.amount),
            Amount(line.balance),
            *("" if micro is None else Amount(micro) for micro in (line.taken, line.returned, line.net)),
            "" if line.slash is None else line.slash,
            line.chain_transaction,
        )
        for line in lines
    )


def moment(at: datetime) -> str:
    """A time as RFC 3339 in UTC, with microseconds."""
    return write_moment(at, timespec="microseconds")


def earnings_csv(rows: Iterable[Earning]) -> Iterator[str]:
    """Earnings per node and epoch with their factors, the heading first; amounts in IFM, ratios in bps."""
    yield from csv_lines([(*EARNED, *WHY, *WHY_AMOUNTS)])
    yield from csv_lines(
        (
            row.epoch,
            moment(row.epoch_end),
            checksum(row.node),
            row.name,
            row.role,
            Amount(row.amount),
            *(getattr(row.why, name) for name in WHY),
            *(Amount(getattr(row.why, name)) for name in WHY_AMOUNTS),
        )
        for row in rows
    )
