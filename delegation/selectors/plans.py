"""A plan for an amount on this network: the nodes that it can be spread over, the plan, and its replay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection

from delegation.selectors.positions import positions_of_wallet
from delegation.selectors.what_if import last_settled, replay_over
from postgres.snapshot import snapshot
from protocol.amounts import BPS
from protocol.plan_offers import Candidate, net_rates
from protocol.plans import Plan, all_on, plan
from protocol.projection import YEAR_SECONDS
from staking.models.node_sql import HAS_STATUS, OPERATOR_UNBONDING, PENDING_SLASH
from staking.selectors.estimates import pasts_of_all
from staking.selectors.rankings import latest_id
from staking.services.epochs import OpenEpoch

REPLAYED = 30

# Nodes that accept delegations of the wallet, with their ranks.
OPEN = f"""
SELECT n.id, n.address, n.name, n.operator, n.region, n.custodial, n.delegation_cap - p.tokens, r.rank,
  {OPERATOR_UNBONDING}
FROM staking_node n JOIN staking_pool p ON p.node_id = n.id
LEFT JOIN staking_rankingrow r ON r.node_id = n.id AND r.ranking_id = %(ranking)s
WHERE {HAS_STATUS["active"]} AND NOT {PENDING_SLASH} AND n.operator <> %(wallet)s
"""


@dataclass(frozen=True, slots=True)
class ReplayedEpoch:
    """Rewards of a plan's parts in an epoch and their losses to its slashes, in µIFM."""

    number: int
    earned: int
    lost: int


@dataclass(frozen=True, slots=True)
class Replay:
    """Rewards and losses of a plan over the last settled epochs, in µIFM, from the first one that a part worked in."""

    epochs: tuple[ReplayedEpoch, ...]

    @property
    def earned(self) -> int:
        return sum(epoch.earned for epoch in self.epochs)

    @property
    def lost(self) -> int:
        return sum(epoch.lost for epoch in self.epochs)

    @property
    def net(self) -> int:
        return self.earned - self.lost


class PlanNode(NamedTuple):
    """A node that a plan can use; `unbonding`: its operator's own stake is unbonding (R16)."""

    id: int
    name: str
    unbonding: bool


@dataclass(frozen=True, slots=True)
class PlanFigures:
    """A plan with its nodes by address, and for comparison as much as possible on the first node of the ranking.

    `first` is None when no ranked node accepts a delegation. `least_rate_bps`: what the gravest offence costs on the
    candidate where it costs least, 0 without candidates. `seconds`: the length of an epoch. `window`: the settled
    epochs of the replays, oldest first; a replay begins later where its nodes are younger.
    """

    plan: Plan
    first: Plan | None
    nodes: Mapping[str, PlanNode]
    replay: Replay
    first_replay: Replay | None
    risk_bps: int
    least_rate_bps: int
    seconds: int
    window: tuple[int, ...]

    def apr_bps(self, per_epoch: int, amount: int) -> int | None:
        """The APR of a reward per epoch on an amount, not compounded."""
        return per_epoch * BPS * YEAR_SECONDS // (amount * self.seconds) if amount else None


def plan_for(amount: int, *, risk_bps: int, wallet: str = "", epoch: OpenEpoch) -> PlanFigures:
    """The plan for `amount` µIFM of a wallet ("": of somebody without delegations); a constant number of queries."""
    with snapshot():
        candidates, nodes, first = _candidates(wallet, epoch)
        made = plan(epoch.params, candidates, amount, risk_bps)
        alone = all_on(epoch.params, first, amount) if first else None
        ids = {address: node.id for address, node in nodes.items()}
        settled = last_settled(REPLAYED + 1)
        replays = _replay(made, ids, settled), _replay(alone, ids, settled) if alone else None
    return PlanFigures(
        plan=made,
        first=alone,
        nodes=nodes,
        replay=replays[0],
        first_replay=replays[1],
        risk_bps=risk_bps,
        least_rate_bps=_least_rate(epoch, candidates),
        seconds=epoch.params.epoch_seconds,
        window=settled[1:],
    )


def _least_rate(epoch: OpenEpoch, candidates: Iterable[Candidate]) -> int:
    return min(
        (net_rates(epoch.params, node.custodial)[0] for node in candidates if _has_room(node, epoch)),
        default=0,
    )


def _has_room(node: Candidate, epoch: OpenEpoch) -> bool:
    """Whether the cap leaves room for the smallest delegation."""
    return node.room is None or node.room >= epoch.params.min_amount


def _candidates(
    wallet: str, epoch: OpenEpoch
) -> tuple[list[Candidate], dict[str, PlanNode], Candidate | None]:
    """The nodes that a plan can use, the same by address, and the one with the best rank among those with room."""
    pasts = pasts_of_all(epoch=epoch.number)
    held = {position.node_id: position.value for position in positions_of_wallet(wallet)} if wallet else {}
    with connection.cursor() as cursor:
        cursor.execute(OPEN, {"epoch": epoch.number, "ranking": latest_id(), "wallet": wallet})
        rows = [row for row in cursor.fetchall() if row[0] in pasts]
    candidates, ranks = [], []
    for id_, address, _, operator, region, custodial, room, rank, _ in rows:
        node = Candidate(
            address,
            operator,
            region,
            custodial,
            pasts[id_],
            None if room is None else max(room, 0),
            held.get(id_, 0),
        )
        candidates.append(node)
        if rank is not None and _has_room(node, epoch):
            ranks.append((rank, address, node))
    nodes = {row[1]: PlanNode(row[0], row[2], row[-1]) for row in rows}
    return candidates, nodes, min(ranks)[2] if ranks else None


def _replay(made: Plan, ids: Mapping[str, int], settled: tuple[int, ...]) -> Replay:
    amounts = {ids[part.node.address]: part.amount for part in made.parts}
    earned: dict[int, int] = defaultdict(int)
    lost: dict[int, int] = defaultdict(int)
    for node in replay_over(amounts, settled).values():
        for epoch in node.epochs:
            earned[epoch.number] += epoch.earned
            lost[epoch.number] += epoch.lost
    return Replay(tuple(ReplayedEpoch(number, earned[number], lost[number]) for number in sorted(earned)))
