"""Charts of a node: rewards, SLA, latency, uptime, stake and rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext, ngettext

from staking.charts import ranks
from web.charts import IFM, MILLISECONDS, PERCENT, Chart, Series, Threshold, View, epoch_bars, epoch_lines
from web.formatting import grouped_int, milliseconds, percent, rate, short_digits

Row = Mapping[str, Any]
SHORT = 7


def rewards(rows: Sequence[Row], share_bps: int) -> Chart | None:
    """Reward per epoch, split between operator and delegators. None before the first reward."""
    if not any(row["reward"] for row in rows):
        return None
    views = [
        _reward_view(rows, f"rewards-{len(rows)}", ngettext("%d epoch", "%d epochs", len(rows)) % len(rows))
    ]
    if len(rows) > SHORT:
        views.append(_reward_view(rows[-SHORT:], f"rewards-{SHORT}", str(SHORT)))
    help_ = gettext(
        "Delegators receive %s of what delegated stake earned; the operator receives the rest."
    ) % rate(share_bps)
    return Chart("rewards", gettext("Reward per epoch"), tuple(views), help_)


def _reward_view(rows: Sequence[Row], name: str, title: str) -> View:
    paid = [row["reward"] for row in rows]
    summary = gettext(
        "%(sum)s IFM in %(n)s epochs, of which %(delegators)s went to delegators."
        " Between %(low)s and %(high)s IFM per epoch."
    ) % {
        "sum": short_digits(sum(paid)), "n": len(rows),
        "delegators": short_digits(sum(row["delegators_reward"] for row in rows)),
        "low": short_digits(min(paid)), "high": short_digits(max(paid)),
    }  # fmt: skip
    series = (
        Series(gettext("Operator"), _column(rows, "operator_reward"), "operator"),
        Series(gettext("Delegators"), _column(rows, "delegators_reward"), "delegator"),
    )
    return epoch_bars(name, _epochs(rows), series, IFM, summary, title=title)


def sla(rows: Sequence[Row], *, threshold_bps: int, full_bps: int) -> Chart | None:
    """SLA per epoch with the two thresholds. None while no epoch has one."""
    known = [row["sla_bps"] for row in rows if row["sla_bps"] is not None]
    if not known:
        return None
    summary = gettext("Lowest %(low)s, latest %(last)s; %(n)s of %(all)s epochs at or above the full-reward line.") % {
        "low": percent(min(known)), "last": percent(known[-1]),
        "n": sum(1 for value in known if value >= full_bps), "all": len(known),
    }  # fmt: skip
    thresholds = (
        Threshold(full_bps, gettext("full reward from %s") % rate(full_bps)),
        Threshold(threshold_bps, gettext("slash below %s") % rate(threshold_bps), "risk-fill"),
    )
    series = (Series(gettext("SLA"), _column(rows, "sla_bps")),)
    view = epoch_lines("sla", _epochs(rows), series, PERCENT, summary, thresholds=thresholds)
    return Chart("sla", gettext("SLA per epoch"), (view,), gettext("Good jobs of those accepted."), "sm")


def latency(
    rows: Sequence[Row], medians: Mapping[int, int | None], name: str, *, window: int
) -> Chart | None:
    """Mean latency per epoch, and the median of all active nodes. None while no epoch has one.

    `medians` by epoch, in ms; `name` of the node; `window`: the number of jobs that the mean covers.
    """
    known = [row["latency_ms"] for row in rows if row["latency_ms"] is not None]
    if not known:
        return None
    network = tuple(medians.get(row["epoch"]) for row in rows)
    summary = gettext("Latest %(last)s, between %(low)s and %(high)s.") % {
        "last": milliseconds(known[-1]), "low": milliseconds(min(known)), "high": milliseconds(max(known)),
    }  # fmt: skip
    if network[-1] is not None:
        summary += " " + gettext("The network’s median is %s.") % milliseconds(network[-1])
    series = (
        Series(name, _column(rows, "latency_ms")),
        Series(gettext("Network median"), network, "ink-3"),
    )
    view = epoch_lines("latency", _epochs(rows), series, MILLISECONDS, summary)
    help_ = (
        ngettext("Mean of the last %d good job, ms.", "Mean of the last %d good jobs, ms.", window) % window
    )
    return Chart("latency", gettext("Latency"), (view,), help_, "sm")


def uptime(rows: Sequence[Row], *, floor_bps: int) -> Chart | None:
    """Uptime per epoch, with the value below which a node is degraded. None before the first epoch."""
    if not rows:
        return None
    values = _column(rows, "uptime_bps")
    summary = gettext("Lowest %(low)s, latest %(last)s.") % {
        "low": percent(min(row["uptime_bps"] for row in rows)), "last": percent(values[-1]),
    }  # fmt: skip
    floor = Threshold(floor_bps, gettext("degraded below %s") % rate(floor_bps), "warn-fill")
    series = (Series(gettext("Uptime"), values),)
    view = epoch_lines("uptime", _epochs(rows), series, PERCENT, summary, thresholds=(floor,))
    help_ = gettext("Slots with a heartbeat of those counted.")
    return Chart("uptime", gettext("Uptime per epoch"), (view,), help_, "sm")


def stake(rows: Sequence[Row]) -> Chart | None:
    """Own and delegated stake at the close of each epoch. None before the second epoch."""
    if len(rows) < 2:
        return None
    last = rows[-1]
    summary = gettext("At the close of epoch %(n)s: %(own)s IFM of its operator and %(delegated)s IFM delegated.") % {
        "n": grouped_int(last["epoch"]), "own": short_digits(last["self_stake"]),
        "delegated": short_digits(last["pool_tokens"]),
    }  # fmt: skip
    series = (
        Series(gettext("Operator"), _column(rows, "self_stake"), "operator"),
        Series(gettext("Delegated"), _column(rows, "pool_tokens"), "delegator"),
    )
    view = epoch_bars("stake", _epochs(rows), series, IFM, summary)
    return Chart("stake", gettext("Stake"), (view,), gettext("At the close of each epoch."), "sm")


def rank(points: Sequence[tuple[datetime, int]], ranked: int) -> Chart | None:
    """The node's rank in each ranking, oldest first. None for fewer than two rankings.

    `ranked`: the number of nodes in the latest ranking.
    """
    points = [points[i] for i in ranks.distinct_moments([at for at, _ in points])]
    if len(points) < 2:
        return None
    places = tuple(place for _, place in points)
    summary = gettext("Best #%(best)s, worst #%(worst)s, now #%(now)s.") % {
        "best": grouped_int(min(places)), "worst": grouped_int(max(places)), "now": grouped_int(places[-1]),
    }  # fmt: skip
    view = ranks.steps("rank", [at for at, _ in points], Series(gettext("Rank"), places), summary)
    help_ = gettext("Among %s ranked nodes. Higher is better.") % grouped_int(ranked)
    return Chart("rank", gettext("Rank"), (view,), help_, "sm")


def _epochs(rows: Sequence[Row]) -> list[int]:
    return [row["epoch"] for row in rows]


def _column(rows: Sequence[Row], name: str) -> tuple[int | None, ...]:
    return tuple(row[name] for row in rows)
