"""Chart: rewards that a plan would have earned over the last settled epochs, beside the same amount on one node."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from django.utils.translation import gettext

from delegation.selectors.plans import Replay
from web.charts import IFM, Chart, Series, epoch_lines
from web.formatting import grouped_int, short_digits


def replay_chart(epochs: Sequence[int], plan: Replay, first: Replay | None) -> Chart | None:
    """Earned less lost since the first of the epochs; a gap before a replay begins. None without a replayed epoch."""
    if not plan.epochs:
        return None
    series = [Series(gettext("Plan"), _sums(plan, epochs), "accent")]
    if first is not None:
        series.append(Series(gettext("All on the first"), _sums(first, epochs), "plum"))
    summary = gettext("Earned less lost in the last %(n)s settled epochs: plan %(plan)s IFM") % {
        "n": grouped_int(len(epochs)), "plan": short_digits(plan.net),
    }  # fmt: skip
    if first is not None:
        summary += gettext(", all on the first %(first)s IFM") % {"first": short_digits(first.net)}
    return Chart("replay", gettext("Replay"), (epoch_lines("replay", epochs, series, IFM, f"{summary}."),))


def _sums(replay: Replay, epochs: Sequence[int]) -> tuple[int | None, ...]:
    sums = accumulate(epoch.earned - epoch.lost for epoch in replay.epochs)
    by_number = dict(zip((epoch.number for epoch in replay.epochs), sums, strict=True))
    return tuple(map(by_number.get, epochs))
