"""`/wallets/ADDR/deposits/`: deposits of a wallet, and the transaction for a new one (R54)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from chain.configuration import ChainConfiguration, chain_configuration
from chain.locks import lock_transaction
from chain.selectors import chain_status, mirror_cursor, problem_of
from chain_sync.selectors import deposits
from chain_sync.token_faucet import TOKENS, has_faucet, send_development_tokens
from protocol.addresses import normalize
from protocol.errors import AddressInvalid
from web.current_user import signed_in_wallet, wallet_required
from web.formatting import amount_digits
from web.forms import AmountField, PageForm

LISTED = 20


class LockForm(PageForm):
    """The amount to lock, in µIFM."""

    amount = AmountField(label=gettext_lazy("Amount"), min_value=1)


@require_safe
def wallet_deposits(request: HttpRequest, address: str) -> HttpResponse:
    """The wallet's deposits, the newest first; its owner gets the transaction of another one."""
    try:
        wallet = normalize(address)
    except AddressInvalid:
        raise Http404 from None
    configuration = chain_configuration()
    if configuration is not None and not configuration.token:
        configuration = None
    mine = signed_in_wallet(request) == wallet
    form = LockForm(request.GET if "amount" in request.GET else None) if mine and configuration else None
    context = {
        "owner": wallet,
        "mine": mine,
        "chain": configuration,
        "deposits": deposits(wallet, limit=LISTED) if configuration else [],
        "listed": LISTED,
        "problem": _problem() if configuration else None,
        "form": form,
        "transaction": _transaction(form, configuration, wallet),
        "has_faucet": mine and has_faucet(),
        "faucet_amount": TOKENS,
    }
    response = render(request, "chain/deposits.html", context, status=form.status if form else 200)
    if mine:
        response["Cache-Control"] = "no-store"
    return response


@require_POST
@wallet_required
def get_tokens(request: HttpRequest, wallet: str) -> HttpResponse:
    """Send tokens on the development chain. Raises: Http404 on any other chain."""
    if not has_faucet():
        raise Http404
    if send_development_tokens(wallet=wallet):
        text = gettext(
            "%(amount)s IFM and ether for gas are in your wallet on the development chain. Lock some next."
        )
        messages.success(request, text % {"amount": amount_digits(TOKENS)})
    else:
        messages.error(request, gettext("The development chain does not answer. Try again in a moment."))
    return HttpResponseRedirect(reverse("deposits", args=[wallet]), status=303)


def _transaction(form: LockForm | None, configuration: ChainConfiguration | None, owner: str) -> Any:
    if form is None or configuration is None or not form.is_bound or not form.is_valid():
        return None
    return lock_transaction(configuration, owner, form.cleaned_data["amount"])


def _problem() -> Any:
    """Return the problem that stops deposits; before the first read of deposits, that of the chain."""
    cursor = mirror_cursor()
    return problem_of(cursor if cursor is not None else chain_status())
