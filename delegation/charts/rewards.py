"""A wallet's rewards per epoch, by node and by role."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.utils.translation import gettext, ngettext

from delegation.selectors.earnings import EarnedIn
from web.chart_theme import Role
from web.charts import IFM, Chart, Series, epoch_bars
from web.formatting import amount_digits, grouped_int

# The nodes with the largest sums have a colour each; all others are one grey part.
NODE_ROLES: tuple[Role, ...] = ("accent", "sky", "plum", "unbonding")


def rewards(earned: Sequence[EarnedIn], *, first: int, last: int) -> Chart | None:
    """Rewards in the epochs `first` to `last`. None when nothing was earned in them."""
    if not earned:
        return None
    epochs = range(first, last + 1)
    total = amount_digits(sum(row.amount for row in earned))
    summary = gettext("%(sum)s IFM earned in the last %(n)s epochs.") % {
        "sum": total, "n": grouped_int(len(epochs)),
    }  # fmt: skip
    views = (
        epoch_bars("by-node", epochs, _by_node(earned, epochs), IFM, summary, title=gettext("By node")),
        epoch_bars("by-role", epochs, _by_role(earned, epochs), IFM, summary, title=gettext("By role")),
    )
    return Chart("earned", gettext("Rewards per epoch"), views)


def _by_node(earned: Sequence[EarnedIn], epochs: range) -> tuple[Series, ...]:
    totals: dict[str, int] = defaultdict(int)
    names: dict[str, str] = {}
    for row in earned:
        totals[row.node] += row.amount
        names[row.node] = row.name or row.node
    largest = sorted(totals, key=lambda node: (-totals[node], node))
    coloured, others = largest[: len(NODE_ROLES)], set(largest[len(NODE_ROLES) :])
    series = [
        Series(names[node], _sums([row for row in earned if row.node == node], epochs), role)
        for node, role in zip(coloured, NODE_ROLES, strict=False)
    ]
    if others:
        name = ngettext("%d other node", "%d other nodes", len(others)) % len(others)
        series.append(Series(name, _sums([row for row in earned if row.node in others], epochs), "ink-3"))
    return tuple(series)


def _by_role(earned: Sequence[EarnedIn], epochs: range) -> tuple[Series, ...]:
    roles: tuple[tuple[Role, str], ...] = (
        ("operator", gettext("Nodes you run")),
        ("delegator", gettext("Delegations")),
    )
    return tuple(
        Series(name, _sums([row for row in earned if row.role == role], epochs), role)
        for role, name in roles
        if any(row.role == role for row in earned)
    )


def _sums(rows: Sequence[EarnedIn], epochs: range) -> tuple[int, ...]:
    sums = dict.fromkeys(epochs, 0)
    for row in rows:
        sums[row.epoch] += row.amount
    return tuple(sums.values())
