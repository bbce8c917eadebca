"""Chart of the figure that a slash is about, over the epochs around the offence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from protocol import offences
from staking.models import NodeEpoch, Slash
from web.charts import COUNT, PERCENT, Axis, Chart, Guide, Series, View
from web.formatting import grouped_int, percent

COUNTED = {
    offences.INVALID_PROOF: ("invalid", gettext_lazy("Invalid signatures")),
    offences.FORGED_TRACE: ("forged", gettext_lazy("Forged traces")),
    offences.DROPOUT: ("dropped", gettext_lazy("Dropped jobs")),
    offences.SCHEMA_MISMATCH: ("mismatched", gettext_lazy("Schema mismatches")),
}


def offence_chart(slash: Slash, rows: Sequence[NodeEpoch]) -> Chart | None:
    """Return a chart of the SLA or of the counted events for each epoch; None for hardware."""
    if not rows:
        return None
    if slash.offence == offences.SLA_DROP:
        return _sla(slash, rows)
    if slash.offence not in COUNTED:
        return None
    return _count(slash, rows)


def _sla(slash: Slash, rows: Sequence[NodeEpoch]) -> Chart:
    threshold = slash.measured["sla_threshold_bps"]
    known = [row.sla_bps for row in rows if row.sla_bps is not None]
    low = min([*known, threshold])
    summary = gettext(
        "%(sla)s in epoch %(n)s; %(below)s of the %(all)s epochs shown are below the threshold."
    ) % {
        "sla": percent(slash.measured["sla_bps"]),
        "n": grouped_int(slash.epoch),
        "below": sum(1 for sla in known if sla < threshold),
        "all": len(rows),
    }
    view = View(
        "line",
        summary,
        series=(Series(gettext("SLA"), tuple(row.sla_bps for row in rows), "accent"),),
        axis=Axis(PERCENT, "%", range=(max(0, low - 300), 10_050)),
        guides=(Guide(threshold, gettext("slash below %s") % percent(threshold, 0), "risk-fill"),),
        **_epochs(rows),
    )
    return _chart(gettext("SLA around the epoch"), view)


def _count(slash: Slash, rows: Sequence[NodeEpoch]) -> Chart:
    column, name = COUNTED[slash.offence]
    values = tuple(int(getattr(row, column)) for row in rows)
    summary = gettext("%(n)s in epoch %(epoch)s, %(others)s in all other epochs shown.") % {
        "n": grouped_int(len(slash.evidence)),
        "epoch": grouped_int(slash.epoch),
        "others": grouped_int(sum(values) - len(slash.evidence)),
    }
    series = (Series(str(name), values, "risk-fill"),)
    view = View("bars", summary, series=series, axis=Axis(COUNT), **_epochs(rows))
    return _chart(gettext("%s around the epoch") % name, view)


def _epochs(rows: Sequence[NodeEpoch]) -> dict[str, Any]:
    return {
        "labels": tuple(str(row.epoch) for row in rows),
        "labels_name": gettext("Epoch"),
        "name": "offence",
    }


def _chart(title: str, view: View) -> Chart:
    return Chart("offence", title, (view,), size="sm")
