"""What an operator files: a dispute of a slash, and evidence in it."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from governance.pages.confirm import Review, carry_out, is_confirmation, sent_from, show_review
from governance.pages.dispute import dispute_context, params_of, running_epoch
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


@sent_from("slash")
@wallet_required
def dispute(request: HttpRequest, wallet: str, slash: int) -> HttpResponse:
    """Review a dispute, or file it when the review's key is with it."""
    try:
        charge = slashes.slash(slash)
    except NotFound:
        raise Http404 from None
    reason = _text(request, "reason")

    def do() -> tuple[str, str]:
        made = open_dispute(slash=slash, reason=reason, actor=wallet, now=clock.now())
        said = gettext("Disputed. %(deposit)s IFM are held until the verdict.")
        return reverse("dispute", args=[made.pk]), said % {"deposit": amount_digits(made.deposit)}

    try:
        if is_confirmation(request):
            return carry_out(request, wallet, act="dispute", fields={"reason": reason}, do=do)
        dry_run(do)
    except ProtocolError as refusal:
        shown = {**slash_page(request, charge), "refusal": refusal, "given_reason": reason}
        return render(request, "governance/slash.html", shown, status=refusal.status)
    return show_review(request, _dispute_review(charge, reason, wallet))


@sent_from("dispute")
@wallet_required
def evidence(request: HttpRequest, wallet: str, dispute: int) -> HttpResponse:
    """Review a piece of evidence, or add it when the review's key is with it."""
    fields = {"text": _text(request, "text"), "link": _text(request, "link")}

    def do() -> tuple[str, str]:
        add_evidence(dispute=dispute, text=fields["text"], link=fields["link"], actor=wallet, now=clock.now())
        return reverse("dispute", args=[dispute]) + "#statement", gettext("The evidence is part of the case.")

    context = dispute_context(request, dispute)
    try:
        if is_confirmation(request):
            return carry_out(request, wallet, act="evidence", fields=fields, do=do)
        dry_run(do)
    except ProtocolError as refusal:
        shown = {**context, "evidence_refusal": refusal, "given": fields}
        return render(request, "governance/dispute.html", shown, status=refusal.status)
    return show_review(request, _evidence_review(dispute, fields))


def _dispute_review(charge: Slash, reason: str, wallet: str) -> Review:
    # The deposit is today's, the windows are those of the epoch that created the slash (R32).
    deposit, available = running_epoch().params.dispute_deposit, balance(accounts.wallet(wallet))
    closes = vote_until(params_of(charge), charge.epoch)
    rows: list[tuple[str, str | SafeString]] = [
        (gettext("Slash"), f"#{charge.pk}, {charge.node.name}"),
        (gettext("Your statement"), reason),
        (gettext("Deposit"), ifm_unit(deposit)),
        (gettext("Available afterwards"), ifm_unit(available - deposit)),
        (gettext("Vote until the end of"), gettext("epoch %s") % grouped_int(closes)),
        (gettext("The deposit returns"), gettext("when the slash is overturned, or the quorum is missed")),
    ]
    return Review(
        title=gettext("Dispute the slash of %(node)s") % {"node": charge.node.name},
        rows=rows,
        warning=gettext(
            "A slash is disputed once. If the quorum upholds it, the deposit of %s IFM goes to the treasury."
        ) % amount_digits(deposit),
        button=gettext("Dispute for %s IFM") % amount_digits(deposit),
        fields={"reason": reason},
        back=reverse("slash", args=[charge.pk]) + "#dispute",
        command=f"infra dispute {charge.pk} --reason …",
    )  # fmt: skip


def _evidence_review(dispute: int, fields: dict[str, str]) -> Review:
    return Review(
        title=gettext("Add evidence to dispute %s") % dispute,
        rows=[(gettext("Text"), fields["text"]), (gettext("Link"), fields["link"] or "–")],
        warning=gettext("It is public at once and stays: what was brought forward is not taken back."),
        button=gettext("Add evidence"),
        fields=fields,
        back=reverse("dispute", args=[dispute]) + "#statement",
    )


def _text(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\r\n", "\n").strip()
