"""Statements in the CSV formats that Koinly and CoinTracking import.

The wallet and everything that it has staked, delegated or unbonding is one account there: moves between them are left
out, rewards count when they are claimed or compounded, and slashes are losses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from delegation.exports import csv_lines
from delegation.selectors.statement import Compound, Line
from protocol.amounts import format_amount
from staking.selectors.ledger import shown_reference

CURRENCY = "IFM"
KOINLY = (
    "Date", "Sent Amount", "Sent Currency", "Received Amount", "Received Currency", "Fee Amount", "Fee Currency",
    "Net Worth Amount", "Net Worth Currency", "Label", "Description", "TxHash",
)  # fmt: skip
COINTRACKING = (
    "Type", "Buy Amount", "Buy Currency", "Sell Amount", "Sell Currency", "Fee", "Fee Currency", "Exchange",
    "Trade-Group", "Comment", "Date", "Tx-ID",
)  # fmt: skip
# By kind of an event: the label of Koinly, the type of CoinTracking.
LABELS = {
    "reward": ("reward", "Staking"),
    "slash": ("lost", "Lost"),
    "deposit": ("", "Deposit"),
    "withdrawal": ("", "Withdrawal"),
}
OWN_ACCOUNTS = ("stake", "pool", "unbonding")


@dataclass(frozen=True, slots=True)
class Event:
    """A change of all that a wallet has: `amount` µIFM gained (negative: lost or sent), `kind` a key of LABELS."""

    at: datetime
    kind: str
    amount: int
    description: str
    transaction: int


def tax_csv(preset: str, lines: Iterable[Line], compounds: Iterable[Compound]) -> Iterator[str]:
    """The events of a statement in the format of `preset` (a key of PRESETS), the heading first."""
    heading, row = PRESETS[preset]
    yield from csv_lines([heading])
    yield from csv_lines(row(event) for event in events(lines, compounds))


def events(lines: Iterable[Line], compounds: Iterable[Compound]) -> list[Event]:
    """The changes of the wallet's total, in the order of the transactions."""
    changes = [event for line in lines if (event := _event(line)) is not None]
    changes += [
        Event(one.at, "reward", one.amount, f"compound {shown_reference(one.reference)}", one.transaction)
        for one in compounds
    ]
    return sorted(changes, key=lambda event: event.transaction)


def _event(line: Line) -> Event | None:
    if line.transaction is None:
        return None
    if line.slash is not None:
        loss = f"slash {line.slash}"
        return Event(line.at, "slash", -(line.net or 0), loss, line.transaction) if line.net else None
    side = line.other.partition(":")[0]
    if side in OWN_ACCOUNTS:
        return None
    kind = "reward" if side == "rewards" else "deposit" if line.amount > 0 else "withdrawal"
    description = f"{line.kind} {shown_reference(line.reference)}".strip()
    return Event(line.at, kind, line.amount, description, line.transaction)


def _amounts(event: Event) -> tuple[tuple[str, str], tuple[str, str]]:
    """(received, sent), each an amount with its currency, empty where there is none."""
    amount = (format_amount(abs(event.amount)), CURRENCY)
    return (amount, ("", "")) if event.amount > 0 else (("", ""), amount)


def _koinly(event: Event) -> tuple[object, ...]:
    received, sent = _amounts(event)
    at = f"{event.at:%Y-%m-%d %H:%M:%S} UTC"
    return at, *sent, *received, "", "", "", "", LABELS[event.kind][0], event.description, event.transaction


def _cointracking(event: Event) -> tuple[object, ...]:
    received, sent = _amounts(event)
    at = f"{event.at:%Y-%m-%d %H:%M:%S}"
    type_ = LABELS[event.kind][1]
    return type_, *received, *sent, "", "", "InfraMind", "", event.description, at, event.transaction


PRESETS = {"koinly": (KOINLY, _koinly), "cointracking": (COINTRACKING, _cointracking)}
