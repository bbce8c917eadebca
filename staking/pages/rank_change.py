"""Change of a node's rank between the last two rankings, with the figures of both (R49)."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext

from staking.models import RankingRow
from staking.pages.node_view_models import RankChange, RankFactor
from web.formatting import fixed, grouped_int, percent

TERMS = ("q_latency", "q_uptime", "q_stake", "q_scarcity")


def explain(rows: Sequence[RankingRow]) -> RankChange | None:
    """The node's last two ranks, the newest first; None when it was in only one ranking."""
    if len(rows) < 2:
        return None
    new, old = rows[0], rows[1]
    names = (gettext("Latency"), gettext("Uptime"), gettext("Stake"), gettext("Regional scarcity"))
    factors = [
        RankFactor(
            name,
            grouped_int(getattr(old, term)),
            grouped_int(getattr(new, term)),
            getattr(new, term) - getattr(old, term),
        )
        for name, term in zip(names, TERMS, strict=True)
    ]
    factors.append(
        RankFactor(gettext("SLA factor"), _factor(old.q_sla), _factor(new.q_sla), new.q_sla - old.q_sla)
    )
    factors.append(
        RankFactor(
            gettext("Failure penalty"),
            percent(old.penalty_bps),
            percent(new.penalty_bps),
            old.penalty_bps - new.penalty_bps,
        )
    )
    return RankChange(
        old.ranking.computed_at, new.ranking.computed_at, old.rank, new.rank, old.score_bps, new.score_bps,
        tuple(factor for factor in factors if factor.moved), _reason(old, new),
    )  # fmt: skip


def _factor(bps: int) -> str:
    return "× " + fixed(bps, 4, 4)


def _reason(old: RankingRow, new: RankingRow) -> str:
    """One sentence: own score or other nodes, and degradation, which outweighs both."""
    if new.degraded != old.degraded:
        if new.degraded:
            return gettext("It became degraded, so it ranks below every node that is not.")
        return gettext("It is no longer degraded, so it ranks among the sound nodes again.")
    gained = new.score_bps - old.score_bps
    if gained == 0 and new.rank != old.rank:
        return gettext("Its own score did not change: other nodes moved.")
    if gained > 0:
        return gettext("Its score rose by %s; the rest is what other nodes did.") % grouped_int(gained)
    if gained < 0:
        return gettext("Its score fell by %s; the rest is what other nodes did.") % grouped_int(-gained)
    return gettext("Neither its score nor its place changed.")
