"""Forms of an operator: dispute a slash, add evidence to the dispute."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from governance.pages.confirm import Review, is_confirmation, redirect_get_to, run_confirmed, show_review
from governance.pages.dispute import dispute_context, open_epoch_or_404, params_of
from governance.pages.slashes import slash_page
from governance.services.disputes import add_evidence, open_dispute
from ledger import accounts
from ledger.selectors import balance
from protocol.errors import NotFound, ProtocolError
from protocol.slashing import vote_until
from staking.models import Slash
from staking.selectors import slashes
from staking.services import clock
from web.current_user import wallet_required
from web.form_idempotency import dry_run
from web.formatting import amount_digits, grouped_int, ifm_unit


@redirect_get_to("slash")
@wallet_required
def dispute(request: HttpRequest, wallet: str, slash: int) -> HttpResponse:
    """Review a dispute, or open it when the review was confirmed."""
    try:
        row = slashes.slash(slash)
    except NotFound:
        raise Http404 from None
    reason = _text(request, "reason")

    def run() -> tuple[str, str]:
        dispute = open_dispute(slash=slash, reason=reason, actor=wallet, now=clock.now())
        message = gettext("Dispute opened. The deposit of %(deposit)s IFM is held until the vote ends.")
        return reverse("dispute", args=[dispute.pk]), message % {"deposit": amount_digits(dispute.deposit)}

    try:
        if is_confirmation(request):
            return run_confirmed(request, wallet, action="dispute", fields={"reason": reason}, run=run)
        dry_run(run)
    except ProtocolError as refusal:
        shown = {**slash_page(request, row), "refusal": refusal, "entered_reason": reason}
        return render(request, "governance/slash.html", shown, status=refusal.status)
    return show_review(request, _dispute_review(row, reason, wallet))


@redirect_get_to("dispute")
@wallet_required
def evidence(request: HttpRequest, wallet: str, dispute: int) -> HttpResponse:
    """Review a piece of evidence, or add it when the review was confirmed."""
    fields = {"text": _text(request, "text"), "link": _text(request, "link")}

    def run() -> tuple[str, str]:
        add_evidence(dispute=dispute, text=fields["text"], link=fields["link"], actor=wallet, now=clock.now())
        return reverse("dispute", args=[dispute]) + "#statement", gettext("Evidence added.")

    context = dispute_context(request, dispute)
    try:
        if is_confirmation(request):
            return run_confirmed(request, wallet, action="evidence", fields=fields, run=run)
        dry_run(run)
    except ProtocolError as refusal:
        shown = {**context, "evidence_refusal": refusal, "entered": fields}
        return render(request, "governance/dispute.html", shown, status=refusal.status)
    return show_review(request, _evidence_review(dispute, fields))


def _dispute_review(slash: Slash, reason: str, wallet: str) -> Review:
    # The deposit is the present one, the windows are those under which the slash was created (R32).
    deposit, available = open_epoch_or_404().params.dispute_deposit, balance(accounts.wallet(wallet))
    closes = vote_until(params_of(slash), slash.epoch)
    rows: list[tuple[str, str | SafeString]] = [
        (gettext("Slash"), f"#{slash.pk}, {slash.node.name}"),
        (gettext("Your statement"), reason),
        (gettext("Deposit"), ifm_unit(deposit)),
        (gettext("Available afterwards"), ifm_unit(available - deposit)),
        (gettext("Vote until the end of"), gettext("epoch %s") % grouped_int(closes)),
        (gettext("The deposit is returned"), gettext("if the slash is overturned or the quorum is not met")),
    ]
    return Review(
        title=gettext("Dispute the slash of %(node)s") % {"node": slash.node.name},
        rows=rows,
        warning=gettext(
            "A slash can be disputed once. If the vote upholds it with a quorum, "
            "the deposit of %s IFM goes to the treasury."
        ) % amount_digits(deposit),
        button=gettext("Dispute for %s IFM") % amount_digits(deposit),
        fields={"reason": reason},
        back=reverse("slash", args=[slash.pk]) + "#dispute",
        command=f"infra dispute {slash.pk} --reason …",
    )  # fmt: skip


def _evidence_review(dispute: int, fields: dict[str, str]) -> Review:
    return Review(
        title=gettext("Add evidence to dispute %s") % dispute,
        rows=[(gettext("Text"), fields["text"]), (gettext("Link"), fields["link"] or "–")],
        warning=gettext("Evidence is public immediately and cannot be removed."),
        button=gettext("Add evidence"),
        fields=fields,
        back=reverse("dispute", args=[dispute]) + "#statement",
    )


def _text(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\r\n", "\n").strip()
