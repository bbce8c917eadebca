"""`/proposals/` and `/proposals/ID/`: the list of proposals, and one with its changes, votes and effect."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from governance.models import Proposal
from governance.pages.dispute import open_epoch_or_404
from governance.pages.forms import VoteForm
from governance.pages.lifecycle import proposal_lifecycle
from governance.pages.parameter_labels import show, title
from governance.pages.parameters import Change
from governance.pages.tally import tally_of
from governance.pages.vote_list import vote_list
from governance.pages.vote_panel import Choice, VotePanel, accepts_votes, power_of
from governance.selectors.competition import Competitor, executes_epoch
from governance.selectors.overview import ballot_rows
from governance.selectors.proposals import ProposalFigures, proposal_figures
from governance.selectors.replays import Effect, effect_of
from protocol.errors import NotFound, ParameterOutOfBounds
from protocol.parameters import Parameters, apply_changes, numbers_of, to_json
from protocol.votes import PROPOSAL_CHOICES
from staking.models import ParameterSet
from staking.services import clock
from staking.services.epochs import OpenEpoch
from web import query_params
from web.current_user import signed_in_wallet
from web.formatting import grouped_int
from web.listing import Option, Pager
from web.templatetags.components import STATES

ROWS = 20
STATUSES = tuple(value for value, _ in Proposal.Status.choices)


@require_safe
def proposal_list(request: HttpRequest) -> HttpResponse:
    """List the proposals, newest first."""
    status = query_params.choice(request.GET, "status", STATUSES)
    number = query_params.page(request.GET)
    proposals = Proposal.objects.filter(**({"status": status} if status else {})).order_by("-pk")
    start = (number - 1) * ROWS
    rows = ballot_rows(proposals[start : start + ROWS], signed_in_wallet(request), now=clock.now())
    if number > 1 and not rows:
        raise Http404
    labels = [("", gettext("All")), *((value, str(STATES[f"proposal.{value}"][2])) for value in STATUSES)]
    context = {
        "rows": rows,
        "pager": Pager(number, ROWS, proposals.count(), (("status", status),)),
        "filters": [Option(value, label, value == status) for value, label in labels],
    }
    return render(request, "governance/proposals.html", context)


@require_safe
def proposal(request: HttpRequest, proposal: int) -> HttpResponse:
    return render(request, "governance/proposal.html", proposal_context(request, proposal))


def proposal_context(request: HttpRequest, proposal: int) -> dict[str, Any]:
    """Return the context of the page of a proposal. Raises: Http404."""
    try:
        figures = proposal_figures(proposal, votes=0)
    except NotFound:
        raise Http404 from None
    row, now, epoch, wallet = figures.proposal, clock.now(), open_epoch_or_404(), signed_in_wallet(request)
    panel = VotePanel(
        action=reverse("proposal-vote", args=[proposal]),
        question=gettext("Should the change be adopted?"),
        choices=_choices(),
        accepts_votes=accepts_votes(row, epoch, now),
        closes_at=figures.count.closes_at,
        power=power_of(row, wallet, epoch) if wallet else None,
    )
    return {
        "figures": figures,
        "proposal": row,
        "lifecycle": proposal_lifecycle(row, figures.executes_epoch, now),
        "tally": tally_of(row, figures.count),
        "panel": panel,
        "vote_form": VoteForm(choices=panel.choices),
        "votes": vote_list(request, row, PROPOSAL_CHOICES),
        "changes": proposed_changes(figures, epoch),
        "competing": [_competing(competitor, figures) for competitor in figures.competing],
        "effect": _effect(row, epoch.params, wallet),
    }


def proposed_changes(figures: ProposalFigures, epoch: OpenEpoch) -> list[Change]:
    """Return the proposed values with the values that they replaced or would replace now."""
    proposal = figures.proposal
    before = _before(proposal, epoch)
    return [
        Change(key, title(key), show(key, before[key]), show(key, value))
        for key, value in numbers_of(proposal.changes)
    ]


def _competing(competitor: Competitor, figures: ProposalFigures) -> tuple[Proposal, str]:
    """Return another open proposal with a sentence about the parameters that both change and the value that wins."""
    other = competitor.proposal
    last = executes_epoch(other) if competitor.wins else figures.executes_epoch
    if competitor.wins:
        sentence = gettext(
            "It also changes %(names)s. If both pass, it is executed last, in the settlement of epoch %(n)s, and its "
            "value applies."
        )
    else:
        sentence = gettext(
            "It also changes %(names)s. If both pass, this proposal is executed last, in the settlement of epoch "
            "%(n)s, and its value applies."
        )
    names = ", ".join(title(key) for key in competitor.keys)
    return other, sentence % {"names": names, "n": grouped_int(last)}


def _before(proposal: Proposal, epoch: OpenEpoch) -> dict[str, Any]:
    if proposal.version is None:
        return dict(numbers_of(to_json(epoch.params)))
    former = ParameterSet.objects.filter(version=proposal.version - 1).values_list("values", flat=True)[0]
    return dict(numbers_of(former))


def _effect(proposal: Proposal, params: Parameters, wallet: str | None) -> Effect | None:
    """Return the replay of an open or passed proposal; None when a value is out of bounds now."""
    if proposal.status not in (Proposal.Status.VOTING, Proposal.Status.PASSED):
        return None
    try:
        return effect_of(apply_changes(params, proposal.changes), wallet)
    except ParameterOutOfBounds:
        return None


def _choices() -> list[Choice]:
    return [
        ("for", gettext("For"), gettext("Adopt the change")),
        ("against", gettext("Against"), gettext("Keep the current values")),
        ("abstain", gettext("Abstain"), gettext("Counts for the quorum only")),
    ]
