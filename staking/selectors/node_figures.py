"""One node in figures: its status now, its stake now, and how it did by the latest ranking."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from postgres.batched_reads import batched_reads
from protocol import tiers
from protocol.pools import value_of
from staking.models.commitment_sql import BREACHES
from staking.models.node_sql import OPERATOR_UNBONDING, PENDING_SLASH, SHARE, STATUS
from staking.services.epochs import OpenEpoch

REWARD_EPOCHS = 12

# By the ranking; a node outside of it by its last settled epoch; one that has neither starts at 10,000 bps.
FIGURES = f"""
SELECT n.id, n.address, n.name, n.operator, n.region, n.hardware, n.signing_key, n.custodial, n.registered_at,
  n.registered_epoch, n.retired_at, n.cooldown_until,
  {STATUS} AS status,
  {PENDING_SLASH} AS pending_slash,
  EXISTS (SELECT FROM staking_slash s
    WHERE s.node_id = n.id AND s.ban AND s.status IN ('pending', 'disputed')) AS ban_pending,
  {OPERATOR_UNBONDING} AS operator_unbonding,
  n.self_stake, p.tokens AS delegated,
  staking_pending_in(n.pending_stake, n.pending_epoch, n.pending_parts, %(epoch)s)::bigint AS pending_self,
  staking_pending_in(p.pending_shares, p.pending_epoch, p.pending_parts, %(epoch)s) AS pending_shares,
  p.shares AS pool_shares,
  coalesce((SELECT sum(b.tokens) FROM staking_bucket b WHERE b.node_id = n.id AND b.tokens > 0), 0)::bigint
    AS unbonding,
  n.delegation_cap,
  {SHARE} AS delegator_share_bps,
  CASE WHEN n.next_share_epoch > %(epoch)s THEN n.next_share_bps END AS next_share_bps,
  CASE WHEN n.next_share_epoch > %(epoch)s THEN n.next_share_epoch END AS next_share_epoch,
  r.rank, r.movement, coalesce(r.live, false) AS live,
  coalesce(r.score_bps, e.q_bps * (10000 - e.penalty_bps) / 10000, 10000) AS score_bps,
  coalesce(r.penalty_bps, e.penalty_bps, 0) AS penalty_bps,
  coalesce(r.degraded, e.degraded, false) AS degraded,
  coalesce(r.q_bps, e.q_bps, 10000) AS q_bps,
  coalesce(r.q_latency, e.q_latency, 0) AS q_latency, coalesce(r.q_uptime, e.q_uptime, 0) AS q_uptime,
  coalesce(r.q_stake, e.q_stake, 0) AS q_stake, coalesce(r.q_scarcity, e.q_scarcity, 0) AS q_scarcity,
  coalesce(r.q_sla, e.q_sla, 10000) AS q_sla,
  coalesce(r.accepted, e.accepted, 0) AS accepted,
  CASE WHEN r.rank IS NULL OR NOT r.live THEN e.good END AS good,
  CASE WHEN r.rank IS NULL THEN e.sla_bps ELSE r.sla_bps END AS sla_bps,
  coalesce(r.uptime_bps, e.uptime_bps, 10000) AS uptime_bps,
  CASE WHEN r.rank IS NULL THEN e.latency_ms ELSE r.latency_ms END AS latency_ms,
  coalesce(r.latency_percentile_bps, e.latency_percentile_bps, 0) AS latency_percentile_bps,
  coalesce(e.scarcity_bps, 0) AS scarcity_bps,
  coalesce(e.reputation, 500) AS reputation,
  r.apr_bps AS estimated_apr_bps,
  c.id AS commitment, c.from_epoch AS committed_from, c.minimum_share_bps, c.notice_epochs, c.maximum_delegated
FROM unnest(%(ids)s::int[]) WITH ORDINALITY AS listed(id, place)
JOIN staking_node n ON n.id = listed.id
JOIN staking_pool p ON p.node_id = n.id
LEFT JOIN staking_rankingrow r ON r.node_id = n.id AND r.ranking_id = %(ranking)s
LEFT JOIN staking_nodeepoch e ON e.node_id = n.id AND e.epoch = %(epoch)s - 1
LEFT JOIN staking_commitment c ON c.node_id = n.id AND c.ends_epoch IS NULL
ORDER BY listed.place
"""
REWARDS = """
SELECT node_id, array_agg(reward ORDER BY epoch) FROM staking_nodeepoch
WHERE node_id = ANY(%(ids)s::int[]) AND epoch >= %(epoch)s - %(epochs)s AND epoch < %(epoch)s GROUP BY node_id
"""
BROKEN = f"SELECT DISTINCT commitment FROM ({BREACHES}) b WHERE b.commitment = ANY(%(ids)s::bigint[])"


@dataclass(frozen=True, slots=True)
class CommitmentFigures:
    """The commitment of a node that is not withdrawn; what is None is not promised. Shares in bps, stake in µIFM."""

    id: int
    minimum_share_bps: int | None
    notice_epochs: int | None
    maximum_delegated: int | None
    from_epoch: int
    kept: bool


@dataclass(frozen=True, slots=True)
class NodeFigures:
    """A node as lists and its page show it: µIFM, bps, ms.

    Stake, status and tier are those of this moment. `rank` is None when the latest ranking does not hold the
    node. Q and its terms, score, SLA, uptime and latency are by the latest ranking in lists, by the window of
    R49 for a single node; `live` says that the window is the open epoch so far. `good` is None where only
    the accepted jobs are known. `estimated_apr_bps` is what delegators earned in the last 30 epochs over
    what they had at work, as a year's worth, not compounded (None: nothing yet). `rewards` are those of the
    last REWARD_EPOCHS epochs, oldest first.
    """

    id: int
    address: str
    name: str
    operator: str
    region: str
    hardware: dict[str, Any]
    signing_key: str
    custodial: bool
    registered_at: datetime
    registered_epoch: int
    retired_at: datetime | None
    cooldown_until: int
    status: str
    pending_slash: bool
    ban_pending: bool
    operator_unbonding: bool
    self_stake: int
    delegated: int
    pending_self: int
    pending_delegated: int
    unbonding: int
    delegation_cap: int | None
    delegator_share_bps: int
    next_share_bps: int | None
    next_share_epoch: int | None
    rank: int | None
    movement: int | None
    live: bool
    score_bps: int
    penalty_bps: int
    degraded: bool
    q_bps: int
    q_latency: int
    q_uptime: int
    q_stake: int
    q_scarcity: int
    q_sla: int
    accepted: int
    good: int | None
    sla_bps: int | None
    uptime_bps: int
    latency_ms: int | None
    latency_percentile_bps: int
    scarcity_bps: int
    reputation: int
    estimated_apr_bps: int | None
    tier: int
    least_room: int
    commitment: CommitmentFigures | None = None
    rewards: tuple[int, ...] = ()

    @property
    def effective_stake(self) -> int:
        """Self stake and delegated tokens, both bonded, in µIFM (R6)."""
        return self.self_stake + self.delegated

    @property
    def pending_stake(self) -> int:
        """The part of the effective stake that earns only from the next epoch on, in µIFM (R13)."""
        return self.pending_self + self.pending_delegated

    @property
    def delegation_room(self) -> int | None:
        """µIFM that can still be delegated under the cap; None without a cap (R12)."""
        return None if self.delegation_cap is None else max(self.delegation_cap - self.delegated, 0)

    @property
    def can_delegate(self) -> bool:
        """True if the node takes a delegation of the smallest amount now (R12)."""
        room = self.delegation_room
        roomy = room is None or room >= self.least_room
        return self.status == "active" and not self.pending_slash and roomy


def read_figures(
    ids: Sequence[int], *, epoch: OpenEpoch, ranking: int | None, rewards: bool = True
) -> list[NodeFigures]:
    """The nodes with these ids, in this order, by a ranking (None: there is none yet). Two queries, and a third
    when one of them has a commitment.

    Without `rewards` those of former epochs are left empty, and their query is spared.
    """
    if not ids:
        return []
    values: dict[str, Any] = {"ids": list(ids), "epoch": epoch.number, "ranking": ranking}
    with batched_reads() as reads:
        former = reads.submit(_rewards, values if rewards else None)
        current = reads.submit(_rows, values)
    rows, broken = current.result()
    return [_figures(row, former.result(), broken, epoch) for row in rows]


def _rewards(values: dict[str, Any] | None) -> dict[int, list[int]]:
    if values is None:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(REWARDS, values | {"epochs": REWARD_EPOCHS})
        return dict(cursor.fetchall())


def _rows(values: dict[str, Any]) -> tuple[list[dict[str, Any]], set[int]]:
    """The rows of FIGURES by column, and which of their commitments are broken."""
    with connection.cursor() as cursor:
        cursor.execute(FIGURES, values)
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        promised = [row["commitment"] for row in rows if row["commitment"] is not None]
        if not promised:
            return rows, set()
        cursor.execute(BROKEN, {"ids": promised})
        return rows, {commitment for (commitment,) in cursor.fetchall()}


def _figures(
    row: dict[str, Any], rewards: dict[int, list[int]], broken: set[int], epoch: OpenEpoch
) -> NodeFigures:
    pending, shares = int(row.pop("pending_shares")), int(row.pop("pool_shares"))
    hardware = json.loads(row.pop("hardware"))  # Django leaves JSON of raw queries as text.
    commitment = _commitment(row, broken)
    return NodeFigures(
        **row,
        commitment=commitment,
        hardware=hardware,
        pending_delegated=value_of(pending, row["delegated"], shares),
        tier=tiers.tier_of(epoch.params, row["self_stake"] + row["delegated"]),
        least_room=epoch.params.min_amount,
        rewards=tuple(rewards.get(row["id"], ())),
    )


def _commitment(row: dict[str, Any], broken: set[int]) -> CommitmentFigures | None:
    """Take the columns of the commitment out of a row."""
    id_, from_epoch = row.pop("commitment"), row.pop("committed_from")
    terms = {name: row.pop(name) for name in ("minimum_share_bps", "notice_epochs", "maximum_delegated")}
    return (
        None
        if id_ is None
        else CommitmentFigures(id_, **terms, from_epoch=from_epoch, kept=id_ not in broken)
    )
