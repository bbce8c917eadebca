"""Chart: rewards that an amount would have earned in each epoch."""

from __future__ import annotations

from django.utils.translation import gettext

from protocol.delegation_replay import Replay
from web.charts import IFM, Chart, Series, epoch_bars
from web.formatting import amount_digits, grouped_int


def replayed(replay: Replay) -> Chart:
    """Rewards per epoch, and what slashes would have taken when they took anything."""
    epochs = [epoch.number for epoch in replay.epochs]
    series = [Series(gettext("Reward"), tuple(epoch.earned for epoch in replay.epochs), "delegator")]
    if replay.lost:
        lost = tuple(-epoch.lost for epoch in replay.epochs)
        series.append(Series(gettext("Slashed"), lost, "risk-fill"))
    summary = gettext("%(sum)s IFM earned in %(n)s epochs.") % {
        "sum": amount_digits(replay.earned, 2), "n": grouped_int(len(epochs)),
    }  # fmt: skip
    return Chart(
        "what-if-chart", gettext("Per epoch"), (epoch_bars("what-if", epochs, series, IFM, summary),)
    )
