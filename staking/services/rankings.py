"""Compute and store the ranking of the nodes (R49).

Beyond the ORM: COPY of the rows of all nodes.
"""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, connection, transaction

from protocol.scheduling import is_ranked, rank_key
from staking.measurement.live import Live, figures
from staking.models import Epoch, Ranking
from staking.models.node_sql import APR, APR_EPOCHS
from staking.services.epochs import lock_open_epoch
from staking.services.hold import require_not_held

APR_OF_NODES = f"""
SELECT e.node_id, {APR} FROM staking_nodeepoch e JOIN staking_epoch z ON z.number = e.epoch
WHERE e.epoch > %(after)s GROUP BY e.node_id
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
    """Rank the nodes now, and store the ranking with each node's movement since the ranking before (R49).

    `slot` numbers the ranking period; None when the ranking of that period exists already. Raises: Held.
    """
    try:
        with transaction.atomic():
            epoch = lock_open_epoch()
            require_not_held()
            ranked = ranked_nodes(epoch=epoch.number, now=now)
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
    """The ranking of the current period, computed if it does not exist; periods count from the start of epoch 1 (R49).

    Earlier periods without a ranking are not ranked afterwards.
    """
    first = Epoch.objects.filter(number=1).first()
    if first is None:
        return None
    with transaction.atomic():
        period = lock_open_epoch().params.ranking_seconds
    # The number includes the length of a period, so that a new length neither repeats nor skips one.
    slot = int((now - first.start).total_seconds() * 1000) // (period * 1000) + period * 10**9
    if Ranking.objects.filter(slot=slot).exists():
        return None
    return rank(now=now, slot=slot)


def ranked_nodes(*, epoch: int, now: datetime) -> list[Live]:
    """The nodes of a ranking in `epoch`, best first: not degraded, then score, effective stake and address (R49)."""
    ranked = [
        live
        for live in figures(now=now)
        if is_ranked(live.state.status, live.effective_stake, live.state.last_receipt_epoch, epoch)
    ]
    return sorted(
        ranked, key=lambda n: rank_key(n.state.degraded, n.score_bps, n.effective_stake, n.state.address)
    )


def _write_rows(ranking: int, ranked: list[Live], epoch: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(APR_OF_NODES, {"after": epoch - 1 - APR_EPOCHS})
        apr = dict(cursor.fetchall())
        cursor.execute(FORMER, [ranking])
        former = dict(cursor.fetchall())
        with cursor.copy(f"COPY staking_rankingrow ({COLUMNS}) FROM STDIN") as copy:
            copy.write("".join(_lines(ranking, ranked, former, apr)))


def _lines(ranking: int, ranked: list[Live], former: dict[int, int], apr: dict[int, int]) -> list[str]:
    lines = []
    for rank_, live in enumerate(ranked, 1):
        node = live.state
        before = former.get(node.id)
        values = (
            ranking, rank_, None if before is None else before - rank_, node.id, live.score_bps, node.q_bps,
            node.q_latency, node.q_uptime, node.q_stake, node.q_scarcity, node.q_sla, node.former_penalty,
            node.degraded, live.live, node.accepted, node.sla_bps, node.uptime_bps, node.latency_ms,
            node.latency_percentile_bps, live.effective_stake, apr.get(node.id),
        )  # fmt: skip
        lines.append("\t".join(["\\N" if value is None else str(value) for value in values]) + "\n")
    return lines
