"""The timeline of a node: rank, Q factor, SLA, uptime, delegator share and stake flows over the same epochs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.utils.translation import gettext

from staking.incidents import EpochRecord, Incident, Measure, StakeFlow
from web.chart_panels import Panel, marks, stack
from web.chart_theme import Role
from web.charts import IFM, PERCENT, PLACE, TIMES, Chart, Series, Unit, View, bars, epoch_table, lines

Describe = Callable[[Incident], str]
FEW_PLACES = 4
FREE: dict[str, Any] = {"rangemode": "normal"}


def timeline(
    records: Sequence[EpochRecord], flows: Sequence[StakeFlow], incidents: Sequence[Incident], describe: Describe,
    *, slash_epochs: Sequence[int], summary: str,
) -> Chart | None:  # fmt: skip
    """None before the second epoch. `slash_epochs`: those in which a slash was created or executed."""
    if len(records) < 2:
        return None
    epochs = [record.epoch for record in records]
    ranks = Series(gettext("Rank"), tuple(record.place.rank if record.place else None for record in records))
    q, sla = _series(gettext("Q factor"), "q_bps", records), _series(gettext("SLA"), "sla_bps", records)
    uptime = _series(gettext("Uptime"), "uptime_bps", records)
    share = _series(gettext("Delegator share"), "share_bps", records, "plum")
    moved = _flows(records, flows)

    def measured(series: Series, unit: Unit, measure: Measure, **axis: Any) -> Panel:
        traces = lines(epochs, [series], unit)
        fallen = [one for one in incidents if one.measure == measure and one.after is not None]
        values = [unit.number(one.after) for one in fallen]
        texts = [describe(one) for one in fallen]
        traces += [marks(gettext("Cause"), [one.epoch for one in fallen], values, texts, "warn-fill")] * bool(
            fallen
        )
        return Panel(series.name, traces, unit, {**FREE, **axis})

    panels = (
        measured(ranks, PLACE, "rank", autorange="reversed", **_whole_places(ranks)), measured(q, TIMES, "q"),
        measured(sla, PERCENT, "sla"), measured(uptime, PERCENT, "uptime"),
        Panel(share.name, lines(epochs, [share], PERCENT, line_shape="hv"), PERCENT, FREE),
        Panel(gettext("Stake added and removed, IFM"), bars(epochs, moved, IFM)[: len(moved)], IFM),
    )  # fmt: skip
    columns = [(ranks, PLACE), (q, TIMES), (sla, PERCENT), (uptime, PERCENT), (share, PERCENT)]
    table = epoch_table(epochs, [*columns, *((one, IFM) for one in moved)])
    view = View("node-timeline", stack(epochs, panels, marked=slash_epochs), table, summary)
    return Chart("timeline", gettext("Incident timeline"), (view,), size="xxl")


def _whole_places(ranks: Series) -> dict[str, Any]:
    """Axis options that keep ticks on whole places when there are only a few."""
    known = [rank for rank in ranks.values if rank is not None]
    return {"dtick": 1} if known and max(known) - min(known) < FEW_PLACES else {}


def _series(name: str, field: str, records: Sequence[EpochRecord], role: Role = "accent") -> Series:
    return Series(name, tuple(getattr(record, field) for record in records), role)


def _flows(records: Sequence[EpochRecord], flows: Sequence[StakeFlow]) -> tuple[Series, ...]:
    slashed = tuple(-record.own_slashed - record.pool_slashed for record in records)
    return (
        Series(gettext("Own stake"), tuple(flow.own for flow in flows), "operator"),
        Series(gettext("Delegated stake"), tuple(flow.delegated for flow in flows), "delegator"),
        Series(gettext("Slashed"), slashed, "risk-fill"),
    )
