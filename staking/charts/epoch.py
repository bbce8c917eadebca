"""Charts of epochs: rewards of an epoch by tier, and the network over its last epochs."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext, ngettext

from staking.models import Epoch
from staking.selectors.epoch_report import TierPart
from web.charts import IFM, Chart, Series, View, bars, epoch_bars, figure, table, totals
from web.formatting import grouped_int, percent, short_digits
from web.templatetags.components import part_of


def pool_by_tier(parts: Sequence[TierPart]) -> Chart | None:
    """Rewards of an epoch by tier. None when nothing was earned."""
    earned = sum(part.operators + part.delegators for part in parts)
    if not earned:
        return None
    tiers = [gettext("Tier %d") % part.tier for part in parts]
    series = (
        Series(gettext("Operators"), tuple(part.operators for part in parts), "operator"),
        Series(gettext("Delegators"), tuple(part.delegators for part in parts), "delegator"),
    )
    made = figure(
        bars(tiers, series, IFM), yaxis=IFM.axis(),
        xaxis={"type": "category", "range": (-0.6, len(tiers) - 0.4), "unifiedhovertitle": {"text": "%{x}"}},
    )  # fmt: skip
    view = View(
        "pool", made, table(gettext("Tier"), tiers, series, IFM), _largest_tier(parts, earned),
        outline=totals(series),
    )  # fmt: skip
    help_ = gettext("By tier of the node at the close, in IFM.")
    return Chart("pool", gettext("Rewards by tier"), (view,), help_)


def _largest_tier(parts: Sequence[TierPart], earned: int) -> str:
    top = max(parts, key=lambda part: part.operators + part.delegators)
    return ngettext(
        "%(nodes)s node of Tier %(tier)s earned %(part)s of what was distributed, the largest part.",
        "%(nodes)s nodes of Tier %(tier)s earned %(part)s of what was distributed, the largest part.",
        top.nodes,
    ) % {
        "nodes": grouped_int(top.nodes), "tier": top.tier,
        "part": percent(part_of(top.operators + top.delegators, earned), 1),
    }  # fmt: skip


def network(epochs: Sequence[Epoch]) -> Chart | None:
    """Rewards, stake and slashes of the last settled epochs, oldest first. None before the second epoch."""
    if len(epochs) < 2:
        return None
    views = [_rewards(epochs), _stake(epochs)]
    if any(epoch.slashed for epoch in epochs):
        views.append(_slashes(epochs))
    help_ = gettext("Rewards paid, stake at the close, and where slashed stake went. In IFM.")
    return Chart("epochs-chart", gettext("Epoch by epoch"), tuple(views), help_)


def _rewards(epochs: Sequence[Epoch]) -> View:
    operators, delegators = _totals(epochs, "operator_reward"), _totals(epochs, "delegators_reward")
    summary = gettext("%(sum)s IFM in %(n)s epochs, of which %(delegators)s went to delegators.") % {
        "sum": short_digits(sum(operators) + sum(delegators)), "n": len(epochs),
        "delegators": short_digits(sum(delegators)),
    }  # fmt: skip
    return _view(
        epochs, "epoch-rewards", gettext("Rewards"), summary,
        Series(gettext("Operators"), operators, "operator"), Series(gettext("Delegators"), delegators, "delegator"),
    )  # fmt: skip


def _stake(epochs: Sequence[Epoch]) -> View:
    own, delegated = _totals(epochs, "self_stake"), _totals(epochs, "pool_tokens")
    summary = gettext("At the close of epoch %(n)s: %(own)s IFM of operators and %(delegated)s IFM delegated.") % {
        "n": epochs[-1].number, "own": short_digits(own[-1]), "delegated": short_digits(delegated[-1]),
    }  # fmt: skip
    return _view(
        epochs, "epoch-stake", gettext("Stake"), summary,
        Series(gettext("Operators"), own, "operator"), Series(gettext("Delegated"), delegated, "delegator"),
    )  # fmt: skip


def _slashes(epochs: Sequence[Epoch]) -> View:
    burned, honest, returned = (
        tuple(getattr(epoch, name) or 0 for epoch in epochs) for name in ("burned", "honest", "returned")
    )
    summary = gettext(
        "%(sum)s IFM were slashed: %(burned)s burned, %(honest)s to honest nodes, %(returned)s back to delegators."
    ) % {
        "sum": short_digits(sum(burned) + sum(honest) + sum(returned)), "burned": short_digits(sum(burned)),
        "honest": short_digits(sum(honest)), "returned": short_digits(sum(returned)),
    }  # fmt: skip
    return _view(
        epochs, "epoch-slashes", gettext("Slashes"), summary,
        Series(gettext("Burned"), burned, "risk-fill"), Series(gettext("Honest nodes"), honest, "accent"),
        Series(gettext("Back to delegators"), returned, "sky"),
    )  # fmt: skip


def _view(epochs: Sequence[Epoch], name: str, title: str, summary: str, *series: Series) -> View:
    return epoch_bars(name, [epoch.number for epoch in epochs], series, IFM, summary, title=title)


def _totals(epochs: Sequence[Epoch], name: str) -> tuple[int, ...]:
    return tuple(epoch.totals.get(name, 0) for epoch in epochs)
