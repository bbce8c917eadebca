"""Records of a node's last epochs: figures, ranks, stake flows, slashes and share changes."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from ledger import accounts
from ledger.selectors import amounts_by_key
from staking.incidents import EpochRecord, Incident, Place, StakeFlow, incidents_of, stake_flow
from staking.models import Node, NodeEpoch, Ranking, RankingRow, ShareChange, Slash

RECORDED = (
    "epoch", "status", "accepted", "good", "dropped", "mismatched", "invalid", "forged", "sla_bps", "uptime_bps",
    "degraded", "q_bps", "q_latency", "q_uptime", "q_stake", "q_scarcity", "q_sla", "share_bps", "self_stake",
    "pool_tokens",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NodeHistory:
    """The last epochs of a node, oldest first: a flow for each record; slashes, changes and incidents within them."""

    records: tuple[EpochRecord, ...]
    flows: tuple[StakeFlow, ...]
    incidents: tuple[Incident, ...]
    slashes: tuple[Slash, ...]
    share_changes: tuple[ShareChange, ...]


def node_history(node: Node, *, epochs: int) -> NodeHistory:
    """The history of the last `epochs` settled epochs; a constant number of queries."""
    # One more, to compare the first with; the first epoch of a node starts from nothing.
    rows = list(NodeEpoch.objects.filter(node_id=node.id).order_by("-epoch").values(*RECORDED)[: epochs + 1])[
        ::-1
    ]
    if not rows:
        return NodeHistory((), (), (), (), ())
    first, last = rows[0]["epoch"], rows[-1]["epoch"]
    slashes = _slashes(node, first, last)
    places = _places(node, first, last)
    ranked = set(Ranking.objects.filter(epoch__range=(first, last)).values_list("epoch", flat=True))
    losses = _losses(node, slashes)
    records = [
        EpochRecord(
            **row, place=places.get(row["epoch"]), ranked=row["epoch"] in ranked,
            own_slashed=losses.get(row["epoch"], (0, 0))[0], pool_slashed=losses.get(row["epoch"], (0, 0))[1],
        )
        for row in rows
    ]  # fmt: skip
    flows = [stake_flow(old, new) for old, new in zip([None, *records], records, strict=False)]
    return NodeHistory(
        records=tuple(records[-epochs:]),
        flows=tuple(flows[-epochs:]),
        incidents=tuple(incidents_of(records)),
        slashes=slashes,
        share_changes=tuple(
            ShareChange.objects.filter(node_id=node.id, from_epoch__gt=first, from_epoch__lte=last).order_by(
                "from_epoch"
            )
        ),
    )


def _places(node: Node, first: int, last: int) -> dict[int, Place]:
    """The node's row in the last ranking of each epoch, by epoch."""
    rows = (
        RankingRow.objects.filter(node_id=node.id, ranking__epoch__range=(first, last))
        .order_by("ranking__epoch", "-ranking_id")
        .distinct("ranking__epoch")
        .values_list(
            "ranking__epoch", "rank", "ranking__nodes", "score_bps", "q_bps", "penalty_bps", "degraded"
        )
    )
    return {row[0]: Place(*row[1:]) for row in rows}


def _slashes(node: Node, first: int, last: int) -> tuple[Slash, ...]:
    """Slashes created or decided in the epochs, without their evidence, oldest first."""
    within = Q(epoch__range=(first, last)) | Q(resolved_epoch__range=(first, last))
    return tuple(
        Slash.objects.filter(within, node_id=node.id).defer("evidence").order_by("epoch", "table_order")
    )


def _losses(node: Node, slashes: tuple[Slash, ...]) -> dict[int, tuple[int, int]]:
    """µIFM that executed slashes took from the node's own stake and from its pool, by the epoch of the settlement."""
    executed = {f"slash:{slash.pk}": slash for slash in slashes if slash.status == Slash.Status.EXECUTED}
    own, pool = accounts.stake(node.address), accounts.pool(node.address)
    posted = amounts_by_key(executed, (own, pool))
    losses: dict[int, tuple[int, int]] = {}
    for key, slash in executed.items():
        assert slash.resolved_epoch is not None
        former = losses.get(slash.resolved_epoch, (0, 0))
        losses[slash.resolved_epoch] = (
            former[0] - posted.get((key, own), 0), former[1] - posted.get((key, pool), 0),
        )  # fmt: skip
    return losses
