"""`/faucet/`: test tokens for a new wallet, on a devnet."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from staking.services import clock, faucet
from web.current_user import wallet_required
from web.formatting import amount_digits
from web.return_page import return_page


@require_POST
@wallet_required
def get_tokens(request: HttpRequest, wallet: str) -> HttpResponse:
    """Issue the first tokens; again has no effect. Returns to the page `next`, else to the portfolio.

    Raises: Http404 where it is closed.
    """
    if not faucet.is_open():
        raise Http404
    amount = {"amount": amount_digits(faucet.FIRST_TOKENS)}
    if faucet.has_first_tokens(wallet):
        text = gettext("Your wallet got its %(amount)s IFM of test tokens before. Nothing was added.")
        messages.info(request, text % amount)
    else:
        faucet.fund_first(wallet=wallet, now=clock.now())
        text = gettext("%(amount)s IFM of test tokens are in your wallet. Choose a node next.")
        messages.success(request, text % amount)
    back = return_page(request, request.POST.get("next", ""))
    return HttpResponseRedirect(back or reverse("portfolio"), status=303)
