"""Forms of an operator: dispute a slash, add evidence to the dispute."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from governance.models import Dispute
from governance.pages.defence import no_effect
from governance.pages.dispute import dispute_context, open_epoch_or_404, params_of
from governance.pages.forms import DisputeForm, EvidenceForm, redirect_get_to, sent_fields
from governance.pages.slashes import slash_page
from governance.services.disputes import add_evidence, open_dispute
from ledger import accounts
from ledger.selectors import balance
from protocol.errors import NotFound, ProtocolError
from protocol.slashing import vote_until
from staking.models import Slash
from staking.selectors import slashes
from staking.selectors.slash_groups import SlashGroup, group_of
from staking.services import clock
from web.confirmation import Confirmation, Result, Review, is_edit, respond
from web.current_user import wallet_required
from web.formatting import amount_digits, grouped_int, ifm_unit


@redirect_get_to("slash")
@wallet_required
def dispute(request: HttpRequest, wallet: str, slash: int) -> HttpResponse:
    """Review a dispute, or open it when the review was confirmed."""
    try:
        row = slashes.slash(slash)
    except NotFound:
        raise Http404 from None
    form = DisputeForm(request.POST)
    if form.is_valid() and not is_edit(request):
        now, reason = clock.now(), form.cleaned_data["reason"]
        # Read before the dry run, in which the slash is disputed.
        group = group_of(row)
        confirmation = Confirmation(
            wallet=wallet, name="dispute", fields=sent_fields(form), now=now,
            run=lambda: open_dispute(slash=slash, reason=reason, actor=wallet, now=now),
            review=lambda _: _dispute_review(row, group, reason, wallet),
            result=lambda opened, _: _opened(opened),
        )  # fmt: skip
        try:
            return respond(request, confirmation)
        except ProtocolError as refusal:
            form.add_refusal(refusal)
    context = {**slash_page(request, row), "dispute_form": form}
    return render(request, "governance/slash.html", context, status=form.status)


@redirect_get_to("dispute")
@wallet_required
def evidence(request: HttpRequest, wallet: str, dispute: int) -> HttpResponse:
    """Review a piece of evidence, or add it when the review was confirmed."""
    form = EvidenceForm(request.POST)
    if form.is_valid() and not is_edit(request):
        now, values = clock.now(), form.cleaned_data
        confirmation = Confirmation(
            wallet=wallet, name="evidence", fields=sent_fields(form), now=now,
            run=lambda: add_evidence(
                dispute=dispute, text=values["text"], link=values["link"], actor=wallet, now=now
            ),
            review=lambda _: _evidence_review(dispute, values["text"], values["link"]),
            result=lambda *_: Result(
                reverse("dispute", args=[dispute]) + "#statement", gettext("Evidence added.")
            ),
        )  # fmt: skip
        try:
            return respond(request, confirmation)
        except ProtocolError as refusal:
            form.add_refusal(refusal)
    context = {**dispute_context(request, dispute), "evidence_form": form}
    return render(request, "governance/dispute.html", context, status=form.status)


def _opened(dispute: Dispute) -> Result:
    message = gettext("Dispute opened. The deposit of %(deposit)s IFM is held until the vote ends.")
    return Result(
        reverse("dispute", args=[dispute.pk]), message % {"deposit": amount_digits(dispute.deposit)}
    )


def _dispute_review(slash: Slash, group: SlashGroup, reason: str, wallet: str) -> Review:
    # The deposit is the present one, the windows are those under which the slash was created (R32).
    deposit, available = open_epoch_or_404().params.dispute_deposit, balance(accounts.wallet(wallet))
    closes, saved = vote_until(params_of(slash), slash.epoch), group.saved_without(slash)
    return Review(
        title=gettext("Dispute the slash of %(node)s") % {"node": slash.node.name},
        rows=[
            (gettext("Slash"), f"#{slash.pk}, {slash.node.name}"),
            (gettext("Your statement"), reason),
            (gettext("Own stake that it can save"), ifm_unit(saved.own)),
            (gettext("Delegated stake that it can save"), ifm_unit(saved.delegated)),
            (gettext("Deposit"), ifm_unit(deposit)),
            (gettext("Available afterwards"), ifm_unit(available - deposit)),
            (gettext("Vote until the end of"), gettext("epoch %s") % grouped_int(closes)),
            (
                gettext("The deposit is returned"),
                gettext("if the slash is overturned or the quorum is not met"),
            ),
        ],
        warning=" ".join(_warnings(slash, group, deposit)),
        button=gettext("Dispute for %s IFM") % amount_digits(deposit),
        command=f"infra dispute {slash.pk} --reason …",
    )  # fmt: skip


def _warnings(slash: Slash, group: SlashGroup, deposit: int) -> list[str]:
    once = gettext(
        "A slash can be disputed once. If the vote upholds it with a quorum, "
        "the deposit of %s IFM goes to the treasury."
    ) % amount_digits(deposit)  # fmt: skip
    return [once] if group.saved_without(slash).total else [no_effect(slash, group), once]


def _evidence_review(dispute: int, text: str, link: str) -> Review:
    return Review(
        title=gettext("Add evidence to dispute %s") % dispute,
        rows=[(gettext("Text"), text), (gettext("Link"), link or "–")],
        warning=gettext("Evidence is public immediately and cannot be removed."),
        button=gettext("Add evidence"),
        harmless=True,
    )
