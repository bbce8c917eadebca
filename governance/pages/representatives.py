"""`/representatives/`: name representatives, and see whom the wallet represents (R57)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from governance.pages.dispute import open_epoch_or_404
from governance.pages.forms import RepresentativesForm, sent_fields
from governance.selectors.representation import Representatives, representatives_of
from governance.services.representatives import name_representatives
from protocol.addresses import checksum
from protocol.errors import ProtocolError
from staking.services import clock
from staking.services.epochs import OpenEpoch
from web import query_params
from web.confirmation import Confirmation, Result, Review, is_edit, respond
from web.current_user import wallet_required
from web.formatting import grouped_int

# A wallet to fill into both fields, for links from other pages.
WALLET = "wallet"


@require_http_methods(["GET", "HEAD", "POST"])
@wallet_required
def representatives(request: HttpRequest, wallet: str) -> HttpResponse:
    """GET: the form with the wallet's representatives. POST: the review, or the change when confirmed."""
    epoch, current = open_epoch_or_404(), representatives_of(wallet)
    form = RepresentativesForm(
        request.POST if request.method == "POST" else None,
        wallet=wallet,
        initial=_initial(request, current),
    )
    if form.is_bound and form.is_valid() and not is_edit(request):
        try:
            return respond(request, _confirmation(wallet, form, epoch))
        except ProtocolError as refusal:
            form.add_refusal(refusal)
    context = {"form": form, "current": current, "next_epoch": epoch.number + 1}
    return render(request, "governance/representatives.html", context, status=form.status)


def _initial(request: HttpRequest, current: Representatives) -> dict[str, str | None]:
    suggested = query_params.single(request.GET, WALLET)
    return {kind: suggested or named for kind, named in current.named.items()}


def _confirmation(wallet: str, form: RepresentativesForm, epoch: OpenEpoch) -> Confirmation[None]:
    now, named = clock.now(), form.named()
    return Confirmation(
        wallet=wallet, name="representatives", fields=sent_fields(form), now=now,
        run=lambda: name_representatives(wallet=wallet, named=named, now=now),
        review=lambda _: _review(named, epoch),
        result=lambda *_: Result(reverse("representatives"), gettext("Your representatives are saved.")),
    )  # fmt: skip


def _review(named: dict[str, str | None], epoch: OpenEpoch) -> Review:
    addresses = {kind: checksum(address) if address else "" for kind, address in named.items()}
    rows: list[tuple[str, Any]] = [
        (gettext("For disputes"), addresses["disputes"] or gettext("nobody")),
        (gettext("For proposals"), addresses["proposals"] or gettext("nobody")),
        (
            gettext("Applies to votes opened from"),
            gettext("epoch %s") % grouped_int(epoch.number + 1),
        ),
    ]
    options = " ".join(f"--{kind} {address or 'none'}" for kind, address in addresses.items())
    return Review(
        title=gettext("Change your representatives"),
        rows=rows,
        warning=gettext(
            "When you do not vote, your power counts for the choice of your representative. "
            "Your own vote always replaces it. Your choice is public."
        ),
        button=gettext("Save"),
        harmless=True,
        command=f"infra represent {options}",
    )
