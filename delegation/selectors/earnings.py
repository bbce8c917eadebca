"""A wallet's earnings on each node in each past epoch, with their causes (R42).

Nothing is kept for it: a delegator's earnings are its active shares of the epoch (from its stake
checkpoints) times the movement of the pool's reward index, an operator's are the row of the epoch. So the
sum over all epochs equals what was claimed and can be claimed, to the µIFM.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

WHY = """
  e.tier, e.bonus_bps, e.q_bps, e.q_latency, e.q_uptime, e.q_stake, e.q_scarcity, e.q_sla, e.share_bps, e.reward,
  e.operator_reward, e.delegators_reward, e.honest_reward, e.weight, e.active_stake, e.active_pool,
  e.active_shares, z.pool
"""

# A checkpoint holds from its epoch until the next one; in its own epoch `active` earned, later all shares
# did, but nothing after the epoch in which a slash made their generation void.
DELEGATOR = """
WITH mine AS (
  SELECT c.node_id, c.epoch, c.active, c.shares, g.epoch AS void_epoch,
    lead(c.epoch) OVER (PARTITION BY c.node_id ORDER BY c.epoch) AS until
  FROM staking_stakecheckpoint c
  LEFT JOIN staking_voidgeneration g ON g.node_id = c.node_id AND g.generation = c.generation
  WHERE c.wallet = %(wallet)s AND (%(node)s::int IS NULL OR c.node_id = %(node)s)
), earned AS (
  SELECT e.node_id, e.epoch, s.active, s.active * (e.reward_index - coalesce(b.reward_index, 0)) AS scaled
  FROM mine m
  JOIN staking_nodeepoch e
    ON e.node_id = m.node_id AND e.epoch >= m.epoch AND (m.until IS NULL OR e.epoch < m.until)
  LEFT JOIN staking_nodeepoch b ON b.node_id = e.node_id AND b.epoch = e.epoch - 1
  CROSS JOIN LATERAL (SELECT CASE WHEN e.epoch > m.void_epoch THEN 0
    WHEN e.epoch = m.epoch THEN m.active ELSE m.shares END AS active) s
  WHERE s.active > 0
), ever AS (
  SELECT node_id, epoch, active, scaled, sum(scaled) OVER (PARTITION BY node_id ORDER BY epoch) AS owed
  FROM earned
)
SELECT 'delegator' AS role, node_id, epoch, active,
  div(owed, 1000000000000000000) - div(owed - scaled, 1000000000000000000) AS amount FROM ever
"""
OPERATOR = """
SELECT 'operator' AS role, n.id AS node_id, e.epoch, e.active_stake::numeric AS active,
  (e.operator_reward + e.honest_operator)::numeric AS amount
FROM staking_node n JOIN staking_nodeepoch e ON e.node_id = n.id
WHERE n.operator = %(wallet)s AND (%(node)s::int IS NULL OR n.id = %(node)s)
  AND e.operator_reward + e.honest_operator > 0
"""
BOTH = f"({DELEGATOR}) UNION ALL ({OPERATOR})"

LIST = f"""
SELECT x.role, n.address, n.name, x.epoch, x.active, x.amount, z."end", {WHY}
FROM ({BOTH}) x
JOIN staking_node n ON n.id = x.node_id
JOIN staking_nodeepoch e ON e.node_id = x.node_id AND e.epoch = x.epoch
JOIN staking_epoch z ON z.number = x.epoch
WHERE x.amount > 0 AND x.epoch >= %(first)s AND x.epoch <= %(last)s AND (%(after_epoch)s::int IS NULL
  OR x.epoch < %(after_epoch)s OR (x.epoch = %(after_epoch)s AND (n.address > %(after_node)s
    OR (n.address = %(after_node)s AND x.role < %(after_role)s))))
ORDER BY x.epoch DESC, n.address, x.role DESC LIMIT %(limit)s OFFSET %(offset)s
"""
TOTALS = f"""
SELECT n.address, n.name, x.role, sum(x.amount), min(x.epoch), max(x.epoch)
FROM ({BOTH}) x JOIN staking_node n ON n.id = x.node_id
WHERE x.amount > 0 AND x.epoch >= %(first)s AND x.epoch <= %(last)s
GROUP BY n.address, n.name, x.role ORDER BY n.address, x.role DESC
"""
BY_EPOCH = f"""
SELECT x.epoch, n.address, n.name, x.role, sum(x.amount)
FROM ({BOTH}) x JOIN staking_node n ON n.id = x.node_id
WHERE x.amount > 0 AND x.epoch >= %(first)s AND x.epoch <= %(last)s
GROUP BY x.epoch, n.address, n.name, x.role ORDER BY x.epoch, n.address, x.role DESC
"""
EVER = 2**31 - 1
REASONS = tuple(column.split(".")[1] for column in WHY.replace(",", " ").split())


@dataclass(frozen=True, slots=True)
class Why:
    """The causes of an amount: the node's row of the epoch. Amounts in µIFM, ratios in bps, shares in shares.

    `pool`: what the network shared out; `active` of `active_shares`: the wallet's part of the node's pool
    (of an operator: its active stake).
    """

    tier: int
    bonus_bps: int
    q_bps: int
    q_latency: int
    q_uptime: int
    q_stake: int
    q_scarcity: int
    q_sla: int
    share_bps: int
    reward: int
    operator_reward: int
    delegators_reward: int
    honest_reward: int
    weight: int
    active_stake: int
    active_pool: int
    active_shares: int
    pool: int
    active: int

    @property
    def pool_share_bps(self) -> int:
        """The wallet's part of the node's active pool, floor."""
        return self.active * 10_000 // self.active_shares if self.active_shares else 0


@dataclass(frozen=True, slots=True)
class Earning:
    """Earnings of a wallet on a node in an epoch that ended at `epoch_end`, in µIFM, as operator or as delegator."""

    role: str
    node: str
    name: str
    epoch: int
    epoch_end: datetime
    amount: int
    why: Why


@dataclass(frozen=True, slots=True)
class EarnedOn:
    """A wallet's earnings on a node in a range of epochs, in µIFM."""

    node: str
    name: str
    role: str
    amount: int
    first_epoch: int
    last_epoch: int


@dataclass(frozen=True, slots=True)
class EarnedIn:
    """Earnings of a wallet on a node in an epoch, in µIFM, without their causes."""

    epoch: int
    node: str
    name: str
    role: str
    amount: int


def earnings(
    wallet: str,
    *,
    first: int = 1,
    last: int = EVER,
    node_id: int | None = None,
    limit: int,
    offset: int = 0,
    after: tuple[int, str, str] | None = None,
) -> list[Earning]:
    """A page of what the wallet earned per node and epoch from `first` to `last`, newest first; one query.

    `after`: only what follows this epoch, node address and role in the list.
    """
    epoch, node, role = after or (None, None, None)
    place = {"after_epoch": epoch, "after_node": node, "after_role": role}
    rows = _read(LIST, wallet, first, last, node_id, limit=limit, offset=offset, **place)
    return [_earning(row) for row in rows]


def earned_on(wallet: str, *, first: int = 1, last: int = EVER, node_id: int | None = None) -> list[EarnedOn]:
    """The sums per node and role; over all epochs they equal claimed + claimable, to the µIFM (R42)."""
    rows = _read(TOTALS, wallet, first, last, node_id)
    return [
        EarnedOn(node, name, role, int(amount), first_epoch, last_epoch)
        for node, name, role, amount, first_epoch, last_epoch in rows
    ]


def earned_by_epoch(wallet: str, *, first: int, last: int, node_id: int | None = None) -> list[EarnedIn]:
    """For charts: the amounts per epoch, node and role, the oldest first."""
    rows = _read(BY_EPOCH, wallet, first, last, node_id)
    return [EarnedIn(epoch, node, name, role, int(amount)) for epoch, node, name, role, amount in rows]


def _read(
    query: str, wallet: str, first: int, last: int, node_id: int | None, **values: Any
) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, {"wallet": wallet, "first": first, "last": last, "node": node_id, **values})
        return list(cursor.fetchall())


def _earning(row: tuple[Any, ...]) -> Earning:
    role, node, name, epoch, active, amount, epoch_end, *why = row
    reasons = dict(zip(REASONS, (int(value) for value in why), strict=True))
    return Earning(role, node, name, epoch, epoch_end, int(amount), Why(**reasons, active=int(active)))
