"""Chart of the figure that a slash is about, over the epochs around the offence."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext

from governance.pages.offence_texts import OFFENCE_TEXTS
from protocol import offences
from staking.models import NodeEpoch, Slash
from web.charts import COUNT, PERCENT, Chart, Series, Threshold, View, epoch_bars, epoch_lines
from web.formatting import grouped_int, percent, rate


def offence_chart(slash: Slash, rows: Sequence[NodeEpoch]) -> Chart | None:
    """The SLA, or the number of counted events, per epoch; None for hardware."""
    if not rows:
        return None
    if slash.offence == offences.SLA_DROP:
        return _chart(gettext("SLA around the epoch"), _sla(slash, rows))
    counted = OFFENCE_TEXTS[slash.offence].counted
    if counted is None:
        return None
    column, name = counted[0], str(counted[1])
    return _chart(gettext("%s around the epoch") % name, _count(slash, rows, column, name))


def _sla(slash: Slash, rows: Sequence[NodeEpoch]) -> View:
    threshold = slash.measured["sla_threshold_bps"]
    below = sum(1 for row in rows if row.sla_bps is not None and row.sla_bps < threshold)
    summary = gettext(
        "%(sla)s in epoch %(n)s; %(below)s of the %(all)s epochs shown are below the threshold."
    ) % {
        "sla": percent(slash.measured["sla_bps"]), "n": grouped_int(slash.epoch), "below": below, "all": len(rows),
    }  # fmt: skip
    series = (Series(gettext("SLA"), tuple(row.sla_bps for row in rows)),)
    line = Threshold(threshold, gettext("slash below %s") % rate(threshold), "risk-fill")
    return epoch_lines("offence", _epochs(rows), series, PERCENT, summary, thresholds=(line,))


def _count(slash: Slash, rows: Sequence[NodeEpoch], column: str, name: str) -> View:
    values = tuple(int(getattr(row, column)) for row in rows)
    summary = gettext("%(n)s in epoch %(epoch)s, %(others)s in all other epochs shown.") % {
        "n": grouped_int(len(slash.evidence)), "epoch": grouped_int(slash.epoch),
        "others": grouped_int(sum(values) - len(slash.evidence)),
    }  # fmt: skip
    return epoch_bars("offence", _epochs(rows), (Series(name, values, "risk-fill"),), COUNT, summary)


def _epochs(rows: Sequence[NodeEpoch]) -> list[int]:
    return [row.epoch for row in rows]


def _chart(title: str, view: View) -> Chart:
    return Chart("offence", title, (view,), size="sm")
