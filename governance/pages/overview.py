"""`/governance/`: what is open, what I can vote on, what closes soon, and what was decided."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from governance.pages.dispute import running_epoch
from governance.selectors.overview import overview
from staking.selectors.voting_power import quorum_base, voting_power
from web.current_user import signed_in_wallet


@require_safe
def governance(request: HttpRequest) -> HttpResponse:
    epoch, wallet = running_epoch(), signed_in_wallet(request)
    power = voting_power(wallet, epoch=epoch.number) if wallet else None
    context = {
        "page": overview(wallet),
        "epoch": epoch,
        "power": power,
        "base": quorum_base(epoch=epoch.number),
        "may_propose": power is not None and power >= epoch.params.proposal_threshold,
    }
    return render(request, "governance/overview.html", context)
