"""`/proposals/` and `/proposals/ID/`: what is asked of the DAO, how it stands, what it would change."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from governance.models import Proposal
from governance.pages.dispute import running_epoch
from governance.pages.lifecycle import course_of_proposal
from governance.pages.parameter_labels import flat, show, title
from governance.pages.parameters import Change
from governance.pages.tally import tally_of
from governance.pages.vote_list import vote_list
from governance.pages.voting_power import power_of
from governance.selectors.overview import lines
from governance.selectors.proposals import ProposalFigures, proposal_figures
from governance.selectors.replays import Effect, effect_of
from governance.voting_periods import is_before_end
from protocol.errors import NotFound, ParameterOutOfBounds
from protocol.parameters import Parameters, apply_changes, to_json
from protocol.votes import PROPOSAL_CHOICES
from staking.models import ParameterSet
from staking.services import clock
from staking.services.epochs import OpenEpoch
from web import query_params
from web.current_user import signed_in_wallet
from web.listing import Option, Pager
from web.templatetags.components import STATES

ROWS = 20
STATUSES = tuple(value for value, _ in Proposal.Status.choices)


@require_safe
def proposal_list(request: HttpRequest) -> HttpResponse:
    """Every proposal, the newest first."""
    status = query_params.choice(request.GET, "status", STATUSES)
    number = query_params.page(request.GET)
    found = Proposal.objects.filter(**({"status": status} if status else {})).order_by("-pk")
    start = (number - 1) * ROWS
    shown = lines(found[start : start + ROWS], signed_in_wallet(request))
    if number > 1 and not shown:
        raise Http404
    labels = [("", gettext("All")), *((value, str(STATES[f"proposal.{value}"][2])) for value in STATUSES)]
    context = {
        "lines": shown,
        "pager": Pager(number, ROWS, found.count(), (("status", status),)),
        "filters": [Option(value, label, value == status) for value, label in labels],
    }
    return render(request, "governance/proposals.html", context)


@require_safe
def proposal(request: HttpRequest, proposal: int) -> HttpResponse:
    return render(request, "governance/proposal.html", proposal_context(request, proposal))


def proposal_context(request: HttpRequest, proposal: int) -> dict[str, Any]:
    """What the page of a proposal is given. Raises: Http404."""
    try:
        figures = proposal_figures(proposal, votes=0)
    except NotFound:
        raise Http404 from None
    found, now, epoch, wallet = figures.proposal, clock.now(), running_epoch(), signed_in_wallet(request)
    running = found.status == Proposal.Status.VOTING and is_before_end(found.closes_epoch, epoch, now)
    return {
        "figures": figures,
        "proposal": found,
        "course": course_of_proposal(found, figures.executes_epoch, now),
        "tally": tally_of(found, figures.count),
        "power": power_of(found, wallet, epoch) if wallet else None,
        "open": running,
        "choices": _choices(),
        "votes": vote_list(request, found, PROPOSAL_CHOICES),
        "changes": changes_asked(figures, epoch),
        "effect": _effect(found, epoch.params, wallet),
    }


def changes_asked(figures: ProposalFigures, epoch: OpenEpoch) -> list[Change]:
    """What is asked, number by number, beside what it replaced or would replace now."""
    proposal = figures.proposal
    before = _before(proposal, epoch)
    return [
        Change(key, title(key), show(key, before[key]), show(key, value))
        for key, value in flat(proposal.changes)
    ]


def _before(proposal: Proposal, epoch: OpenEpoch) -> dict[str, Any]:
    if proposal.version is None:
        return dict(flat(to_json(epoch.params)))
    former = ParameterSet.objects.filter(version=proposal.version - 1).values_list("values", flat=True)[0]
    return dict(flat(former))


def _effect(proposal: Proposal, params: Parameters, wallet: str | None) -> Effect | None:
    """The replay, while the proposal can still act; None when its bounds do not hold now."""
    if proposal.status not in (Proposal.Status.VOTING, Proposal.Status.PASSED):
        return None
    try:
        return effect_of(apply_changes(params, proposal.changes), wallet)
    except ParameterOutOfBounds:
        return None


def _choices() -> list[tuple[str, str, str]]:
    return [
        ("for", gettext("For"), gettext("The change shall be made")),
        ("against", gettext("Against"), gettext("Things shall stay as they are")),
        ("abstain", gettext("Abstain"), gettext("Counts for the quorum only")),
    ]
