"""The charts of the epoch pages: where a pool went, and what every epoch paid."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext, ngettext

from staking.charts.figure import IFM, Axis, Chart, Series, View
from staking.models import Epoch
from staking.selectors.epoch_report import TierPart
from staking.templatetags.components import part_of
from staking.templatetags.money import amount_digits, grouped_int, percent


def pool_by_tier(parts: Sequence[TierPart]) -> Chart | None:
    """Rewards of an epoch by tier; None when nothing was earned."""
    earned = sum(part.operators + part.delegators for part in parts)
    if not earned:
        return None
    top = max(parts, key=lambda part: part.operators + part.delegators)
    summary = ngettext(
        "%(nodes)s node of Tier %(tier)s earned %(part)s of what was distributed, the largest part.",
        "%(nodes)s nodes of Tier %(tier)s earned %(part)s of what was distributed, the largest part.",
        top.nodes,
    ) % {
        "nodes": grouped_int(top.nodes), "tier": top.tier,
        "part": percent(part_of(top.operators + top.delegators, earned), 1),
    }  # fmt: skip
    view = View(
        "bars", summary, labels=tuple(gettext("Tier %d") % part.tier for part in parts), axis=Axis(IFM, " IFM"),
        series=(
            Series(gettext("Operators"), tuple(p.operators for p in parts), "operator"),
            Series(gettext("Delegators"), tuple(p.delegators for p in parts), "delegator"),
        ),
        name="pool",
    )  # fmt: skip
    return Chart(
        "pool",
        gettext("Where the pool went"),
        (view,),
        help=gettext("By tier of the node at the close, in IFM."),
    )


def rewards(epochs: Sequence[Epoch]) -> Chart | None:
    """What the last settled epochs paid to operators and delegators, oldest first; None before the second."""
    if len(epochs) < 2:
        return None
    operators = tuple(epoch.totals.get("operator_reward", 0) for epoch in epochs)
    delegators = tuple(epoch.totals.get("delegators_reward", 0) for epoch in epochs)
    summary = gettext("%(sum)s IFM in %(n)s epochs, of which %(delegators)s went to delegators.") % {
        "sum": amount_digits(sum(operators) + sum(delegators)), "n": len(epochs),
        "delegators": amount_digits(sum(delegators)),
    }  # fmt: skip
    view = View(
        "bars", summary, labels=tuple(str(e.number) for e in epochs), labels_name=gettext("Epoch"),
        axis=Axis(IFM, " IFM"),
        series=(
            Series(gettext("Operators"), operators, "operator"),
            Series(gettext("Delegators"), delegators, "delegator"),
        ),
        name="epochs",
    )  # fmt: skip
    return Chart(
        "epochs-chart",
        gettext("Rewards per epoch"),
        (view,),
        help=gettext("To operators and delegators, in IFM."),
    )
