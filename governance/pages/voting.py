"""Vote on a dispute or a proposal: form, review, confirmation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from governance.models import Proposal, Vote
from governance.pages import labels
from governance.pages.confirm import Review, is_confirmation, redirect_get_to, run_confirmed, show_review
from governance.pages.dispute import dispute_context, open_epoch_or_404
from governance.pages.proposals import proposal_context
from governance.pages.tally import TallyCard, tally_of
from governance.pages.voting_power import Power, power_of
from governance.selectors.disputes import dispute_figures
from governance.selectors.proposals import proposal_figures
from governance.selectors.tallies import Ballot, VoteCount
from governance.services.votes import vote_dispute, vote_proposal
from protocol.errors import NotFound, ProtocolError
from staking.services import clock
from web.current_user import wallet_required
from web.form_idempotency import dry_run
from web.formatting import amount_digits, ifm_unit, zoned

Context = Callable[[HttpRequest, int], dict[str, Any]]


@redirect_get_to("dispute")
@wallet_required
def vote_on_dispute(request: HttpRequest, wallet: str, dispute: int) -> HttpResponse:
    """Review the vote, or cast it when the review was confirmed."""
    try:
        figures = dispute_figures(dispute, votes=0)
    except NotFound:
        raise Http404 from None
    here = reverse("dispute", args=[dispute])
    name = figures.node.name or figures.node.address

    def cast() -> Vote:
        choice, reason = _posted(request)
        return vote_dispute(dispute=dispute, choice=choice, reason=reason, wallet=wallet, now=clock.now())

    title = gettext("the slash of %(node)s") % {"node": name}
    return _vote(request, wallet, figures.dispute, figures.count, cast, title, here, dispute_context)


@redirect_get_to("proposal")
@wallet_required
def vote_on_proposal(request: HttpRequest, wallet: str, proposal: int) -> HttpResponse:
    """Review the vote, or cast it when the review was confirmed."""
    try:
        figures = proposal_figures(proposal, votes=0)
    except NotFound:
        raise Http404 from None
    here = reverse("proposal", args=[proposal])

    def cast() -> Vote:
        choice, reason = _posted(request)
        return vote_proposal(proposal=proposal, choice=choice, reason=reason, wallet=wallet, now=clock.now())

    title = gettext("“%(title)s”") % {"title": figures.proposal.title}
    return _vote(request, wallet, figures.proposal, figures.count, cast, title, here, proposal_context)


def _vote(
    request: HttpRequest,
    wallet: str,
    ballot: Ballot,
    count: VoteCount,
    cast: Callable[[], Vote],
    title: str,
    here: str,
    context: Context,
) -> HttpResponse:
    choice, reason = _posted(request)
    fields = {"choice": choice, "reason": reason}

    def run() -> tuple[str, str]:
        vote = cast()
        message = gettext("You voted %(choice)s with %(power)s IFM.")
        return f"{here}#vote", message % {
            "choice": labels.CHOICES[vote.choice],
            "power": amount_digits(vote.power, 2),
        }

    try:
        if is_confirmation(request):
            return run_confirmed(request, wallet, action="vote", fields=fields, run=run)
        dry_run(cast)
    except ProtocolError as refusal:
        template = "governance/proposal.html" if isinstance(ballot, Proposal) else "governance/dispute.html"
        shown = {
            **context(request, ballot.pk),
            "refusal": refusal,
            "chosen": choice,
            "entered_reason": reason,
        }
        return render(request, template, shown, status=refusal.status)
    return show_review(request, _review(ballot, count, choice, reason, wallet, title, here))


def _review(
    ballot: Ballot, count: VoteCount, choice: str, reason: str, wallet: str, title: str, here: str
) -> Review:
    power = power_of(ballot, wallet, open_epoch_or_404())
    after = tally_of(ballot, _after(count, power, choice))
    kind = "vote" if not isinstance(ballot, Proposal) else ""
    rows = [
        (gettext("Your vote"), str(labels.CHOICES[choice])),
        *_former(power),
        (gettext("Voting power"), ifm_unit(power.power)),
        (gettext("Of all stake at the snapshot"), labels.part(power.power, power.base)),
        (gettext("Turnout afterwards"), _turnout(after)),
        (gettext("Tally afterwards"), f"{after.left.label} {labels.part(after.left.power, _decided(after))}"),
        (gettext("Reason"), reason or "–"),
        (gettext("Can be changed until"), zoned(count.closes_at)),
    ]
    return Review(
        title=gettext("Vote %(choice)s on %(what)s")
        % {"choice": str(labels.CHOICES[choice]).lower(), "what": title},
        rows=rows,
        warning=gettext("Your vote and its reason are public and linked to your address."),
        button=gettext("Vote %(choice)s") % {"choice": str(labels.CHOICES[choice]).lower()},
        fields={"choice": choice, "reason": reason},
        back=f"{here}#vote",
        command=f"infra {kind} {ballot.pk} {choice}" if kind else "",
    )


def _posted(request: HttpRequest) -> tuple[str, str]:
    # Browsers send line ends as \r\n; the reviewed and the stored text must be equal.
    return request.POST.get("choice", ""), request.POST.get("reason", "").replace("\r\n", "\n").strip()


def _after(count: VoteCount, power: Power, choice: str) -> VoteCount:
    """Return the count with this vote in place of the wallet's former one."""
    tally = dict(count.tally)
    if power.vote is not None:
        tally[power.vote.choice] -= power.vote.power + power.vote.represented
    tally[choice] += power.total
    voters = count.voters + (power.vote is None)
    return VoteCount(tally, voters, count.quorum, count.closes_at)


def _former(power: Power) -> list[tuple[str, str]]:
    if power.vote is None:
        return []
    return [(gettext("Replaces your vote"), str(labels.CHOICES[power.vote.choice]))]


def _turnout(after: TallyCard) -> str:
    reached = gettext("quorum met") if after.turnout_bps >= after.quorum_bps else gettext("below the quorum")
    return f"{labels.part(after.turnout, after.base)}, {reached}"


def _decided(after: TallyCard) -> int:
    return after.left.power + after.right.power
