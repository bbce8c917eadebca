"""`/governance/`: open votes, votes that the signed-in wallet can cast, recent outcomes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from governance.pages.dispute import open_epoch_or_404
from governance.selectors.overview import overview
from postgres.batched_reads import batched_reads
from staking.selectors.voting_power import quorum_base, voting_power
from staking.services import clock
from web.current_user import signed_in_wallet


@require_safe
def governance(request: HttpRequest) -> HttpResponse:
    epoch, wallet = open_epoch_or_404(), signed_in_wallet(request)
    now = clock.now()
    with batched_reads() as reads:
        page = reads.submit(overview, wallet, now=now)
        own = reads.submit(voting_power, wallet, epoch=epoch.number) if wallet else None
        base = reads.submit(quorum_base, epoch=epoch.number)
    power = own.result() if own else None
    context = {
        "page": page.result(),
        "epoch": epoch,
        "power": power,
        "base": base.result(),
    }
    return render(request, "governance/overview.html", context)
