"""`/wallets/ADDR/statement/`: every movement of a wallet and what its stake earned, with the reasons."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from delegation.selectors.earnings import Earning, earnings
from delegation.selectors.statement import (
    Period,
    Statement,
    epochs_ending_in,
    movements,
    read_period,
    statement,
)
from ledger.history import Movement
from protocol.addresses import checksum, normalize
from protocol.errors import AddressInvalid, Invalid
from web import query_params
from web.current_user import signed_in_wallet
from web.listing import Pager
from web.templatetags.identity import short
from web.templatetags.refusals import said

LISTED = 50
EARNINGS_LISTED = 20


KINDS = {
    "faucet": gettext_lazy("Faucet"),
    "genesis": gettext_lazy("Genesis allocation"),
    "stake": gettext_lazy("Staked"),
    "delegate": gettext_lazy("Delegated"),
    "claim": gettext_lazy("Claimed"),
    "withdraw": gettext_lazy("Unbonding paid"),
    "refund": gettext_lazy("Delegation returned"),
    "dispute_deposit": gettext_lazy("Deposit of a dispute"),
    "deposit_returned": gettext_lazy("Deposit returned"),
}
SIDES = {
    "pool": gettext_lazy("pool of %s"),
    "stake": gettext_lazy("stake of %s"),
    "unbonding": gettext_lazy("unbonding of %s"),
    "rewards": gettext_lazy("rewards of %s"),
    "wallet": gettext_lazy("wallet %s"),
}


@dataclass(frozen=True, slots=True)
class MovementRow:
    """A movement in words; `node` is the address of the node on the other side, "" when there is none."""

    movement: Movement
    kind: str
    other: str
    node: str


@dataclass(frozen=True, slots=True)
class StatementPage:
    """`first` and `last`: the days as they were typed; `error`: what is wrong with them."""

    found: Statement
    rows: tuple[MovementRow, ...]
    pager: Pager
    earnings: tuple[Earning, ...]
    more_earnings: str
    first: str
    last: str
    csv: str
    json: str
    earnings_csv: str
    error: str = ""


@require_safe
def statement_view(request: HttpRequest, address: str) -> HttpResponse:
    try:
        wallet = normalize(address)
    except AddressInvalid:
        raise Http404 from None
    first, last = (query_params.single(request.GET, name)[:10] for name in ("from", "to"))
    period, error = _period(first, last)
    page = _page(request, wallet, period, first, last, error)
    context = {"page": page, "yours": signed_in_wallet(request) == wallet}
    return render(request, "delegation/statement.html", context, status=400 if error else 200)


def _period(first: str, last: str) -> tuple[Period, str]:
    try:
        return read_period(first, last), ""
    except Invalid as refusal:
        return Period(), said(refusal)


def _page(
    request: HttpRequest, wallet: str, period: Period, first: str, last: str, error: str
) -> StatementPage:
    found = statement(wallet, period)
    number = query_params.page(request.GET)
    days = tuple((name, value) for name, value in (("from", first), ("to", last)) if value and not error)
    rows = movements(wallet, period, limit=LISTED, offset=(number - 1) * LISTED, newest_first=True)
    from_epoch, to_epoch = epochs_ending_in(period)
    past = query_params.page(request.GET, "earned")
    earned = earnings(
        wallet,
        first=from_epoch,
        last=to_epoch,
        limit=EARNINGS_LISTED + 1,
        offset=(past - 1) * EARNINGS_LISTED,
    )
    return StatementPage(
        found=found,
        rows=tuple(_row(row) for row in rows),
        pager=Pager(number, LISTED, found.sums.movements, days),
        earnings=tuple(earned[:EARNINGS_LISTED]),
        more_earnings="?" + urlencode([*days, ("earned", past + 1)]) if len(earned) > EARNINGS_LISTED else "",
        first=first,
        last=last,
        csv=_download("api-statement", wallet, days, "csv"),
        json=_download("api-statement", wallet, days, "json"),
        earnings_csv=_download("api-rewards", wallet, days, "csv"),
        error=error,
    )


def _row(movement: Movement) -> MovementRow:
    account, _, address = movement.other.partition(":")
    kind = str(KINDS.get(movement.kind, movement.kind.replace("_", " ").capitalize()))
    if not address:
        return MovementRow(movement, kind, account.replace("_", " "), "")
    other = str(SIDES[account]) % short(address)
    return MovementRow(movement, kind, other, "" if account == "wallet" else address)


def _download(door: str, wallet: str, days: tuple[tuple[str, str], ...], form: str) -> str:
    query = urlencode([*days, ("format", form)])
    return f"{reverse(door, args=[checksum(wallet)])}?{query}"
