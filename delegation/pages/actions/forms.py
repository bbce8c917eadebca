"""The forms of actions. Node and unbonding entry come from the address; amount and target are typed."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy

from delegation.pages.actions.context import ActionContext, node_by_address
from protocol.addresses import checksum
from protocol.errors import DelegationCapExceeded, InsufficientBalance, NotFound, ProtocolError
from staking.models import Node
from web.formatting import amount_digits
from web.forms import ALL, AddressField, AmountField, PageForm
from web.number_input import canonical_number


class ActionForm(PageForm):
    """A form of an action without anything to type. `context`: what the action is about."""

    def __init__(self, data: Any, *, context: ActionContext) -> None:
        self.context = context
        super().__init__(data, auto_id="%s")

    @property
    def cleaned_amount(self) -> int | None:
        """The amount in µIFM; None for all of it."""
        value = self.cleaned_data.get("amount")
        return None if value == ALL else value

    def fields_to_send(self) -> dict[str, str]:
        """Names and values of the form for an address or hidden fields, in canonical form."""
        context = self.context
        values = {
            "node": checksum(context.node.address) if context.node and not context.entry else "",
            "entry": str(context.entry.id) if context.entry else "",
        }
        return {name: value for name, value in values.items() if value}


class AmountForm(ActionForm):
    """An amount to take from what the wallet has."""

    # What a service refuses is about the amount, unless it names another field.
    refusal_field = "amount"

    def fields_to_send(self) -> dict[str, str]:
        value = self.cleaned_data.get("amount")
        text = ALL if value == ALL else str(self.data.get("amount", "")).strip()
        if isinstance(value, int):
            text = canonical_number(value, 6)
        return super().fields_to_send() | {"amount": text}


class BalanceForm(AmountForm):
    """An amount of the available balance."""

    def add_refusal(self, refusal: ProtocolError) -> None:
        """A balance that is too low is named; it is no error of the form, which may be sent again once it has run."""
        if isinstance(refusal, InsufficientBalance):
            message = gettext("You have %(available)s IFM available.")
            refusal = InsufficientBalance(message % {"available": amount_digits(self.context.available)})
        super().add_refusal(refusal)


class SpendForm(BalanceForm):
    """An amount to stake or delegate, with the protocol's minimum."""

    amount = AmountField(label=gettext_lazy("Amount"))

    def __init__(self, data: Any, *, context: ActionContext) -> None:
        super().__init__(data, context=context)
        field = self.fields["amount"]
        assert isinstance(field, AmountField)
        field.min_value = context.epoch.params.min_amount
        field.help_text = gettext("At least %(least)s IFM, up to 6 decimals.") % {
            "least": amount_digits(field.min_value)
        }


class DelegateForm(SpendForm):
    """An amount to delegate, under the node's cap."""

    def __init__(self, data: Any, *, context: ActionContext) -> None:
        super().__init__(data, context=context)
        if context.cap_left is not None:
            left = gettext("Up to %(left)s IFM under the operator’s cap.")
            self.fields["amount"].help_text += " " + left % {"left": amount_digits(context.cap_left)}

    @property
    def remaining(self) -> int:
        """µIFM left under the cap when the amount was above it; else 0."""
        exceeded = isinstance(self.refusal, DelegationCapExceeded)
        return (self.context.cap_left or 0) if exceeded else 0


class ExitForm(BalanceForm):
    """An amount of the available balance that leaves for the chain."""

    amount = AmountField(label=gettext_lazy("Amount"), help_text=gettext_lazy("Up to 6 decimals."))


class WithdrawForm(AmountForm):
    """An amount of staked or delegated IFM, or all of it."""

    amount = AmountField(
        allow_all=True,
        label=gettext_lazy("Amount"),
        help_text=gettext_lazy("Up to 6 decimals, or the word “all”."),
    )


class RedelegateForm(WithdrawForm):
    """An amount of a delegation and the node that it moves to."""

    to = AddressField(
        label=gettext_lazy("New node"),
        error_messages={"required": gettext_lazy("Choose the node that the stake moves to.")},
    )
    field_order = ("to", "amount")

    def clean_to(self) -> Node:
        address = self.cleaned_data["to"]
        node = node_by_address(address)
        if node is None:
            message = gettext("No node has the address %(address)s.")
            raise ValidationError(message % {"address": checksum(address)}, code=NotFound.code)
        return node

    @property
    def target(self) -> Node | None:
        """The chosen node; None while none is chosen."""
        return getattr(self, "cleaned_data", {}).get("to")

    def fields_to_send(self) -> dict[str, str]:
        to = checksum(self.target.address) if self.target else str(self.data.get("to", ""))
        return super().fields_to_send() | {"to": to}
