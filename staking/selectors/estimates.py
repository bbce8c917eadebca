"""The inputs of estimates, and the APR of an amount on every node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from protocol.amounts import MICRO
from protocol.projection import Past, project
from staking.models import Epoch
from staking.models.node_sql import share_in
from staking.services.epochs import OpenEpoch
from web.versioned_cache import VersionedCache

WINDOW = 30
# µIFM for which a first delegation is estimated when the reader names no amount.
FIRST_DELEGATION = 1_000 * MICRO
# Amounts whose APRs are cached: readers type any.
CACHED_AMOUNTS = 8

# Sums of a node's settled epochs in the window, and its row of the last one.
SETTLED = """
SELECT e.node_id, count(*), sum(e.reward) AS reward, sum(p.distributed) AS distributed,
  sum(e.honest_reward - e.honest_operator) AS slash_income,
  l.bonus_bps, l.q_bps, l.q_stake, 10000 + l.q_latency + l.q_uptime + l.q_stake + l.q_scarcity AS q_raw,
  l.q_sla, l.degraded
FROM staking_nodeepoch e JOIN staking_epoch p ON p.number = e.epoch
JOIN staking_nodeepoch l ON l.node_id = e.node_id AND l.epoch = %(open)s - 1
WHERE e.epoch >= %(open)s - %(window)s AND e.epoch < %(open)s AND {nodes}
GROUP BY e.node_id, l.epoch, l.node_id, l.bonus_bps, l.q_bps, l.q_stake, l.q_latency, l.q_uptime, l.q_scarcity, l.q_sla,
  l.degraded
"""
# With stake and the delegator share of the next epoch, for some nodes.
SHARE = share_in("%(open)s + 1")
PASTS = f"""
SELECT s.*, n.self_stake, p.tokens, {SHARE}
FROM ({SETTLED.format(nodes="e.node_id = ANY(%(nodes)s::int[])")}) s
JOIN staking_node n ON n.id = s.node_id JOIN staking_pool p ON p.node_id = s.node_id
"""
STAKE = f"""
SELECT n.id, n.self_stake, p.tokens, {SHARE}
FROM staking_node n JOIN staking_pool p ON p.node_id = n.id WHERE NOT n.banned AND n.retired_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class SettledPast:
    """The part of a Past that settlements decide: means per epoch in µIFM, bonus, Q and its terms in bps."""

    reward: int
    distributed: int
    slash_income: int
    bonus_bps: int
    q_bps: int
    q_stake: int
    q_raw: int
    q_sla: int
    degraded: bool

    def with_stake(self, self_stake: int, pool: int, share_bps: int) -> Past:
        """The whole, with µIFM staked and delegated and the delegator share."""
        return Past(
            self.reward, self.distributed, self.slash_income, self.bonus_bps, self.q_bps, self.q_stake, self.q_raw,
            self.q_sla, self.degraded, self_stake, pool, share_bps,
        )  # fmt: skip


_aprs: VersionedCache[Mapping[int, int]] = VersionedCache(CACHED_AMOUNTS)


class _Settled:
    """The settled part of all nodes: it changes with a settlement only, and reading it costs a row for each node and
    epoch of the window."""

    key: tuple[Any, ...] = ()
    pasts: Mapping[int, SettledPast] = {}


def pasts_of(node_ids: Sequence[int], *, epoch: int) -> dict[int, Past]:
    """The inputs of estimates for these nodes, without nodes that have no settled epoch. One query."""
    with connection.cursor() as cursor:
        cursor.execute(PASTS, {"open": epoch, "window": WINDOW, "nodes": list(node_ids)})
        return {
            id_: _past(*settled).with_stake(self_stake, pool, share_bps)
            for id_, *settled, self_stake, pool, share_bps in cursor.fetchall()
        }


def pasts_of_all(*, epoch: int) -> dict[int, Past]:
    """The records that estimates start from, of all nodes with a settled epoch that are not banned or retired.

    Two queries, three after a settlement.
    """
    settled = _all_settled(epoch)
    with connection.cursor() as cursor:
        cursor.execute(STAKE, {"open": epoch})
        rows = cursor.fetchall()
    return {id_: settled[id_].with_stake(*stake) for id_, *stake in rows if id_ in settled}


def aprs_of_amount(amount: int, *, epoch: OpenEpoch) -> Mapping[int, int]:
    """The estimated APR in bps of `amount` µIFM on each node with a settled epoch that is not banned or retired.

    Three queries at most, cached.
    """
    return _aprs.get((epoch.number, amount), lambda: _aprs_of(amount, epoch))


def _aprs_of(amount: int, epoch: OpenEpoch) -> dict[int, int]:
    pasts = pasts_of_all(epoch=epoch.number)
    aprs = {id_: project(epoch.params, past, held=0, amount=amount).apr_bps for id_, past in pasts.items()}
    return {id_: apr for id_, apr in aprs.items() if apr is not None}


def _all_settled(epoch: int) -> Mapping[int, SettledPast]:
    last = (
        Epoch.objects.filter(number=epoch - 1).values_list("merkle_root", "plan_hash", "settled_at").first()
    )
    key = (epoch, last)
    if _Settled.key != key:
        pasts = _settled(epoch)
        _Settled.pasts, _Settled.key = pasts, key
    return _Settled.pasts


def _settled(epoch: int) -> dict[int, SettledPast]:
    with connection.cursor() as cursor:
        cursor.execute(SETTLED.format(nodes="true"), {"open": epoch, "window": WINDOW})
        return {row[0]: _past(*row[1:]) for row in cursor.fetchall()}


def _past(count: int, reward: Any, distributed: Any, slash_income: Any, *terms: Any) -> SettledPast:
    return SettledPast(int(reward) // count, int(distributed) // count, int(slash_income) // count, *terms)
