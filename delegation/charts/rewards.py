"""A wallet's rewards and losses by slashes per epoch, by node and by role."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.utils.translation import gettext, ngettext

from delegation.selectors.earnings import EarnedIn
from delegation.selectors.losses import SlashLoss
from web.chart_theme import Role
from web.charts import IFM, Chart, Series, epoch_bars
from web.formatting import grouped_int, short_digits

# The nodes with the largest sums have a colour each; all others are one grey part.
NODE_ROLES: tuple[Role, ...] = ("accent", "sky", "plum", "unbonding")


def rewards(
    earned: Sequence[EarnedIn], losses: Sequence[SlashLoss] = (), *, first: int, last: int
) -> Chart | None:
    """Rewards in the epochs `first` to `last`, and below zero what slashes took in them and did not return.

    None when nothing was earned or lost in them.
    """
    epochs = range(first, last + 1)
    losses = [loss for loss in losses if loss.epoch in epochs and loss.net]
    if not earned and not losses:
        return None
    facts = {
        "sum": short_digits(sum(row.amount for row in earned)),
        "lost": short_digits(sum(loss.net for loss in losses)),
        "n": grouped_int(len(epochs)),
    }
    summary = gettext("%(sum)s IFM earned in the last %(n)s epochs.") % facts
    if losses:
        summary = (
            gettext("%(sum)s IFM earned and %(lost)s IFM lost to slashes in the last %(n)s epochs.") % facts
        )
    lost = _lost(losses, epochs)
    by_node, by_role = (*_by_node(earned, epochs), *lost), (*_by_role(earned, epochs), *lost)
    views = (
        epoch_bars("by-node", epochs, by_node, IFM, summary, title=gettext("By node")),
        epoch_bars("by-role", epochs, by_role, IFM, summary, title=gettext("By role")),
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


def _lost(losses: Sequence[SlashLoss], epochs: range) -> tuple[Series, ...]:
    sums = dict.fromkeys(epochs, 0)
    for loss in losses:
        sums[loss.epoch] -= loss.net
    return (Series(gettext("Lost to slashes"), tuple(sums.values()), "risk-fill"),) if losses else ()


def _sums(rows: Sequence[EarnedIn], epochs: range) -> tuple[int, ...]:
    sums = dict.fromkeys(epochs, 0)
    for row in rows:
        sums[row.epoch] += row.amount
    return tuple(sums.values())
