"""`/orders/`: standing orders of a wallet. A match is notified with a prepared action, which the wallet confirms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from delegation.models import OrderMatch, StandingOrder
from delegation.pages.prepared_action import destination, prepared_action
from delegation.pages.standing_order_texts import ACTIONS, CONDITIONS, action, condition
from delegation.selectors.standing_orders import MatchState, OrderState, delegated_nodes, orders_of
from delegation.services.standing_order_checks import MAX_EPOCHS
from delegation.services.standing_orders import add_order, delete_order
from protocol.addresses import checksum, normalize
from protocol.bounds import SHARE_CEILING, SHARE_FLOOR
from protocol.errors import AddressInvalid, Invalid, ProtocolError
from protocol.projection import MAX_APR
from staking.models import Node
from staking.services import clock
from web.current_user import wallet_required
from web.forms import NumberField, PageForm, PercentField

ALL = ""
# The field of the limit of each condition that has one.
LIMITS = {"share_below": "share", "degraded": "epochs", "apr_below": "apr"}


class OrderForm(PageForm):
    """A new standing order: node, condition with its limit, action with its target."""

    node = forms.ChoiceField(label=gettext_lazy("Delegation"), required=False)
    condition = forms.ChoiceField(label=gettext_lazy("Condition"), choices=list(CONDITIONS.items()))
    share = PercentField(
        label=gettext_lazy("Limit of the share"),
        required=False,
        min_value=SHARE_FLOOR + 1,
        max_value=SHARE_CEILING,
        help_text=gettext_lazy("For “the delegator share is below”."),
    )
    epochs = NumberField(
        label=gettext_lazy("Number of epochs"),
        required=False,
        min_value=1,
        max_value=MAX_EPOCHS,
        help_text=gettext_lazy("For “the node is degraded for”, one after another."),
    )
    apr = PercentField(
        label=gettext_lazy("Limit of the APR"),
        required=False,
        min_value=1,
        max_value=MAX_APR,
        help_text=gettext_lazy(
            "For “the APR of delegators is below”: what all delegators of the node earned in the last 30 epochs, per "
            "year; 0 while the node is not active."
        ),
    )
    action = forms.ChoiceField(label=gettext_lazy("Prepare"), choices=list(ACTIONS.items()))
    target = forms.CharField(
        label=gettext_lazy("Redelegate to"),
        required=False,
        max_length=64,
        help_text=gettext_lazy("Name or address of a node, if you prepare a redelegation."),
    )

    def __init__(self, *args: Any, nodes: list[Node], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["node"]
        assert isinstance(choice, forms.ChoiceField)
        listed = [(node.address, node.name or checksum(node.address)) for node in nodes]
        choice.choices = [(ALL, gettext("All my delegations")), *listed]

    def clean_target(self) -> str:
        """The address of the target, "" for none; a name must be that of one node."""
        text = str(self.cleaned_data["target"]).strip()
        if not text:
            return ""
        try:
            return normalize(text)
        except AddressInvalid:
            pass
        matches = list(Node.objects.filter(name__iexact=text).values_list("address", flat=True)[:2])
        if len(matches) == 1:
            return str(matches[0])
        message = gettext("Several nodes have this name: enter the address.") if matches else gettext(
            "No node has this name or address."
        )  # fmt: skip
        raise ValidationError(message, code=Invalid.code)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        wanted = LIMITS.get(values.get("condition", ""))
        for name in LIMITS.values():
            if name == wanted and values.get(name) is None and name not in self.errors:
                self.add_error(name, _error(gettext("Enter a limit for this condition.")))
            if name != wanted and values.get(name) is not None and "condition" in values:
                self.add_error(
                    name, _error(gettext("This limit belongs to another condition: leave the field empty."))
                )
        return values

    def order(self) -> dict[str, Any]:
        """Arguments of the service."""
        values = self.cleaned_data
        limit = LIMITS.get(values["condition"])
        return {
            "node": values["node"] or None,
            "condition": values["condition"],
            "threshold": values[limit] if limit else None,
            "action": values["action"],
            "target": values["target"] or None,
        }


@dataclass(frozen=True, slots=True)
class MatchRow:
    """A match with the action that is prepared for it now: its words, and the address of its form."""

    match: OrderMatch
    action: str
    href: str


@dataclass(frozen=True, slots=True)
class OrderRow:
    """A standing order in words."""

    order: StandingOrder
    condition: str
    action: str
    matches: tuple[MatchRow, ...]


@require_http_methods(["GET", "HEAD", "POST"])
@wallet_required
def standing_orders(request: HttpRequest, wallet: str) -> HttpResponse:
    """GET: the wallet's standing orders and the form. POST: add one."""
    nodes = delegated_nodes(wallet)
    form = OrderForm(request.POST if request.method == "POST" else None, nodes=nodes)
    if form.is_bound and form.is_valid():
        try:
            add_order(wallet=wallet, now=clock.now(), **form.order())
        except ProtocolError as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, gettext("The standing order is saved."))
            return HttpResponseRedirect(reverse("standing-orders"), status=303)
    context = {"form": form, "rows": [_row(state) for state in orders_of(wallet)]}
    return render(request, "delegation/standing_orders.html", context, status=form.status)


@require_POST
@wallet_required
def delete(request: HttpRequest, wallet: str, order: int) -> HttpResponse:
    delete_order(wallet=wallet, order=order)
    messages.success(request, gettext("The standing order is deleted."))
    return HttpResponseRedirect(reverse("standing-orders"), status=303)


def _row(state: OrderState) -> OrderRow:
    order = state.order
    return OrderRow(
        order, condition(order), action(order.target), tuple(_match(order, one) for one in state.matches)
    )


def _match(order: StandingOrder, state: MatchState) -> MatchRow:
    node, unbonds = state.match.node, state.operator_unbonds
    to = destination(node, order.target, operator_unbonds=unbonds)
    return MatchRow(state.match, action(to), prepared_action(node, order.target, operator_unbonds=unbonds))


def _error(message: str) -> ValidationError:
    return ValidationError(message, code=Invalid.code)
