"""A wallet's statement: every ledger movement with the balance after it, every slash that took something from it, and
what its stake earned (R35, R42)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from chain.selectors import anchor_transactions, deposit_transactions
from delegation.selectors.earnings import EVER, EarnedOn, earned_on
from delegation.selectors.losses import SlashLoss, losses_of_wallet
from delegation.selectors.operators import nodes_run_by
from delegation.selectors.positions import positions_of_wallet
from ledger import accounts, history
from postgres.snapshot import snapshot
from protocol.errors import Invalid
from staking.models import Epoch

# Kinds of ledger transactions between a wallet and the chain.
DEPOSIT, EXIT = "token_deposit", "exit"
# Kinds whose line names the transaction that anchored its epoch.
ANCHORED = (EXIT, "slash")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})"
)


@dataclass(frozen=True, slots=True)
class Period:
    """From a day or moment to another, days UTC and whole; None is open."""

    first: date | datetime | None = None
    last: date | datetime | None = None

    @property
    def start(self) -> datetime | None:
        return None if self.first is None else _opening(self.first)

    @property
    def end(self) -> datetime | None:
        """The first moment that is not in it."""
        if self.last is None or isinstance(self.last, datetime):
            return self.last
        return _opening(self.last) + timedelta(days=1)


def _opening(day: date | datetime) -> datetime:
    return day if isinstance(day, datetime) else datetime.combine(day, time(), UTC)


@dataclass(frozen=True, slots=True)
class Statement:
    """Sums of a period, in µIFM. `earned`: per node and role, in the epochs that ended in the period.

    Over all time Σ earned = `claimed` + `claimable`; those two are as of now, whatever the period. `losses`: the
    slashes executed in the period, which its movements count as well.
    """

    wallet: str
    period: Period
    sums: history.Sums
    earned: tuple[EarnedOn, ...]
    claimed: int
    claimable: int
    losses: tuple[SlashLoss, ...]

    @property
    def earned_total(self) -> int:
        return sum(row.amount for row in self.earned)

    @property
    def lost(self) -> int:
        """µIFM that slashes took from the wallet in the period, less what they returned to it."""
        return sum(loss.net for loss in self.losses)


@dataclass(frozen=True, slots=True)
class Compound:
    """Earnings that a wallet put back on the node `reference` in one step, in µIFM: no entry of the wallet has them."""

    transaction: int
    at: datetime
    reference: str
    amount: int


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a statement, amounts in µIFM: a ledger movement of the wallet, or a slash.

    `balance`: the available balance after it, which a slash does not change (`amount` 0). `taken`, `returned`, `net`
    and `slash` are None for a movement; `transaction` is None for a slash that returned all that it took. `epoch_end`:
    the end of the epoch in which it was posted. `chain_transaction`: hash of the lock that brought it in, or of the
    transaction that anchored the epoch in which it was taken out or slashed; "" for all others, and while it is not
    known.
    """

    transaction: int | None
    at: datetime
    epoch: int
    epoch_end: datetime
    kind: str
    reference: str
    other: str
    amount: int
    balance: int
    taken: int | None = None
    returned: int | None = None
    net: int | None = None
    slash: int | None = None
    chain_transaction: str = ""


def read_day(text: str, name: str) -> date | datetime | None:
    """A day as YYYY-MM-DD or a moment as RFC 3339, None for "". Raises: `invalid`."""
    if not text:
        return None
    try:
        if _DAY.fullmatch(text):
            day: date | datetime = date.fromisoformat(text)
        elif _MOMENT.fullmatch(text):
            day = datetime.fromisoformat(text).astimezone(UTC)
        else:
            raise ValueError(text)
        if not 1970 <= day.year <= 9000:
            raise ValueError(text)
    except (ValueError, OverflowError):
        raise Invalid(f"Enter {name} as a day, for example 2026-11-24.", field=name) from None
    return day


def read_period(first: str, last: str) -> Period:
    """From one day to another, both included; "" is open; moments will do as well. Raises: `invalid`."""
    period = Period(read_day(first, "from"), read_day(last, "to"))
    if period.start and period.end and period.start >= period.end:
        raise Invalid("Enter a last day that is not before the first.", field="to")
    return period


def statement(wallet: str, period: Period) -> Statement:
    """The totals of the wallet's period; a constant number of queries."""
    with snapshot():
        first, last = epochs_ending_in(period)
        positions, own = positions_of_wallet(wallet), nodes_run_by(wallet)
        losses = losses_of_wallet(wallet, start=period.start, end=period.end)
        return Statement(
            wallet=wallet,
            period=period,
            sums=history.sums(
                accounts.wallet(wallet),
                start=period.start,
                end=period.end,
                also=_transactions(losses),
                unposted=_unposted(losses),
            ),
            earned=tuple(earned_on(wallet, first=first, last=last)),
            claimed=sum(p.claimed for p in positions) + sum(node.claimed for node in own),
            claimable=sum(p.claimable for p in positions) + sum(node.claimable for node in own),
            losses=tuple(losses),
        )


def lines(
    wallet: str, period: Period, *, limit: int | None = None, offset: int = 0, newest_first: bool = False
) -> list[Line]:
    """The rows of the wallet's statement in the order in which they were posted; without a limit all of them.

    Three queries, and two more when rows are of a chain.
    """
    with snapshot():
        losses = losses_of_wallet(wallet, start=period.start, end=period.end)
        moves = history.movements(
            accounts.wallet(wallet),
            start=period.start,
            end=period.end,
            also=_transactions(losses),
            unposted=_unposted(losses),
            limit=limit,
            offset=offset,
            newest_first=newest_first,
        )
        ends = dict(
            Epoch.objects.filter(number__in={move.epoch for move in moves}).values_list("number", "end")
        )
    by_reference = {_reference(loss): loss for loss in losses}
    return [
        _line(
            move,
            ends[move.epoch],
            by_reference.get(move.reference) if move.kind == "slash" else None,
            hash_,
        )
        for move, hash_ in zip(moves, _chain_transactions(moves), strict=True)
    ]


def _chain_transactions(rows: list[history.Movement]) -> list[str]:
    """The hash of the transaction on the chain that belongs to each row, or ""; no query without any."""
    deposits = [row.transaction for row in rows if row.transaction and row.kind == DEPOSIT]
    epochs = {row.epoch for row in rows if row.kind in ANCHORED}
    hashes = deposit_transactions(deposits) if deposits else {}
    anchors = anchor_transactions(epochs) if epochs else {}
    return [
        anchors.get(row.epoch, "") if row.kind in ANCHORED else hashes.get(row.transaction or 0, "")
        for row in rows
    ]


def compounds(wallet: str, period: Period, *, limit: int) -> list[Compound]:
    """The earnings that the wallet compounded in the period, oldest first; one query."""
    return [Compound(*row) for row in history.compounds(wallet, period.start, period.end, limit=limit)]


def _transactions(losses: Sequence[SlashLoss]) -> list[int]:
    return [loss.transaction for loss in losses if loss.transaction is not None]


def _unposted(losses: Sequence[SlashLoss]) -> list[history.Movement]:
    """The slashes that returned all that they took: they move no tokens, and the ledger has nothing of them."""
    return [
        history.Movement(None, "slash", _reference(loss), "", loss.at, loss.epoch, 0, 0, "")
        for loss in losses
        if loss.transaction is None
    ]


def _reference(loss: SlashLoss) -> str:
    return f"slash:{loss.slash}"


def _line(
    move: history.Movement, epoch_end: datetime, loss: SlashLoss | None, chain_transaction: str
) -> Line:
    facts = (move.transaction, move.at, move.epoch, epoch_end, move.kind, move.reference)
    if loss is None:
        return Line(*facts, move.other, move.amount, move.balance, chain_transaction=chain_transaction)
    parts = (loss.taken, loss.returned, loss.net, loss.slash)
    return Line(*facts, _account(loss), 0, move.balance, *parts, chain_transaction=chain_transaction)


def _account(loss: SlashLoss) -> str:
    """The account of the node from which the slash took most of what the wallet lost."""
    parts = {
        accounts.pool(loss.node): loss.delegation,
        accounts.unbonding(loss.node): loss.unbonding,
        accounts.stake(loss.node): loss.own,
    }
    return max(parts, key=lambda name: parts[name])


def epochs_ending_in(period: Period) -> tuple[int, int]:
    """The first and the last epoch that ended in the period; (1, 0) when none did."""
    ended = Epoch.objects.filter(status=Epoch.Status.SETTLED)
    if period.start is None and period.end is None:
        return 1, EVER
    if period.start is not None:
        ended = ended.filter(end__gte=period.start)
    if period.end is not None:
        ended = ended.filter(end__lt=period.end)
    numbers = ended.order_by("number").values_list("number", flat=True)
    first, last = numbers.first(), numbers.last()
    return (1, 0) if first is None or last is None else (first, last)
