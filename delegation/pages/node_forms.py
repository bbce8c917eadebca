"""`/operator/register/` and `/operator/ADDR/{terms,details,retire}/`: forms of an operator that move no money.

Registration, terms and retirement are reviewed before they take effect; details are saved at once.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from delegation.pages.actions.context import node_by_address
from delegation.pages.forms import NodeDetailsForm, RegisterForm, TermsForm, sent_fields
from delegation.pages.node_reviews import register_review, retire_review, terms_review
from delegation.pages.operator import console_page, least_share
from protocol.errors import ProtocolError
from staking.models import Node
from staking.services import clock, nodes
from staking.services.epochs import open_epoch
from web.confirmation import Confirmation, Result, is_edit, respond
from web.current_user import wallet_required
from web.templatetags.refusals import refusal_text


@require_http_methods(["GET", "HEAD", "POST"])
@wallet_required
def register(request: HttpRequest, wallet: str) -> HttpResponse:
    """GET: the form. POST: its review, or from there the registration of a node that the wallet operates."""
    epoch = open_epoch()
    if epoch is None:
        raise Http404
    form = RegisterForm(
        request.POST if request.method == "POST" else None,
        initial={"delegator_share_bps": epoch.params.delegator_share_bps},
    )
    if request.method == "POST" and form.is_valid() and not is_edit(request):
        now = clock.now()
        values = form.values()
        try:
            return respond(
                request,
                Confirmation(
                    wallet=wallet, name="register", fields=sent_fields(form), now=now,
                    run=lambda: nodes.register(operator=wallet, now=now, **values),
                    review=lambda node: register_review(node, epoch),
                    result=lambda node, _: Result(
                        reverse("operator-node", args=[node.address]),
                        gettext("%(name)s is registered. Stake on it next.") % {"name": node.name},
                    ),
                ),
            )  # fmt: skip
        except ProtocolError as refusal:
            form.add_refusal(_at_share_field(refusal))
    return render(request, "delegation/register.html", {"form": form}, status=form.status)


@require_POST
@wallet_required
def save_terms(request: HttpRequest, wallet: str, address: str) -> HttpResponse:
    """The review of new terms, or from there the change."""
    node, epoch = _own(wallet, address), open_epoch()
    if epoch is None:
        raise Http404
    form = TermsForm(request.POST, least_share=least_share(node, epoch), auto_id="terms-%s")
    if form.is_valid():
        now = clock.now()
        try:
            return respond(
                request,
                Confirmation(
                    wallet=wallet, name="terms", fields=form.fields_to_send(), now=now,
                    run=lambda: nodes.change(node=node.address, actor=wallet, changes=form.changes(), now=now),
                    review=lambda changed: terms_review(node, changed, epoch),
                    result=lambda _, __: Result(
                        reverse("operator-node", args=[node.address]), gettext("The terms are saved.")
                    ),
                ),
            )  # fmt: skip
        except ProtocolError as refusal:
            form.add_refusal(refusal)
    return console_page(request, wallet, address, terms=form)


@require_POST
@wallet_required
def save_details(request: HttpRequest, wallet: str, address: str) -> HttpResponse:
    node = _own(wallet, address)
    form = NodeDetailsForm(request.POST, initial={"region": node.region}, auto_id="details-%s")
    if form.is_valid():
        try:
            nodes.change(node=node.address, actor=wallet, changes=form.changes(), now=clock.now())
        except ProtocolError as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, gettext("The node is changed."))
            return HttpResponseRedirect(reverse("operator-node", args=[node.address]), status=303)
    return console_page(request, wallet, address, details=form)


@require_http_methods(["GET", "HEAD", "POST"])
@wallet_required
def retire(request: HttpRequest, wallet: str, address: str) -> HttpResponse:
    """GET: the review. POST: the retirement, which is final."""
    node, now = _own(wallet, address), clock.now()

    def run() -> Any:
        return nodes.change(node=node.address, actor=wallet, changes={"status": "retired"}, now=now)

    confirmation = Confirmation(
        wallet=wallet, name="retire", fields={}, now=now, run=run, review=lambda _: retire_review(node),
        result=lambda _, __: Result(
            reverse("operator-node", args=[node.address]),
            gettext("%(name)s is retired.") % {"name": node.name},
        ),
    )  # fmt: skip
    try:
        return respond(request, confirmation)
    except ProtocolError as refusal:
        messages.error(request, refusal_text(refusal))
        return HttpResponseRedirect(reverse("operator-node", args=[node.address]), status=303)


def _own(wallet: str, address: str) -> Node:
    """A node that the wallet operates. Raises: Http404."""
    node = node_by_address(address)
    if node is None or node.operator != wallet:
        raise Http404
    return node


def _at_share_field(refusal: ProtocolError) -> ProtocolError:
    """Registration calls the field share_bps; the form names it as everywhere else."""
    field = "delegator_share_bps" if refusal.field == "share_bps" else refusal.field
    return type(refusal)(refusal.detail, field=field, extra=refusal.extra)
