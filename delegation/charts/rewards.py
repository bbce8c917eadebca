"""A wallet's rewards per epoch, stacked by node or by role. Rows in, figures out; nothing is read here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.utils.translation import gettext

from delegation.selectors.earnings import EarnedIn
from web.charts import IFM, Axis, Chart, Role, Series, View
from web.formatting import amount_digits, grouped_int

# Nodes are categories: these keep apart; whoever earned less is one grey part.
NODE_ROLES: tuple[Role, ...] = ("accent", "sky", "plum", "unbonding")


def rewards(earned: Sequence[EarnedIn], *, first: int, last: int) -> Chart | None:
    """Bars for the epochs `first` … `last`; None when nothing was earned in them."""
    if not earned:
        return None
    labels = tuple(str(number) for number in range(first, last + 1))
    summary = _summary(earned, len(labels))
    views = (
        View(
            "bars", summary, labels=labels, labels_name=gettext("Epoch"), axis=Axis(IFM, " IFM"),
            series=_by_node(earned, first, last), name="by-node", title=gettext("By node"),
        ),
        View(
            "bars", summary, labels=labels, labels_name=gettext("Epoch"), axis=Axis(IFM, " IFM"),
            series=_by_role(earned, first, last), name="by-role", title=gettext("By role"),
        ),
    )  # fmt: skip
    return Chart("earned", gettext("Rewards per epoch"), views)


def _summary(earned: Sequence[EarnedIn], epochs: int) -> str:
    total = amount_digits(sum(row.amount for row in earned))
    return gettext("%(sum)s IFM earned in the last %(n)s epochs.") % {"sum": total, "n": grouped_int(epochs)}


def _by_node(earned: Sequence[EarnedIn], first: int, last: int) -> tuple[Series, ...]:
    totals: dict[str, int] = defaultdict(int)
    names: dict[str, str] = {}
    for row in earned:
        totals[row.node] += row.amount
        names[row.node] = row.name or row.node
    largest = sorted(totals, key=lambda node: (-totals[node], node))
    shown, rest = largest[: len(NODE_ROLES)], set(largest[len(NODE_ROLES) :])
    series = [
        Series(names[node], _values([r for r in earned if r.node == node], first, last), role)
        for node, role in zip(shown, NODE_ROLES, strict=False)
    ]
    if rest:
        others = [row for row in earned if row.node in rest]
        series.append(Series(gettext("%d other nodes") % len(rest), _values(others, first, last), "ink-3"))
    return tuple(series)


def _by_role(earned: Sequence[EarnedIn], first: int, last: int) -> tuple[Series, ...]:
    roles: tuple[tuple[Role, str], ...] = (
        ("operator", gettext("Nodes you run")),
        ("delegator", gettext("Delegations")),
    )
    return tuple(
        Series(name, _values([row for row in earned if row.role == role], first, last), role)
        for role, name in roles
        if any(row.role == role for row in earned)
    )


def _values(rows: Sequence[EarnedIn], first: int, last: int) -> tuple[int, ...]:
    sums = dict.fromkeys(range(first, last + 1), 0)
    for row in rows:
        sums[row.epoch] += row.amount
    return tuple(sums.values())
