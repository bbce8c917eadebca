"""`/compare/?n=…`: up to four nodes side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_safe

from delegation.pages.estimate_form import EstimateForm
from delegation.selectors.estimates import recent_cut
from delegation.selectors.returns import WINDOWS, Returns, returns_of
from delegation.selectors.what_if import replay_on
from protocol.addresses import checksum, normalize
from protocol.delegation_replay import Replay
from protocol.errors import AddressInvalid
from protocol.parameters import Parameters
from protocol.projection import Past, Projection, project
from staking.models import Node, ShareChange
from staking.models.node_sql import APR_EPOCHS
from staking.pages.leaderboard_rows import is_measured, state_of
from staking.selectors.estimates import pasts_of
from staking.selectors.node_figures import NodeFigures, read_figures
from staking.selectors.rankings import latest_id
from staking.services.epochs import open_epoch
from staking.templatetags.node_cells import region_name
from web.current_user import signed_in_wallet
from web.formatting import amount_digits, grouped_int, percent, percentile, rate, short_digits, times
from web.number_input import canonical_number

MAX_COMPARED = 4
DASH = "–"


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    best: bool = False


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the comparison; the best values are marked where there is a better and a worse."""

    label: str
    cells: tuple[Cell, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A node that is compared; `without`: the address of the page without it."""

    node: NodeFigures
    state: str
    returns: Returns
    cut: ShareChange | None
    without: str
    projection: Projection | None
    replay: Replay | None


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    wanted, dropped = _wanted(request.GET.getlist("n"))
    form = EstimateForm(request.GET if request.GET.get("amount") else None, auto_id="%s")
    amount = (form.cleaned_data["amount"] or 0) if form.is_valid() else 0
    columns = _columns(wanted, amount)
    context = {
        "columns": columns,
        "amount": amount,
        "measures": _measures(columns, amount),
        "form": form,
        "dropped": dropped,
        "unknown": len(wanted) - len(columns),
        "wallet": signed_in_wallet(request),
    }
    return render(request, "delegation/compare.html", context)


def _wanted(texts: Sequence[str]) -> tuple[list[str], int]:
    """The first four different addresses, and how many more were asked for."""
    addresses: list[str] = []
    for text in texts[:64]:
        try:
            address = normalize(text.strip())
        except AddressInvalid:
            continue
        if address not in addresses:
            addresses.append(address)
    return addresses[:MAX_COMPARED], max(len(addresses) - MAX_COMPARED, 0)


def _columns(wanted: list[str], amount: int) -> list[Column]:
    epoch = open_epoch()
    ids = dict(Node.objects.filter(address__in=wanted).values_list("address", "id"))
    known = [address for address in wanted if address in ids]
    if epoch is None or not known:
        return []
    figures = read_figures([ids[address] for address in known], epoch=epoch, ranking=latest_id())
    returns = returns_of([node.id for node in figures])
    changes: dict[int, list[ShareChange]] = {node.id: [] for node in figures}
    for change in ShareChange.objects.filter(node_id__in=changes).order_by("-from_epoch"):
        changes[change.node_id].append(change)
    pasts = pasts_of([node.id for node in figures], epoch=epoch.number) if amount else {}
    replays = replay_on([node.id for node in figures], amount=amount, epochs=APR_EPOCHS) if amount else {}
    tried = [("amount", canonical_number(amount, 6))] if amount else []
    return [
        Column(
            node, state_of(node), returns[node.id], recent_cut(changes[node.id], epoch=epoch.number),
            "?" + urlencode([("n", checksum(other)) for other in known if other != node.address] + tried),
            _projected(pasts.get(node.id), epoch.params, amount), replays.get(node.id),
        )
        for node in figures
    ]  # fmt: skip


def _projected(past: Past | None, params: Parameters, amount: int) -> Projection | None:
    """The projected earnings of an amount on the node; None without an amount or without a settled epoch."""
    return project(params, past, held=0, amount=amount) if past and amount else None


def _measures(columns: list[Column], amount: int) -> list[Measure]:
    nodes = [column.node for column in columns]
    measured = [is_measured(node) for node in nodes]

    def line(
        label: str, values: Sequence[Any], shown: Callable[[Any], str], better: int = 1, note: str = ""
    ) -> Measure:
        return Measure(label, _cells(values, shown, better), note)

    def known(name: str) -> list[Any]:
        return [getattr(node, name) if seen else None for node, seen in zip(nodes, measured, strict=True)]

    aprs = [
        line(
            gettext("APR, last %d epochs") % size,
            [_apr(c, size) for c in columns],
            lambda bps: percent(bps, 1),
            note=gettext("paid") if size == WINDOWS[0] else "",
        )
        for size in WINDOWS
    ]
    expected = [
        line(
            gettext("APR for %s IFM") % amount_digits(amount),
            [None if c.projection is None or c.returns.is_new else c.projection.apr_bps for c in columns],
            lambda bps: percent(bps, 1),
            note=gettext("estimate"),
        ),
        line(
            gettext("Your reward per epoch, IFM"),
            [None if c.projection is None or c.returns.is_new else c.projection.per_epoch for c in columns],
            short_digits,
            note=gettext("estimate"),
        ),
        _replayed(columns, amount),
    ]
    return [
        *aprs,
        *(expected if amount else ()),
        line(gettext("Rank"), [node.rank for node in nodes], grouped_int, -1),
        line(gettext("Score"), known("score_bps"), grouped_int),
        line(gettext("Q factor"), known("q_bps"), times),
        line(gettext("SLA"), [node.sla_bps for node in nodes], percent),
        line(gettext("Uptime"), known("uptime_bps"), percent),
        line(
            gettext("Latency"),
            [None if node.latency_ms is None else node.latency_percentile_bps for node in nodes],
            percentile,
        ),
        line(gettext("Reputation"), [node.reputation for node in nodes], grouped_int),
        line(
            gettext("Delegator share"),
            [node.delegator_share_bps for node in nodes],
            rate,
        ),
        line(gettext("Tier"), [node.tier for node in nodes], str),
        line(gettext("Own stake, IFM"), [node.self_stake for node in nodes], lambda v: amount_digits(v, 0)),
        line(gettext("Delegated, IFM"), [node.delegated for node in nodes], lambda v: amount_digits(v, 0), 0),
        Measure(gettext("Left under the cap, IFM"), tuple(_cap_left(node) for node in nodes)),
        Measure(gettext("Custody"), tuple(Cell(_custody(node)) for node in nodes)),
        Measure(gettext("Region"), tuple(Cell(region_name(node.region)) for node in nodes)),
    ]


def _replayed(columns: list[Column], amount: int) -> Measure:
    """Results of the replays; the best is marked only where all have the same number of epochs."""
    counts = [len(column.replay.epochs) for column in columns if column.replay]
    most = max(counts, default=APR_EPOCHS)

    def shown(replay: Replay) -> str:
        text, count = amount_digits(replay.result, 2), len(replay.epochs)
        return text if count == most else ngettext("%(result)s in %(n)d epoch", "%(result)s in %(n)d epochs", count) % {
            "result": text, "n": count,
        }  # fmt: skip

    label = ngettext(
        "Result of %(amount)s IFM over the last %(n)d epoch, IFM",
        "Result of %(amount)s IFM over the last %(n)d epochs, IFM",
        most,
    )
    cells = _cells(
        [column.replay for column in columns], shown, better=len(set(counts)) == 1, key=lambda one: one.result
    )
    return Measure(label % {"amount": amount_digits(amount), "n": most}, cells, gettext("replayed"))


def _apr(column: Column, size: int) -> int | None:
    """Of the window of the ranking the ranking's own figure, as everywhere; None for a new node."""
    if column.returns.is_new:
        return None
    return column.node.estimated_apr_bps if size == APR_EPOCHS else column.returns.apr_bps[size]


def _cells(
    values: Sequence[Any],
    shown: Callable[[Any], str],
    better: int,
    key: Callable[[Any], Any] = lambda value: value,
) -> tuple[Cell, ...]:
    keys = [None if value is None else key(value) for value in values]
    present = [one for one in keys if one is not None]
    best = max(present, key=lambda one: one * better) if better and len(set(present)) > 1 else None
    return tuple(
        Cell(DASH) if value is None else Cell(shown(value), best is not None and one == best)
        for value, one in zip(values, keys, strict=True)
    )


def _cap_left(node: NodeFigures) -> Cell:
    left = node.delegation_room
    return Cell(gettext("no cap") if left is None else amount_digits(left, 0))


def _custody(node: NodeFigures) -> str:
    return gettext("custodial") if node.custodial else gettext("non-custodial")
