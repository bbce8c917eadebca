"""Voting power at a snapshot: the stake at the opening of an epoch (R44)."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from staking.models import Epoch

# Common table expressions: from `wallets` (wallet, epoch) to `powers` (wallet, epoch, power), at the opening of each
# epoch. One scan for any number of wallets.
POWERS = """
own AS (
    SELECT w.wallet, w.epoch, sum(e.self_stake - e.late_stake) AS power FROM wallets w
    JOIN staking_node n ON n.operator = w.wallet
    JOIN staking_nodeepoch e ON e.node_id = n.id AND e.epoch = w.epoch - 1 GROUP BY w.wallet, w.epoch),
held AS (
    SELECT DISTINCT ON (w.wallet, w.epoch, c.node_id) w.wallet, w.epoch, c.node_id, c.generation, c.shares
    FROM wallets w JOIN staking_stakecheckpoint c ON c.wallet = w.wallet AND c.epoch < w.epoch
    ORDER BY w.wallet, w.epoch, c.node_id, c.epoch DESC),
delegated AS (
    SELECT h.wallet, h.epoch, sum(div(h.shares * e.pool_tokens, e.pool_shares)) AS power FROM held h
    JOIN staking_nodeepoch e ON e.node_id = h.node_id AND e.epoch = h.epoch - 1 AND e.generation = h.generation
    WHERE e.pool_shares > 0 GROUP BY h.wallet, h.epoch),
powers AS (
    SELECT w.wallet, w.epoch, coalesce(o.power, 0) + coalesce(d.power, 0) AS power FROM wallets w
    LEFT JOIN own o ON o.wallet = w.wallet AND o.epoch = w.epoch
    LEFT JOIN delegated d ON d.wallet = w.wallet AND d.epoch = w.epoch)
"""
POWER = f"""
WITH wallets AS (SELECT %(wallet)s::varchar AS wallet, unnest(%(epochs)s::integer[]) AS epoch), {POWERS}
SELECT epoch, power FROM powers
"""


def voting_power(wallet: str, *, epoch: int) -> int:
    """Self stake and value of the delegations of a wallet at the opening of `epoch`, in µIFM, floor each (R44)."""
    return voting_powers(wallet, epochs=[epoch])[epoch]


def voting_powers(wallet: str, *, epochs: Iterable[int]) -> dict[int, int]:
    """The power of a wallet at the opening of each of these epochs, in µIFM (R44); one query, none without epochs."""
    if not (wanted := sorted(set(epochs))):
        return {}
    with connection.cursor() as cursor:
        cursor.execute(POWER, {"wallet": wallet, "epochs": wanted})
        return {epoch: int(power) for epoch, power in cursor.fetchall()}


def quorum_base(*, epoch: int) -> int:
    """Σ self stake + Σ pool tokens at the opening of `epoch`, in µIFM (R44); reads one row.

    Without the stake that counts as made in that epoch or later (R13).
    """
    totals = Epoch.objects.filter(number=epoch - 1).values_list("totals", flat=True).first() or {}
    stake = int(totals.get("self_stake", 0)) + int(totals.get("pool_tokens", 0))
    return stake - int(totals.get("late", 0))
