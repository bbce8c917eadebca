"""`/watchlist/`: star nodes, or take the star away; stars of a browser move to the wallet that signs in."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from protocol.errors import ProtocolError
from staking.services import clock, watchlist
from web.current_user import wallet_required
from web.forms import AddressesField
from web.templatetags.refusals import refusal_text


class StarForm(forms.Form):
    """Nodes to star and to unstar, by address."""

    watch = AddressesField(required=False, max_length=watchlist.MAX_NODES)
    unwatch = AddressesField(required=False, max_length=watchlist.MAX_NODES)


@require_POST
@wallet_required
def change(request: HttpRequest, wallet: str) -> HttpResponse:
    """A script gets 204, a form goes back to its page. Raises: BadRequest."""
    form = StarForm(request.POST)
    if not form.is_valid():
        raise BadRequest("watch or unwatch is not an address")
    try:
        watchlist.watch_all(nodes=form.cleaned_data["watch"], wallet=wallet, now=clock.now())
    except ProtocolError as refusal:
        if _is_script(request):
            return HttpResponse(
                refusal_text(refusal), status=refusal.status, content_type="text/plain; charset=utf-8"
            )
        messages.error(request, refusal_text(refusal))
    for address in form.cleaned_data["unwatch"]:
        watchlist.unwatch(node=address, wallet=wallet)
    if _is_script(request):
        return HttpResponse(status=204)
    return HttpResponseRedirect(_back(request), status=303)


def _is_script(request: HttpRequest) -> bool:
    return request.headers.get("X-Requested-With") == "fetch"


def _back(request: HttpRequest) -> str:
    referrer = request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(
        referrer, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return referrer if safe else reverse("nodes")
