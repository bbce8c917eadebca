"""`/wallets/ADDR/statement/`: every movement of a wallet and what its stake earned, with the factors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from chain.selectors import EpochAnchor, anchors_of, last_final_epoch
from delegation.pages.account_labels import account_label, kind_label
from delegation.selectors.earnings import Earning, earnings
from delegation.selectors.statement import (
    Line,
    Period,
    Statement,
    epochs_ending_in,
    lines,
    statement,
)
from protocol.addresses import checksum, normalize
from protocol.errors import AddressInvalid
from web import query_params
from web.current_user import signed_in_wallet
from web.forms import PageForm
from web.listing import Pager

LISTED = 50
EARNINGS_LISTED = 20
TAX_TOOLS = (("koinly", "Koinly"), ("cointracking", "CoinTracking"))


@dataclass(frozen=True, slots=True)
class MovementRow:
    """A movement in words; `node`: the address of the node on the other side, "" without one.

    `anchor`: where the epoch of a slash stands on the chain; None for all other movements.
    """

    movement: Line
    kind: str
    other: str
    node: str
    anchor: EpochAnchor | None = None


@dataclass(frozen=True, slots=True)
class EarningRow:
    """Earnings on a node in an epoch, and the state of the epoch's anchor."""

    earning: Earning
    anchor: EpochAnchor


class PeriodForm(PageForm):
    """The first and the last day of a statement, in UTC; nothing typed is open."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)
        # "from" is a keyword of Python, and the name that the API has.
        self.fields["from"] = _day_field(gettext("First day, UTC"))
        self.fields["to"] = _day_field(gettext("Last day, included"))
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-control"

    def clean(self) -> dict[str, Any]:
        days: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = days.get("from"), days.get("to")
        if first and last and last < first:
            self.add_error(
                "to", ValidationError(gettext("Enter a last day that is not before the first."), "invalid")
            )
        return days

    @property
    def period(self) -> Period:
        """The chosen period; all time when something is wrong."""
        if not self.is_valid():
            return Period()
        return Period(self.cleaned_data["from"], self.cleaned_data["to"])


@dataclass(frozen=True, slots=True)
class StatementPage:
    """The statement of a period; `more_earnings`, `csv`, `json` and `earnings_csv` are addresses.

    `anchored`: the latest epoch that is final on the chain; None without a chain.
    `presets`: the names of tax tools with the addresses of files that they import.
    """

    statement: Statement
    form: PeriodForm
    rows: tuple[MovementRow, ...]
    pager: Pager
    earnings: tuple[EarningRow, ...]
    more_earnings: str
    csv: str
    json: str
    earnings_csv: str
    anchored: int | None
    presets: tuple[tuple[str, str], ...]


@require_safe
def statement_view(request: HttpRequest, address: str) -> HttpResponse:
    try:
        wallet = normalize(address)
    except AddressInvalid:
        raise Http404 from None
    form = PeriodForm(request.GET)
    page = _page(request, wallet, form)
    context = {"page": page, "yours": signed_in_wallet(request) == wallet}
    return render(request, "delegation/statement.html", context, status=form.status)


def _page(request: HttpRequest, wallet: str, form: PeriodForm) -> StatementPage:
    period = form.period
    number, earlier = query_params.page(request.GET), query_params.page(request.GET, "earned")
    days = tuple(
        (name, day.isoformat())
        for name, day in (("from", period.first), ("to", period.last))
        if day is not None
    )
    totals = statement(wallet, period)
    count = totals.sums.movements
    # Rows are only added, so skipping those that came later keeps the pages as they were on the first one.
    seen = min(query_params.number(request.GET, "rows") or count, count)
    rows = lines(wallet, period, limit=LISTED, offset=count - seen + (number - 1) * LISTED, newest_first=True)
    first, last = epochs_ending_in(period)
    offset = (earlier - 1) * EARNINGS_LISTED
    earned = earnings(wallet, first=first, last=last, limit=EARNINGS_LISTED + 1, offset=offset)
    shown = earned[:EARNINGS_LISTED]
    anchors = anchors_of({row.epoch for row in shown} | {row.epoch for row in rows if row.slash is not None})
    more = "?" + urlencode([*days, ("earned", earlier + 1)]) if len(earned) > EARNINGS_LISTED else ""
    return StatementPage(
        statement=totals,
        form=form,
        rows=tuple(_row(row, anchors.get(row.epoch) if row.slash is not None else None) for row in rows),
        pager=Pager(number, LISTED, seen, (*days, ("rows", str(seen)))),
        earnings=tuple(EarningRow(row, anchors[row.epoch]) for row in shown),
        more_earnings=more,
        csv=_download("api-statement", wallet, days, "csv"),
        json=_download("api-statement", wallet, days, "json"),
        earnings_csv=_download("api-rewards", wallet, days, "csv"),
        anchored=last_final_epoch(),
        presets=tuple(
            (name, _download("api-statement", wallet, (*days, ("preset", preset)), "csv"))
            for preset, name in TAX_TOOLS
        ),
    )


def _day_field(label: str) -> forms.DateField:
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return forms.DateField(
        label=label, required=False, input_formats=["%Y-%m-%d"], widget=widget,
        error_messages={"invalid": gettext("Enter a day as year-month-day, for example 2026-01-31.")},
    )  # fmt: skip


def _row(movement: Line, anchor: EpochAnchor | None) -> MovementRow:
    account, _, address = movement.other.partition(":")
    other = account_label(movement.other) if movement.other else ""
    node = "" if account == "wallet" else address
    return MovementRow(movement, kind_label(movement.kind), other, node, anchor)


def _download(endpoint: str, wallet: str, days: tuple[tuple[str, str], ...], file_format: str) -> str:
    query = urlencode([*days, ("format", file_format)])
    return f"{reverse(endpoint, args=[checksum(wallet)])}?{query}"
