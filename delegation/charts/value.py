"""The value of a wallet per epoch, with a mark at each dip that says its cause."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.utils.translation import gettext, ngettext

from delegation.selectors.value_history import EpochValue
from web.chart_panels import marks
from web.charts import IFM, Chart, Series, View, epoch_axis, epoch_table, figure, lines
from web.formatting import amount_digits, grouped_int

Describe = Callable[[EpochValue], str]


def value_chart(history: Sequence[EpochValue], describe: Describe) -> Chart | None:
    """None before the second epoch and for a wallet that had nothing in any of them."""
    if len(history) < 2 or not any(row.value for row in history):
        return None
    epochs = [row.epoch for row in history]
    series = (
        Series(gettext("Value"), tuple(row.value for row in history)),
        Series(gettext("Rewards"), tuple(row.earned for row in history)),
        Series(gettext("Lost to slashes"), tuple(-row.lost for row in history)),
        Series(gettext("Added and taken out"), tuple(row.moved for row in history)),
    )
    dips = [row for row in history if row.change < 0]
    traces = lines(epochs, series[:1], IFM, line_shape="hv")
    if dips:
        values = [IFM.number(row.value) for row in dips]
        texts = [describe(row) for row in dips]
        traces.append(marks(gettext("Cause"), [row.epoch for row in dips], values, texts, "warn-fill"))
    made = figure(
        traces,
        showlegend=False,
        xaxis=epoch_axis(epochs, range=(epochs[0] - 0.6, epochs[-1] + 0.6)),
        yaxis=IFM.axis(rangemode="normal"),
    )
    view = View(
        "value-history", made, epoch_table(epochs, [(one, IFM) for one in series]),
        _summary(history, len(dips)), outline=series[0].values,  # type: ignore[arg-type]
    )  # fmt: skip
    return Chart("value", gettext("Value per epoch"), (view,), size="sm")


def _summary(history: Sequence[EpochValue], dips: int) -> str:
    values = gettext("From %(first)s to %(last)s IFM in %(n)s epochs.") % {
        "first": amount_digits(history[0].value, 2), "last": amount_digits(history[-1].value, 2),
        "n": grouped_int(len(history)),
    }  # fmt: skip
    fell = ngettext("It fell in %s epoch.", "It fell in %s epochs.", dips) % grouped_int(dips)
    return f"{values} {fell}" if dips else values
