"""`/governance/`: open votes, votes that the signed-in wallet can cast, recent outcomes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from governance.pages.dispute import open_epoch_or_404
from governance.selectors.overview import overview
from staking.selectors.voting_power import quorum_base, voting_power
from staking.services import clock
from web.current_user import signed_in_wallet


@require_safe
def governance(request: HttpRequest) -> HttpResponse:
    epoch, wallet = open_epoch_or_404(), signed_in_wallet(request)
    power = voting_power(wallet, epoch=epoch.number) if wallet else None
    context = {
        "page": overview(wallet, now=clock.now()),
        "epoch": epoch,
        "power": power,
        "base": quorum_base(epoch=epoch.number),
        "may_propose": power is not None and power >= epoch.params.proposal_threshold,
    }
    return render(request, "governance/overview.html", context)
