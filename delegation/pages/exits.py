"""`/wallets/ADDR/exits/`: a wallet's exits and the transactions that release them; anyone may send those (R55)."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from chain.configuration import chain_configuration
from protocol.addresses import normalize
from protocol.errors import AddressInvalid
from staking.selectors.exits import exits_of_wallet
from staking.services.exits import has_token
from web.current_user import signed_in_wallet

LISTED = 20


@require_safe
def wallet_exits(request: HttpRequest, address: str) -> HttpResponse:
    """The wallet's exits, the newest first."""
    try:
        wallet = normalize(address)
    except AddressInvalid:
        raise Http404 from None
    context = {
        "owner": wallet,
        "mine": signed_in_wallet(request) == wallet,
        "exits": exits_of_wallet(wallet, limit=LISTED),
        "listed": LISTED,
        "has_token": has_token(),
        "chain": chain_configuration(),
    }
    return render(request, "delegation/exits.html", context)
