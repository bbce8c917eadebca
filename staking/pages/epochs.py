"""`/epochs/` and `/epochs/N/`."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from chain.selectors import anchors_of
from protocol.addresses import checksum, normalize
from protocol.amounts import format_amount
from protocol.errors import AddressInvalid
from staking.charts.epoch import network
from staking.models import Epoch
from staking.pages import epoch_report
from staking.pages.epoch_view_models import EpochsPage
from staking.selectors import epoch_report as report
from staking.services.epochs import parameters_of
from web import query_params
from web.csv_download import download
from web.listing import Pager, Sort

LISTED = 25
NODES_LISTED = 20
CHARTED = 60
DEFAULT_ORDER = "-reward"
# Columns of the download that are amounts: decimal IFM there, the rest are integers.
IN_IFM = frozenset({"credits", "reward", "operator_reward", "delegators_reward", "honest_reward", "slashed"})


@require_safe
def epoch_list(request: HttpRequest) -> HttpResponse:
    number = query_params.page(request.GET)
    listed, count = report.epochs(limit=LISTED, offset=(number - 1) * LISTED)
    if number > 1 and not listed:
        raise Http404
    totals, anchors = report.totals(), anchors_of([epoch.number for epoch in listed])
    page = EpochsPage(
        rows=tuple(epoch_report.list_row(epoch, anchors[epoch.number]) for epoch in listed),
        pager=Pager(number, LISTED, count),
        settled=totals.settled,
        distributed=totals.distributed,
        burned=totals.burned,
        emission=_emission(),
        chart=network(report.recent_settled(CHARTED)),
    )
    return render(request, "staking/epochs.html", {"page": page})


@require_safe
def epoch_page(request: HttpRequest, number: int) -> HttpResponse:
    epoch = report.epoch(number)
    if epoch is None:
        raise Http404
    if "proof" in request.GET:
        return _proof(number, query_params.single(request.GET, "proof"))
    if query_params.choice(request.GET, "format", ("csv",)) and epoch.status == Epoch.Status.SETTLED:
        return download(f"inframind-epoch-{number}", *_export(number))
    return render(request, "staking/epoch.html", {"page": _page(request, epoch)})


def _page(request: HttpRequest, epoch: Epoch) -> Any:
    search, number = query_params.search(request.GET), query_params.page(request.GET)
    ordering = query_params.order(request.GET, frozenset(report.ORDERINGS), DEFAULT_ORDER)
    query = (("q", search), ("sort", "" if ordering == DEFAULT_ORDER else ordering))
    rows, count = report.node_rows(
        epoch.number, search=search, ordering=ordering, limit=NODES_LISTED, offset=(number - 1) * NODES_LISTED
    )
    if number > 1 and not rows:
        raise Http404
    return epoch_report.page_of(
        epoch,
        rows=rows,
        pager=Pager(number, NODES_LISTED, count, query),
        sort=Sort(ordering, DEFAULT_ORDER, query),
        search=search,
        newest=report.newest(),
    )


def _proof(number: int, address: str) -> HttpResponse:
    """A form without script asks for a proof by address; the proof has a page of its own."""
    try:
        node = checksum(normalize(address))
    except AddressInvalid:
        raise Http404 from None
    return HttpResponseRedirect(reverse("proof", args=[number, node]))


def _export(number: int) -> tuple[list[str], list[list[Any]]]:
    head = [name.removeprefix("node__") for name in report.EXPORT_FIELDS]
    return head, [
        [_exported(name, value) for name, value in zip(head, row, strict=True)]
        for row in report.export_rows(number)
    ]


def _exported(name: str, value: Any) -> Any:
    if name == "address":
        return checksum(value)
    return format_amount(int(value)) if name in IN_IFM else value


def _emission() -> int:
    version = report.current_parameters()
    return parameters_of(version.digest).emission_per_epoch if version else 0
