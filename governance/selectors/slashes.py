"""The list of slashes with their amounts, and sums that reconcile with the ledger (R35)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum

from governance.models import Dispute
from ledger import accounts
from ledger.selectors import balance
from staking.models import Epoch, Slash

SIMILAR = 5
PARTS = ("self_slashed", "delegated_slashed", "slashed", "burned", "honest", "honest_to_treasury", "returned")


@dataclass(frozen=True, slots=True)
class SlashQuery:
    """Filter of a list of slashes; "" does not filter."""

    status: str = ""
    offence: str = ""
    node: str = ""


@dataclass(frozen=True, slots=True)
class SlashSums:
    """Sums over executed slashes, µIFM; `burned_account` is the balance of the ledger account `burned`."""

    slashes: int
    self_slashed: int
    delegated_slashed: int
    slashed: int
    burned: int
    honest: int
    honest_to_treasury: int
    returned: int
    burned_account: int

    @property
    def adds_up(self) -> bool:
        """True if both splits sum to the whole and the ledger shows the same burned amount."""
        return (
            self.slashed == self.self_slashed + self.delegated_slashed
            and self.slashed == self.burned + self.honest + self.returned
            and self.burned == self.burned_account
        )


def newest_slash() -> int:
    """Return the id of the newest slash; 0 without any."""
    return Slash.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def list_slashes(query: SlashQuery, *, newest: int, limit: int, offset: int) -> tuple[list[Slash], int]:
    """Return a page of the slashes up to the id `newest`, newest first, with node and dispute, and their number."""
    slashes = _filtered(query).filter(pk__lte=newest)
    rows = slashes.select_related("node", "dispute").order_by("-pk")[offset : offset + limit]
    return list(rows), slashes.count()


def slash_rows(query: SlashQuery) -> Iterator[tuple[Any, ...]]:
    """Yield all slashes, oldest first, for a file: (id, node, offence, epoch, its end, status, resolved epoch, its end,
    *PARTS in µIFM).

    Reads through a server-side cursor, which holds a connection until the last row.
    """
    ends = {"epoch_end": _end_of("epoch"), "resolved_epoch_end": _end_of("resolved_epoch")}
    columns = (
        "pk",
        "node__address",
        "offence",
        "epoch",
        "epoch_end",
        "status",
        "resolved_epoch",
        "resolved_epoch_end",
    )
    rows = _filtered(query).annotate(**ends).order_by("pk").values_list(*columns, *PARTS)
    return rows.iterator(chunk_size=2_000)


def _end_of(column: str) -> Subquery:
    return Subquery(Epoch.objects.filter(number=OuterRef(column)).values("end"))


def sums() -> SlashSums:
    """Return the sums over all executed slashes and the burned amount of the ledger, µIFM."""
    executed = Slash.objects.filter(status=Slash.Status.EXECUTED)
    totals = executed.aggregate(slashes=Count("pk"), **{f"sum_{part}": Sum(part) for part in PARTS})
    return SlashSums(
        slashes=totals["slashes"],
        burned_account=balance(accounts.BURNED),
        **{part: int(totals[f"sum_{part}"] or 0) for part in PARTS},
    )


def similar_disputes(slash: Slash) -> Sequence[Dispute]:
    """Return the last decided disputes of the same offence."""
    same = Dispute.objects.filter(slash__offence=slash.offence).exclude(slash=slash)
    decided = same.exclude(status=Dispute.Status.VOTING)
    return list(decided.select_related("slash__node").order_by("-closed_at", "-pk")[:SIMILAR])


def outcomes_of(offence: str) -> dict[str, int]:
    """Return the number of slashes of an offence by status."""
    numbers = Slash.objects.filter(offence=offence).values_list("status").annotate(number=Count("pk"))
    return dict(numbers.order_by())


def _filtered(query: SlashQuery) -> QuerySet[Slash]:
    conditions = {"status": query.status, "offence": query.offence, "node__address": query.node}
    return Slash.objects.filter(**{name: value for name, value in conditions.items() if value})
