"""The list of settlements and the report of one, for pages (R51). µIFM, bps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, Q, Sum

from staking.models import Epoch, NodeEpoch, ParameterSet, Slash

Row = dict[str, Any]

# Orders of the rows of a report; ties go by address, so that pages never overlap.
ORDERINGS = {
    "name": ("node__name", "node__address"),
    "credits": ("credits", "node__address"),
    "q": ("q_bps", "node__address"),
    "reward": ("reward", "node__address"),
}
NODE_FIELDS = (
    "node__address", "node__name", "credits", "bonus_bps", "q_bps", "weight", "reward", "operator_reward",
    "delegators_reward", "honest_reward",
)  # fmt: skip
EXPORT_FIELDS = (
    "node__address", "node__name", "status", "tier", "accepted", "good", "rejected", "sla_bps", "uptime_bps",
    "latency_ms", "latency_percentile_bps", "scarcity_bps", "q_bps", "credits", "weight", "reward",
    "operator_reward", "delegators_reward", "honest_reward", "slashed",
)  # fmt: skip
# Neither counts receipts one by one: the first are counted when they come, of the others one for each node will do.
SO_FAR = """
SELECT (SELECT coalesce(sum(jobs), 0)::bigint FROM staking_demand WHERE epoch = %(epoch)s),
  (SELECT count(*) FROM staking_node n
   WHERE EXISTS (SELECT FROM staking_receipt r WHERE r.epoch = %(epoch)s AND r.node_id = n.id AND r.good)
     OR EXISTS (SELECT FROM staking_receipt r WHERE r.epoch = %(epoch)s AND r.node_id = n.id AND NOT r.good))
"""


@dataclass(frozen=True, slots=True)
class Totals:
    """Over all settled epochs, in µIFM."""

    settled: int
    distributed: int
    burned: int


@dataclass(frozen=True, slots=True)
class TierPart:
    """Rewards of the nodes of one settlement tier in an epoch, in µIFM."""

    tier: int
    nodes: int
    operators: int
    delegators: int


def epochs(*, limit: int, offset: int) -> tuple[list[Epoch], int]:
    """Epochs, newest first, and how many there are."""
    return list(Epoch.objects.order_by("-number")[offset : offset + limit]), Epoch.objects.count()


def recent_settled(count: int) -> list[Epoch]:
    """The last settled epochs, oldest first."""
    return list(Epoch.objects.filter(status=Epoch.Status.SETTLED).order_by("-number")[:count])[::-1]


def totals() -> Totals:
    """Sums over all settled epochs."""
    sums = Epoch.objects.filter(status=Epoch.Status.SETTLED).aggregate(
        settled=Count("number"), distributed=Sum("distributed"), burned=Sum("burned")
    )
    return Totals(sums["settled"], int(sums["distributed"] or 0), int(sums["burned"] or 0))


def epoch(number: int) -> Epoch | None:
    """An epoch with the parameters that it is settled under."""
    return Epoch.objects.select_related("parameters").filter(number=number).first()


def former_parameters(version: int) -> ParameterSet | None:
    """The version before this one."""
    return ParameterSet.objects.filter(version__lt=version).order_by("-version").first()


def former_carry(number: int) -> int:
    """The carry of the epoch before `number`, in µIFM; 0 for the first."""
    carry = Epoch.objects.filter(number=number - 1).values_list("carry", flat=True).first()
    return carry or 0


def node_rows(number: int, *, search: str, ordering: str, limit: int, offset: int) -> tuple[list[Row], int]:
    """Rows of an epoch, one a node, and how many match. `ordering` is a key of ORDERINGS or "-key"."""
    rows = NodeEpoch.objects.filter(epoch=number)
    if search:
        rows = rows.filter(Q(node__name__icontains=search) | Q(node__address__startswith=search.lower()))
    key = ordering.lstrip("-")
    names = [("-" if ordering.startswith("-") else "") + ORDERINGS[key][0], ORDERINGS[key][1]]
    return list(rows.order_by(*names).values(*NODE_FIELDS)[offset : offset + limit]), rows.count()


def export_rows(number: int) -> list[tuple[Any, ...]]:
    """Every node's row of an epoch by address, in the columns of EXPORT_FIELDS."""
    rows = NodeEpoch.objects.filter(epoch=number).order_by("node__address")
    return list(rows.values_list(*EXPORT_FIELDS))


def weight_sum(number: int) -> int:
    """Sum of all weights of an epoch (R39)."""
    return int(NodeEpoch.objects.filter(epoch=number).aggregate(all=Sum("weight"))["all"] or 0)


def tier_parts(number: int) -> list[TierPart]:
    """Rewards of an epoch by settlement tier, tier 0 first; tiers without a node are left out."""
    rows = (
        NodeEpoch.objects.filter(epoch=number)
        .values("tier")
        .order_by("tier")
        .annotate(
            nodes=Count("node_id", filter=Q(reward__gt=0)),
            operators=Sum("operator_reward"),
            delegators=Sum("delegators_reward"),
        )
    )
    return [TierPart(r["tier"], r["nodes"], int(r["operators"]), int(r["delegators"])) for r in rows]


def slashes(number: int) -> list[Slash]:
    """Slashes created or resolved in an epoch, in the order in which they are executed (R34).

    Without their evidence, which may name any number of receipts and is not shown here.
    """
    rows = Slash.objects.filter(Q(epoch=number) | Q(resolved_epoch=number)).select_related("node")
    return list(rows.defer("evidence").order_by("epoch", "node__address", "table_order"))


def slash_leaves(number: int) -> int:
    """The number of nodes that have a `slash` leaf in the epoch's tree (R51)."""
    return NodeEpoch.objects.filter(epoch=number, slashed__gt=0).count()


def so_far(number: int) -> tuple[int, int]:
    """Jobs accepted in an epoch that is not settled, and nodes that had any work in it."""
    with connection.cursor() as cursor:
        cursor.execute(SO_FAR, {"epoch": number})
        accepted, nodes = cursor.fetchone()
        return accepted, nodes


def newest() -> int:
    """The number of the newest epoch; 0 before the network's first start."""
    return Epoch.objects.order_by("-number").values_list("number", flat=True).first() or 0


def current_parameters() -> ParameterSet | None:
    """The version of the newest epoch; None before the network's first start."""
    newest = Epoch.objects.select_related("parameters").order_by("-number").first()
    return newest.parameters if newest else None
