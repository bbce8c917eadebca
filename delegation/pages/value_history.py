"""The card with a wallet's value per epoch: the chart, and the causes of each change besides rewards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext, gettext_lazy

from delegation.charts.value import value_chart
from delegation.selectors.value_history import EpochValue
from web.charts import Chart
from web.formatting import ifm_signed, short_digits
from web.links import link
from web.templatetags.components import offence
from web.templatetags.identity import short

LISTED = 6

FLOW_TEXTS = {
    "faucet": gettext_lazy("Faucet"),
    "genesis": gettext_lazy("Genesis allocation"),
    "token_deposit": gettext_lazy("IFM added from the chain"),
    "exit": gettext_lazy("Exit to the chain"),
    "dispute_deposit": gettext_lazy("Deposit of a dispute"),
    "deposit_returned": gettext_lazy("Deposit returned"),
}


@dataclass(frozen=True, slots=True)
class ValueLine:
    """A cause with its amount, and the case it belongs to."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class ValueLines:
    """Changes of the value in an epoch besides rewards. tone: "", warn (it fell) or risk (a slash)."""

    epoch: int
    tone: str
    lines: tuple[ValueLine, ...]


@dataclass(frozen=True, slots=True)
class ValueCard:
    """`recent` and `older`: epochs with a cause, newest first."""

    chart: Chart
    recent: tuple[ValueLines, ...]
    older: tuple[ValueLines, ...]


def value_card(history: tuple[EpochValue, ...]) -> ValueCard | None:
    """None for a wallet without a chart."""
    chart = value_chart(history, _sentence)
    if chart is None:
        return None
    changed = [
        ValueLines(row.epoch, _tone(row), tuple(_lines(row)))
        for row in reversed(history)
        if row.losses or row.flows or row.unbonded
    ]
    return ValueCard(chart, tuple(changed[:LISTED]), tuple(changed[LISTED:]))


def _tone(row: EpochValue) -> str:
    if row.losses:
        return "risk"
    return "warn" if row.change < 0 else ""


def _sentence(row: EpochValue) -> str:
    return " ".join(line.text for line in _lines(row))


def _lines(row: EpochValue) -> Iterator[ValueLine]:
    """Slashes first, then what went out or came in, then unbondings, which leave the value as it is."""
    for loss in row.losses:
        text = gettext("%(amount)s IFM: slash of %(node)s, %(offence)s.") % {
            "amount": ifm_signed(-loss.net), "node": loss.name or short(loss.node), "offence": offence(loss.offence),
        }  # fmt: skip
        yield ValueLine(text, link("slash", loss.slash))
    for flow in sorted(row.flows, key=lambda flow: flow.amount):
        yield ValueLine(
            gettext("%(amount)s IFM: %(kind)s.")
            % {"amount": ifm_signed(flow.amount), "kind": FLOW_TEXTS.get(flow.kind, flow.kind)}
        )
    for one in row.unbonded:
        text = gettext("Undelegated or unstaked %(amount)s IFM from %(node)s: it earns nothing while it unbonds.") % {
            "amount": short_digits(one.amount), "node": one.name or short(one.node),
        }  # fmt: skip
        yield ValueLine(text)
