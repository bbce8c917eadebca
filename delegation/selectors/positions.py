"""Positions in pools: value, pending stake, claimable earnings (R14, R42)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from delegation.models import Position
from delegation.selectors.losses import LOST
from delegation.selectors.owed import JOINS, OWED, PENDING
from protocol import pools
from staking.services.epochs import open_epoch

POSITIONS = f"""
SELECT n.id, n.address, n.name, n.region, n.operator, x.wallet, x.shares, {PENDING},
  CASE WHEN x.generation = p.generation THEN p.tokens ELSE 0 END, p.shares, {OWED},
  x.claimed, x.cost, {LOST}, x.opened_epoch, x.redelegated_at, g.slash_id,
  ARRAY(SELECT s.id FROM staking_slash s
        WHERE s.node_id = n.id AND s.status IN ('pending', 'disputed') AND x.shares > 0
          AND x.generation = p.generation ORDER BY s.id)
FROM {{rows}} x
JOIN staking_node n ON n.id = x.node_id
JOIN staking_pool p ON p.node_id = x.node_id
LEFT JOIN staking_nodeepoch e ON e.node_id = x.node_id AND e.epoch = %(open)s - 1
{JOINS}
WHERE {{whose}}
"""
# Delegations to one node with a value of at least 1 µIFM (R14).
WORTH = """
delegation_position x JOIN staking_pool p ON p.node_id = x.node_id AND p.generation = x.generation
WHERE x.node_id = %(node)s AND x.shares > 0 AND x.shares * p.tokens >= p.shares
"""


@dataclass(frozen=True, slots=True)
class PositionFigures:
    """A wallet's delegation to a node; amounts in µIFM.

    `value` includes `pending`, which earns from the next epoch on. `liable_slashes` are those that can still
    reach it; `voided_by` is the slash that left nothing of it (R14). `cost`: what went into the pool for it less what
    came out again; `lost`: what slashes took from it, less what they gave back. Over all time cost = value + lost, but
    for the roundings of a µIFM each.
    """

    node_id: int
    node: str
    name: str
    region: str
    operator: str
    wallet: str
    shares: int
    value: int
    pending: int
    claimable: int
    claimed: int
    cost: int
    lost: int
    opened_epoch: int
    redelegated_at: datetime | None
    voided_by: int | None
    liable_slashes: tuple[int, ...]

    @property
    def active(self) -> int:
        """The part that earns in the open epoch."""
        return self.value - self.pending

    @property
    def is_over(self) -> bool:
        """True if it is not listed any more: worth 0 and without earnings to claim."""
        return not self.value and not self.claimable

    @property
    def earned(self) -> int:
        """All that it ever earned: claimed and claimable."""
        return self.claimed + self.claimable


def positions_of_wallet(wallet: str) -> list[PositionFigures]:
    """All delegations the wallet ever had, by node address; two queries."""
    return _read("x.wallet = %(wallet)s ORDER BY n.address", wallet=wallet)


def ids_on_node(node_id: int) -> list[int]:
    """The ids of the positions of the node's delegators, the largest first; one query."""
    held = Position.objects.filter(node_id=node_id, shares__gt=0)
    return list(held.order_by("-generation", "-shares", "wallet").values_list("id", flat=True))


def positions_by_id(node_id: int, ids: Sequence[int]) -> list[PositionFigures]:
    """The positions on the node with these ids that are not over, in this order; two queries."""
    order = "array_position(%(ids)s::bigint[], x.id)"
    where = "x.node_id = %(node)s AND x.id = ANY(%(ids)s::bigint[]) AND x.shares > 0"
    positions = _read(f"{where} ORDER BY {order}", node=node_id, ids=list(ids))
    return [position for position in positions if not position.is_over]


def positions_on_node(node_id: int, *, limit: int, offset: int) -> list[PositionFigures]:
    """A page of the node's delegations that are worth something, the largest first; two queries."""
    order = "x.shares DESC, x.wallet"
    # The page is cut before anything is joined to it.
    rows = f"(SELECT x.* FROM {WORTH} ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s)"
    return _read(f"true ORDER BY {order}", rows=rows, node=node_id, limit=limit, offset=offset)


def position_of(wallet: str, node_id: int) -> PositionFigures | None:
    """The wallet's delegation to one node, None when it never had one."""
    rows = _read("x.wallet = %(wallet)s AND x.node_id = %(node)s", wallet=wallet, node=node_id)
    return rows[0] if rows else None


def count_on_node(node_id: int) -> int:
    """The number of delegations to the node that are worth more than 0."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {WORTH}", {"node": node_id})
        return int(cursor.fetchone()[0])


def _read(whose: str, *, rows: str = "delegation_position", **values: Any) -> list[PositionFigures]:
    epoch = open_epoch()
    if epoch is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(POSITIONS.format(rows=rows, whose=whose), {"open": epoch.number, **values})
        return [_figures(row) for row in cursor.fetchall()]


def _figures(row: tuple[Any, ...]) -> PositionFigures:
    (
        node_id, node, name, region, operator, wallet, shares, pending_shares, tokens, pool_shares, owed,
        claimed, cost, lost, opened_epoch, redelegated_at, voided_by, slashes,
    ) = row  # fmt: skip
    value = pools.value_of(int(shares), tokens, int(pool_shares))
    return PositionFigures(
        node_id=node_id,
        node=node,
        name=name,
        region=region,
        operator=operator,
        wallet=wallet,
        shares=int(shares),
        value=value,
        # What is active is rounded down, so that value = active + pending to the µIFM.
        pending=value - pools.value_of(int(shares) - int(pending_shares), tokens, int(pool_shares)),
        claimable=pools.claimable(int(owed)),
        claimed=claimed,
        cost=cost,
        lost=int(lost),
        opened_epoch=opened_epoch,
        redelegated_at=redelegated_at,
        voided_by=voided_by,
        liable_slashes=tuple(slashes),
    )
