"""Voting power at a snapshot: the stake at the opening of an epoch (R44)."""

from __future__ import annotations

from django.db import connection

from staking.models import Epoch

POWER = """
SELECT coalesce((
    SELECT sum(e.self_stake) FROM staking_node n
    JOIN staking_nodeepoch e ON e.node_id = n.id AND e.epoch = %(before)s
    WHERE n.operator = %(wallet)s), 0)
  + coalesce((
    SELECT sum(div(c.shares * e.pool_tokens, e.pool_shares))
    FROM (SELECT DISTINCT ON (node_id) node_id, generation, shares FROM staking_stakecheckpoint
          WHERE wallet = %(wallet)s AND epoch <= %(before)s ORDER BY node_id, epoch DESC) c
    JOIN staking_nodeepoch e ON e.node_id = c.node_id AND e.epoch = %(before)s AND e.generation = c.generation
    WHERE e.pool_shares > 0), 0)
"""


def voting_power(wallet: str, *, epoch: int) -> int:
    """Self stake and value of the delegations of a wallet at the opening of `epoch`, in µIFM, floor each (R44)."""
    with connection.cursor() as cursor:
        cursor.execute(POWER, {"wallet": wallet, "before": epoch - 1})
        return int(cursor.fetchone()[0])


def quorum_base(*, epoch: int) -> int:
    """Σ self stake + Σ pool tokens at the opening of `epoch`, in µIFM (R44); reads one row."""
    totals = Epoch.objects.filter(number=epoch - 1).values_list("totals", flat=True).first() or {}
    return int(totals.get("self_stake", 0)) + int(totals.get("pool_tokens", 0))
