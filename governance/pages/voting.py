"""Vote on a dispute or a proposal: form, review, confirmation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from governance.models import Vote
from governance.pages import labels
from governance.pages.dispute import dispute_context
from governance.pages.forms import VoteForm, redirect_get_to, sent_fields
from governance.pages.proposals import proposal_context
from governance.pages.tally import TallyCard, tally_of
from governance.pages.vote_panel import VotePanel
from governance.selectors.tallies import Ballot, VoteCount, counts
from governance.services.votes import vote_dispute, vote_proposal
from protocol.errors import ProtocolError
from staking.services import clock
from web.confirmation import Confirmation, Result, Review, is_edit, respond
from web.current_user import wallet_required
from web.formatting import amount_digits, ifm_unit, zoned


@dataclass(frozen=True, slots=True)
class Page:
    """A page with a vote form: its template, context and URL, and the service that casts a vote."""

    ballot: Ballot
    template: str
    url: str
    subject: str
    command: str
    context: dict[str, Any]
    cast: Callable[..., Vote]

    @property
    def panel(self) -> VotePanel:
        panel = self.context["panel"]
        assert isinstance(panel, VotePanel)
        return panel


@dataclass(frozen=True, slots=True)
class Cast:
    """A vote and the count with it."""

    vote: Vote
    count: VoteCount


@redirect_get_to("dispute")
@wallet_required
def vote_on_dispute(request: HttpRequest, wallet: str, dispute: int) -> HttpResponse:
    context = dispute_context(request, dispute)
    node = context["node"]
    page = Page(
        ballot=context["dispute"],
        template="governance/dispute.html",
        url=reverse("dispute", args=[dispute]),
        subject=gettext("the slash of %(node)s") % {"node": node.name or node.address},
        command=f"infra vote {dispute}",
        context=context,
        cast=lambda **fields: vote_dispute(dispute=dispute, **fields),
    )
    return _vote(request, wallet, page)


@redirect_get_to("proposal")
@wallet_required
def vote_on_proposal(request: HttpRequest, wallet: str, proposal: int) -> HttpResponse:
    context = proposal_context(request, proposal)
    page = Page(
        ballot=context["proposal"],
        template="governance/proposal.html",
        url=reverse("proposal", args=[proposal]),
        subject=gettext("“%(title)s”") % {"title": context["proposal"].title},
        command="",
        context=context,
        cast=lambda **fields: vote_proposal(proposal=proposal, **fields),
    )
    return _vote(request, wallet, page)


def _vote(request: HttpRequest, wallet: str, page: Page) -> HttpResponse:
    """Review the vote, or cast it when the review was confirmed."""
    form = VoteForm(request.POST, choices=page.panel.choices)
    if form.is_valid() and not is_edit(request):
        try:
            return respond(request, _confirmation(wallet, page, form))
        except ProtocolError as refusal:
            form.add_refusal(refusal)
    return render(request, page.template, {**page.context, "vote_form": form}, status=form.status)


def _confirmation(wallet: str, page: Page, form: VoteForm) -> Confirmation[Cast]:
    now, values = clock.now(), form.cleaned_data

    def run() -> Cast:
        vote = page.cast(choice=values["choice"], reason=values["reason"], wallet=wallet, now=now)
        return Cast(vote, counts([page.ballot])[page.ballot.pk])

    return Confirmation(
        wallet=wallet, name="vote", fields=sent_fields(form), now=now, run=run,
        review=lambda cast: _review(page, cast),
        result=lambda cast, _: _result(page, cast),
    )  # fmt: skip


def _review(page: Page, cast: Cast) -> Review:
    choice, after, power = cast.vote.choice, tally_of(page.ballot, cast.count), page.panel.power
    assert power is not None
    label = str(labels.CHOICES[choice])
    rows: list[tuple[str, Any]] = [(gettext("Your vote"), label)]
    if power.vote is not None:
        rows.append((gettext("Replaces your vote"), str(labels.CHOICES[power.vote.choice])))
    rows.append((gettext("Your own power"), ifm_unit(power.power)))
    if power.represented.power:
        rows.append((gettext("Power that you represent"), ifm_unit(power.represented.power)))
    return Review(
        title=gettext("Vote %(choice)s on %(subject)s") % {"choice": label.lower(), "subject": page.subject},
        rows=[
            *rows,
            (gettext("Part of all stake at the snapshot"), labels.part(power.total, power.base)),
            (gettext("Turnout afterwards"), _turnout(after)),
            (gettext("Tally afterwards"), f"{after.left.label} {after.left.percent}"),
            (gettext("Reason"), cast.vote.reason or "–"),
            (gettext("You can change it until"), zoned(cast.count.closes_at)),
        ],
        warning=gettext("Your vote and its reason are public and linked to your address."),
        button=gettext("Vote %(choice)s") % {"choice": label.lower()},
        command=f"{page.command} {choice}" if page.command else "",
        harmless=True,
    )


def _result(page: Page, cast: Cast) -> Result:
    message = gettext("You voted %(choice)s with %(power)s IFM.") % {
        "choice": labels.CHOICES[cast.vote.choice],
        "power": amount_digits(page.panel.total_power, 2),
    }
    return Result(f"{page.url}#vote", message)


def _turnout(after: TallyCard) -> str:
    met = gettext("quorum met") if after.turnout_bps >= after.quorum_bps else gettext("below the quorum")
    return f"{labels.part(after.turnout, after.base)}, {met}"
