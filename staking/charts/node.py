"""The charts of a node's page: rewards, SLA, latency, uptime, stake, rank. Rows in, figures out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from web.charts import IFM, PERCENT, Axis, Chart, Guide, Series, View
from web.formatting import amount_digits, grouped_int, milliseconds, moment_pattern, percent

Row = Mapping[str, Any]
SHORT = 7


def rewards(rows: Sequence[Row], share_bps: int) -> Chart | None:
    """Reward per epoch, split between operator and delegators; None before the first one."""
    if not any(row["reward"] for row in rows):
        return None
    views = [
        _reward_view(rows, f"rewards-{len(rows)}", ngettext("%d epoch", "%d epochs", len(rows)) % len(rows))
    ]
    if len(rows) > SHORT:
        views.append(_reward_view(rows[-SHORT:], f"rewards-{SHORT}", str(SHORT)))
    kept = gettext(
        "Of the part that delegated stake earned, %s goes to delegators; the operator keeps the rest."
    )
    return Chart("rewards", gettext("Reward per epoch"), tuple(views), help=kept % percent(share_bps, 0))


def _reward_view(rows: Sequence[Row], name: str, title: str) -> View:
    paid = [row["reward"] for row in rows]
    delegators = sum(row["delegators_reward"] for row in rows)
    summary = gettext(
        "%(sum)s IFM in %(n)s epochs, of which %(delegators)s went to delegators."
        " Between %(low)s and %(high)s IFM per epoch."
    ) % {
        "sum": amount_digits(sum(paid)), "n": len(rows), "delegators": amount_digits(delegators),
        "low": amount_digits(min(paid)), "high": amount_digits(max(paid)),
    }  # fmt: skip
    return View(
        "bars", summary, labels=_epochs(rows), labels_name=gettext("Epoch"), axis=Axis(IFM, " IFM"),
        series=(
            Series(gettext("Operator"), tuple(r["operator_reward"] for r in rows), "operator"),
            Series(gettext("Delegators"), tuple(r["delegators_reward"] for r in rows), "delegator"),
        ),
        name=name, title=title,
    )  # fmt: skip


def sla(rows: Sequence[Row], *, threshold_bps: int, full_bps: int) -> Chart | None:
    """Good jobs of those accepted, per epoch, with the two thresholds named."""
    known = [row["sla_bps"] for row in rows if row["sla_bps"] is not None]
    if not known:
        return None
    low = min(*known, threshold_bps)
    summary = gettext("Lowest %(low)s, latest %(last)s; %(n)s of %(all)s epochs at or above the full-reward line.") % {
        "low": percent(min(known)), "last": percent(known[-1]),
        "n": sum(1 for v in known if v >= full_bps), "all": len(known),
    }  # fmt: skip
    view = View(
        "line", summary, labels=_epochs(rows), labels_name=gettext("Epoch"),
        axis=Axis(PERCENT, "%", range=(max(0, low - 300), 10_050)),
        series=(Series(gettext("SLA"), tuple(r["sla_bps"] for r in rows), "accent"),),
        guides=(
            Guide(full_bps, gettext("full reward from %s") % percent(full_bps, 0)),
            Guide(threshold_bps, gettext("slash below %s") % percent(threshold_bps, 0), "risk-fill"),
        ),
        name="sla",
    )  # fmt: skip
    return Chart(
        "sla", gettext("SLA per epoch"), (view,), help=gettext("Good jobs of those accepted."), size="sm"
    )


def latency(
    rows: Sequence[Row], medians: Mapping[int, int | None], name: str, *, window: int
) -> Chart | None:
    """Mean latency of the last good jobs, beside the median of all active nodes."""
    known = [row["latency_ms"] for row in rows if row["latency_ms"] is not None]
    if not known:
        return None
    medians_here = tuple(medians.get(row["epoch"]) for row in rows)
    latest = medians_here[-1]
    summary = gettext("Latest %(last)s, between %(low)s and %(high)s.") % {
        "last": milliseconds(known[-1]), "low": milliseconds(min(known)), "high": milliseconds(max(known)),
    }  # fmt: skip
    if latest is not None:
        summary += " " + gettext("The network’s median is %s.") % milliseconds(latest)
    view = View(
        "line", summary, labels=_epochs(rows), labels_name=gettext("Epoch"), axis=Axis(0, " ms"),
        series=(
            Series(name, tuple(r["latency_ms"] for r in rows), "accent"),
            Series(gettext("Network median"), medians_here, "ink-3"),
        ),
        name="latency",
    )  # fmt: skip
    help_ = (
        ngettext("Mean of the last %d good job, ms.", "Mean of the last %d good jobs, ms.", window) % window
    )
    return Chart("latency", gettext("Latency"), (view,), help=help_, size="sm")


def uptime(rows: Sequence[Row], *, floor_bps: int) -> Chart | None:
    """Slots with a heartbeat of those counted, per epoch, with the floor below which a node is degraded."""
    if not rows:
        return None
    values = [row["uptime_bps"] for row in rows]
    view = View(
        "line",
        gettext("Lowest %(low)s, latest %(last)s.") % {"low": percent(min(values)), "last": percent(values[-1])},
        labels=_epochs(rows), labels_name=gettext("Epoch"),
        axis=Axis(PERCENT, "%", range=(max(0, min(*values, floor_bps) - 300), 10_050)),
        series=(Series(gettext("Uptime"), tuple(values), "accent"),),
        guides=(Guide(floor_bps, gettext("degraded below %s") % percent(floor_bps, 0), "warn-fill"),),
        name="uptime",
    )  # fmt: skip
    help_ = gettext("Slots with a heartbeat of those counted.")
    return Chart("uptime", gettext("Uptime per epoch"), (view,), help=help_, size="sm")


def stake(rows: Sequence[Row]) -> Chart | None:
    """Own and delegated stake at the close of each epoch."""
    if len(rows) < 2:
        return None
    last = rows[-1]
    view = View(
        "bars",
        gettext("At the close of epoch %(n)s: %(own)s IFM of its operator and %(delegated)s IFM delegated.")
        % {
            "n": grouped_int(last["epoch"]), "own": amount_digits(last["self_stake"]),
            "delegated": amount_digits(last["pool_tokens"]),
        },
        labels=_epochs(rows), labels_name=gettext("Epoch"), axis=Axis(IFM, " IFM"),
        series=(
            Series(gettext("Operator"), tuple(r["self_stake"] for r in rows), "operator"),
            Series(gettext("Delegated"), tuple(r["pool_tokens"] for r in rows), "delegator"),
        ),
        name="stake",
    )  # fmt: skip
    return Chart("stake", gettext("Stake"), (view,), help=gettext("At the close of each epoch."), size="sm")


def rank(points: Sequence[tuple[datetime, int]], name: str, ranked: int) -> Chart | None:
    """Place in each ranking; the first is at the top. None for fewer than two."""
    points = [points[i] for i in told_apart([at for at, _ in points])]
    if len(points) < 2:
        return None
    places = tuple(place for _, place in points)
    summary = gettext("Best #%(best)s, worst #%(worst)s, now #%(now)s.") % {
        "best": grouped_int(min(places)), "worst": grouped_int(max(places)), "now": grouped_int(places[-1]),
    }  # fmt: skip
    view = View(
        "rank", summary, labels=tuple(moment_label(at) for at, _ in points), labels_name=gettext("Ranking of"),
        axis=Axis(0, prefix="#"), series=(Series(name, places, "accent"),), step=True, name="rank",
    )  # fmt: skip
    help_ = gettext("Among %s ranked nodes. Higher is better.") % grouped_int(ranked)
    return Chart("rank", gettext("Rank"), (view,), help=help_, size="sm")


def moment_label(at: datetime) -> str:
    """22 Nov 18:00 in the reader's zone: short enough for an axis."""
    return date_format(timezone.localtime(at), moment_pattern())


def told_apart(moments: Sequence[datetime]) -> list[int]:
    """Where the moments stand whose label no later one bears: an axis tells its places apart by their labels."""
    return list({moment_label(at): place for place, at in enumerate(moments)}.values())


def _epochs(rows: Sequence[Row]) -> tuple[str, ...]:
    return tuple(str(row["epoch"]) for row in rows)
