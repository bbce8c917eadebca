"""The ranking of all active nodes (R49)."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, connection, transaction

from protocol.scheduling import rank_key
from staking.measurement.live import Live, figures
from staking.models import Epoch, Ranking
from staking.services.epochs import lock_open_epoch

APR_EPOCHS = 30
YEAR_SECONDS = 31_536_000

# Delegators' earnings of the last epochs over what they had at work in them, a year's worth, not compounded; where
# next to nothing was at work, the most that the column holds.
APR = """
SELECT e.node_id, floor(least(9223372036854775807,
    10000::numeric * sum(e.delegators_reward + e.honest_reward - e.honest_operator) * %(year)s
    / sum(e.active_pool::numeric * extract(epoch FROM p."end" - p.start)::bigint)))::bigint
FROM staking_nodeepoch e JOIN staking_epoch p ON p.number = e.epoch
WHERE e.epoch > %(after)s GROUP BY e.node_id HAVING sum(e.active_pool) > 0
"""
FORMER = """
SELECT node_id, rank FROM staking_rankingrow
WHERE ranking_id = (SELECT max(id) FROM staking_ranking WHERE id < %s)
"""
COLUMNS = (
    "ranking_id, rank, movement, node_id, score_bps, q_bps, q_latency, q_uptime, q_stake, q_scarcity, q_sla,"
    " penalty_bps, degraded, live, accepted, sla_bps, uptime_bps, latency_ms, latency_percentile_bps,"
    " effective_stake, apr_bps"
)


def rank(*, now: datetime, slot: int | None = None) -> Ranking | None:
    """Rank every active node now and keep the ranking with its movement since the former (R49).

    `slot` numbers the ranking period; None back when that period's ranking exists already.
    """
    try:
        with transaction.atomic():
            epoch = lock_open_epoch()
            ranked = ranked_nodes(now=now)
            ranking = Ranking.objects.create(
                computed_at=now, slot=slot, epoch=epoch.number, nodes=len(ranked)
            )
            _write_rows(ranking.pk, ranked, epoch.number)
            return ranking
    except IntegrityError:
        if slot is not None and Ranking.objects.filter(slot=slot).exists():
            return None
        raise


def rank_due(*, now: datetime) -> Ranking | None:
    """The ranking of the running period, if it is missing: periods count from the start of epoch 1 (R49).

    Periods in which nothing ran cannot be ranked afterwards and are left out.
    """
    first = Epoch.objects.filter(number=1).first()
    if first is None:
        return None
    with transaction.atomic():
        period = lock_open_epoch().params.ranking_seconds
    # The length is part of the number, so that a changed length neither repeats nor skips a period.
    slot = int((now - first.start).total_seconds() * 1000) // (period * 1000) + period * 10**9
    if Ranking.objects.filter(slot=slot).exists():
        return None
    return rank(now=now, slot=slot)


def ranked_nodes(*, now: datetime) -> list[Live]:
    """Active nodes best first: sound before degraded, score, effective stake, address (R49)."""
    active = [live for live in figures(now=now) if live.state.status == "active"]
    return sorted(
        active, key=lambda n: rank_key(n.state.degraded, n.score_bps, n.effective_stake, n.state.address)
    )


def _write_rows(ranking: int, ranked: list[Live], epoch: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(APR, {"year": YEAR_SECONDS, "after": epoch - 1 - APR_EPOCHS})
        apr = dict(cursor.fetchall())
        cursor.execute(FORMER, [ranking])
        former = dict(cursor.fetchall())
        with cursor.copy(f"COPY staking_rankingrow ({COLUMNS}) FROM STDIN") as copy:
            copy.write("".join(_lines(ranking, ranked, former, apr)))


def _lines(ranking: int, ranked: list[Live], former: dict[int, int], apr: dict[int, int]) -> list[str]:
    lines = []
    for place, one in enumerate(ranked, 1):
        node = one.state
        before = former.get(node.id)
        values = (
            ranking, place, None if before is None else before - place, node.id, one.score_bps, node.q_bps,
            node.q_latency, node.q_uptime, node.q_stake, node.q_scarcity, node.q_sla, node.former_penalty,
            node.degraded, one.live, node.accepted, node.sla_bps, node.uptime_bps, node.latency_ms,
            node.latency_percentile_bps, one.effective_stake, apr.get(node.id),
        )  # fmt: skip
        lines.append("\t".join(["\\N" if value is None else str(value) for value in values]) + "\n")
    return lines
