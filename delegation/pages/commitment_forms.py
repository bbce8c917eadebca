"""`/operator/ADDR/commitments/`: an operator's promises to delegators, and announcements of a lower share."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods

from delegation.pages.actions.context import node_by_address
from delegation.pages.forms import sent_fields
from protocol.addresses import checksum
from protocol.bounds import SHARE_CEILING, SHARE_FLOOR
from protocol.errors import ProtocolError
from staking.models import Commitment, Node, ShareAnnouncement
from staking.selectors.commitments import Commitments, commitments_of
from staking.services import clock
from staking.services.commitment_signatures import SignedTerms, text_to_sign, verify_signature
from staking.services.commitments import (
    MAX_AHEAD,
    MAX_NOTICE,
    announce_share,
    make_commitment,
    withdraw_commitment,
)
from staking.services.epochs import OpenEpoch, open_epoch
from staking.templatetags.commitments import commitment_terms
from web.confirmation import (
    KEY,
    Confirmation,
    Result,
    Review,
    is_confirmation,
    is_edit,
    respond,
    stored_result,
)
from web.current_user import wallet_required
from web.formatting import grouped_int, percent
from web.forms import AmountField, NumberField, PageForm, PercentField

TERMS = ("minimum_share_bps", "notice_epochs", "maximum_delegated")


class CommitmentForm(PageForm):
    """The terms to promise; an empty field promises nothing."""

    minimum_share_bps = PercentField(
        label=gettext_lazy("Delegator share, at least"),
        required=False,
        min_value=SHARE_FLOOR,
        max_value=SHARE_CEILING,
        help_text=gettext_lazy("At most the share in force. Empty: not promised."),
    )
    notice_epochs = NumberField(
        label=gettext_lazy("Notice before a lower share"),
        required=False,
        min_value=1,
        max_value=MAX_NOTICE,
        unit=gettext_lazy("epochs"),
        help_text=gettext_lazy("You announce a lower share below, this many epochs before it applies."),
    )
    maximum_delegated = AmountField(
        label=gettext_lazy("Delegated stake, at most"),
        required=False,
        min_value=1,
        help_text=gettext_lazy("Set the delegation cap to this amount or less first."),
    )


class AnnouncementForm(PageForm):
    """A lower share and the epoch from which it may apply."""

    share_bps = PercentField(
        label=gettext_lazy("Lower delegator share"), min_value=SHARE_FLOOR, max_value=SHARE_CEILING
    )
    from_epoch = NumberField(label=gettext_lazy("From epoch"))

    def __init__(self, data: Any = None, *, epoch: OpenEpoch) -> None:
        super().__init__(data)
        field = self.fields["from_epoch"]
        assert isinstance(field, NumberField)
        field.min_value, field.max_value = epoch.number + 1, epoch.number + MAX_AHEAD


@require_http_methods(["GET", "HEAD", "POST"])
@wallet_required
def commitments(request: HttpRequest, wallet: str, address: str) -> HttpResponse:
    """GET: promises and forms. POST: the review of a promise, or the promise when it was confirmed."""
    node, epoch = _own(wallet, address)
    current = commitments_of(node.id, epoch=epoch.number).current
    initial = {name: getattr(current.commitment, name) for name in TERMS} if current else {}
    form = CommitmentForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid() and not is_edit(request):
        now, terms = clock.now(), {name: form.cleaned_data[name] for name in TERMS}
        try:
            signed = _signed(
                request, Commitment(node=node, operator=wallet, from_epoch=epoch.number, **terms)
            )
            confirmation = Confirmation(
                wallet=wallet, name="commit", fields=sent_fields(form), now=now,
                run=lambda: make_commitment(node=node.address, actor=wallet, **terms, now=now, signed=signed),
                review=lambda made: _promise_review(node, made, current.commitment if current else None),
                result=lambda *_: Result(_place(node), gettext("Your commitment is public.")),
                template="delegation/commitment_review.html",
            )  # fmt: skip
            return respond(request, confirmation)
        except ProtocolError as refusal:
            form.add_refusal(refusal)
    return _page(request, node, epoch, commitment_form=form)


@require_http_methods(["POST"])
@wallet_required
def withdraw(request: HttpRequest, wallet: str, address: str) -> HttpResponse:
    """The review of a withdrawal, or the withdrawal when it was confirmed."""
    node, epoch = _own(wallet, address)
    now = clock.now()
    if is_edit(request):
        return HttpResponseRedirect(_place(node), status=303)
    confirmation = Confirmation(
        wallet=wallet, name="withdraw-commitment", fields={}, now=now,
        run=lambda: withdraw_commitment(node=node.address, actor=wallet, now=now),
        review=lambda ended: _withdrawal_review(node, ended),
        result=lambda *_: Result(_place(node), gettext("Your commitment is withdrawn.")),
    )  # fmt: skip
    try:
        return respond(request, confirmation)
    except ProtocolError as refusal:
        return _page(request, node, epoch, refusal=refusal)


@require_http_methods(["POST"])
@wallet_required
def announce(request: HttpRequest, wallet: str, address: str) -> HttpResponse:
    """The review of an announcement, or the announcement when it was confirmed."""
    node, epoch = _own(wallet, address)
    form = AnnouncementForm(request.POST, epoch=epoch)
    if form.is_valid() and not is_edit(request):
        now, values = clock.now(), form.cleaned_data
        confirmation = Confirmation(
            wallet=wallet, name="announce-share", fields=sent_fields(form), now=now,
            run=lambda: announce_share(
                node=node.address, actor=wallet, share_bps=values["share_bps"],
                from_epoch=values["from_epoch"], now=now,
            ),
            review=lambda made: _announcement_review(node, made),
            result=lambda *_: Result(_place(node), gettext("Delegators are notified of the lower share.")),
        )  # fmt: skip
        try:
            return respond(request, confirmation)
        except ProtocolError as refusal:
            form.add_refusal(refusal)
    return _page(request, node, epoch, announcement_form=form)


def _page(request: HttpRequest, node: Node, epoch: OpenEpoch, **forms: Any) -> HttpResponse:
    refusal = forms.pop("refusal", None)
    shown: Commitments = commitments_of(node.id, epoch=epoch.number)
    context = {
        "node": node,
        "commitments": shown,
        "share_bps": node.share_in(epoch.number),
        "commitment_form": CommitmentForm(
            initial={name: getattr(shown.current.commitment, name) for name in TERMS} if shown.current else {}
        ),
        "announcement_form": AnnouncementForm(epoch=epoch),
        "refusal": refusal,
        **forms,
    }
    status = max([form.status for form in forms.values()], default=refusal.status if refusal else 200)
    return render(request, "delegation/commitments.html", context, status=status)


def _signed(request: HttpRequest, commitment: Commitment) -> SignedTerms | None:
    """The signature that a confirmation brings; None without one, and for a repeated one. Raises: `invalid`."""
    signature = request.POST.get("signature", "") if is_confirmation(request) else ""
    if not signature or stored_result(wallet=commitment.operator, key=request.POST[KEY]) is not None:
        return None
    return verify_signature(commitment, signature)


def _promise_review(node: Node, made: Commitment, replaced: Commitment | None) -> Review:
    rows: list[tuple[str, Any]] = [(gettext("Node"), node.name)]
    rows += [(gettext("You promise"), line) for line in commitment_terms(made)]
    rows.append((gettext("From epoch"), grouped_int(made.from_epoch)))
    if replaced is not None and replaced.pk != made.pk:
        replaced.refresh_from_db()
        rows.append(
            (gettext("Your present commitment ends with the opening of"),
             gettext("epoch %s") % grouped_int(replaced.ends_epoch or 0))
        )  # fmt: skip
    return Review(
        title=gettext("Commit to these terms for %(name)s") % {"name": node.name},
        rows=rows,
        warning=gettext(
            "A commitment is public and dated. Whether you keep it is read from the records and shown for good."
        ),
        button=gettext("Commit"),
        more={
            "text": text_to_sign(
                Commitment(
                    node=node,
                    operator=made.operator,
                    from_epoch=made.from_epoch,
                    **{name: getattr(made, name) for name in TERMS},
                )
            ),
            "wallet_address": checksum(made.operator),
        },
    )


def _withdrawal_review(node: Node, ended: Commitment | None) -> Review:
    rows: list[tuple[str, Any]] = [(gettext("Node"), node.name)]
    if ended is None:
        rows.append((gettext("Commitment"), gettext("none")))
    else:
        rows += [(gettext("You promised"), line) for line in commitment_terms(ended)]
        rows.append(
            (gettext("Ends with the opening of"), gettext("epoch %s") % grouped_int(ended.ends_epoch or 0))
        )
    return Review(
        title=gettext("Withdraw the commitment for %(name)s") % {"name": node.name},
        rows=rows,
        warning=gettext("It stays in the history of the node, and it holds until then."),
        button=gettext("Withdraw"),
    )


def _announcement_review(node: Node, made: ShareAnnouncement) -> Review:
    return Review(
        title=gettext("Announce a lower share for %(name)s") % {"name": node.name},
        rows=[
            (gettext("Delegator share"), percent(made.share_bps)),
            (gettext("From epoch"), grouped_int(made.from_epoch)),
        ],
        warning=gettext(
            "Delegators are notified. This changes no share: change it in the delegation terms when the time comes."
        ),
        button=gettext("Announce"),
    )


def _own(wallet: str, address: str) -> tuple[Node, OpenEpoch]:
    """A node that the wallet operates, and the open epoch. Raises: Http404."""
    node, epoch = node_by_address(address), open_epoch()
    if node is None or epoch is None or node.operator != wallet:
        raise Http404
    return node, epoch


def _place(node: Node) -> str:
    return reverse("operator-commitments", args=[node.address])
