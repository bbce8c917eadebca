"""An action: its form, its preview, the service that does it, the equal command and the next step, in one object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from django.utils.translation import gettext, gettext_lazy

from delegation.pages.actions.context import ActionContext
from delegation.pages.actions.forms import ActionForm
from delegation.selectors.estimates import OffenceCost
from protocol.addresses import checksum
from staking.models import Node, Unbonding
from staking.services.outcome import Claimed
from web.formatting import amount_digits, ifm_text
from web.forms import ALL
from web.number_input import canonical_number, plain_number

# A text that is translated when it is shown.
Text = Any
Row = tuple[str, Any]
FormT = TypeVar("FormT", bound=ActionForm)

EARNS_NEXT = gettext_lazy("It is pending until the epoch ends, and earns from the next one on.")
UNBONDS = gettext_lazy(
    "It earns nothing while it unbonds, and is paid to your wallet within a minute of maturing."
)
AVAILABLE = gettext_lazy("It is in your wallet now, free to use.")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an action: µIFM moved, the node afterwards, and what was created."""

    transaction: int | None
    amount: int
    node: Node | None = None
    unbonding: Unbonding | None = None
    claimed: Sequence[Claimed] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """The preview of an action: rows of names and values, and one sentence on what can go wrong, or, when `harmless`,
    on what is good to know. `costs`: what each offence of the node would cost the wallet."""

    rows: Sequence[Row]
    warning: str
    costs: Sequence[OffenceCost] = ()
    harmless: bool = False


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A button that fills in an amount: its label, the text for the reader's field, the text for an address."""

    label: str
    text: str
    query: str


class Action(Generic[FormT]):
    """An action of a wallet. `title`, `heading` and `done` have the places {amount}, {node} and {to}."""

    name: ClassVar[str]
    form_class: type[FormT]
    heading: ClassVar[Text]
    title: ClassVar[Text]
    done: ClassVar[Text]
    next_step: ClassVar[Text]
    button: ClassVar[Text] = gettext_lazy("Review")
    note: ClassVar[Text] = ""
    danger: ClassVar[bool] = False
    needs: ClassVar[str] = "node"
    command_name: ClassVar[str] = ""
    command_options: ClassVar[tuple[str, ...]] = ()

    @property
    def has_amount(self) -> bool:
        """True if there is something to type; other actions begin with their review."""
        return "amount" in self.form_class.base_fields

    def form(self, data: Mapping[str, Any], context: ActionContext) -> FormT:
        """The form, bound once an amount is there or none is needed."""
        bound = not self.has_amount or "amount" in data
        return self.form_class(data if bound else None, context=context)

    def balance(self, context: ActionContext) -> tuple[str, int]:
        """Name and µIFM of what the amount is taken from."""
        return gettext("Available"), context.available

    def shortcuts(self, context: ActionContext) -> list[Shortcut]:
        """Amounts that people often want."""
        return []

    def run(self, form: FormT, now: datetime) -> Outcome:
        """Execute the action. Raises: what its service raises."""
        raise NotImplementedError

    def preview(self, form: FormT, outcome: Outcome) -> Preview:
        """The changes that the result page shows."""
        raise NotImplementedError

    def command(self, form: FormT) -> str:
        """The equal command of the command line."""
        return " ".join(
            ["infra", self.command_name or self.name, *self.arguments(form), *self.command_options]
        )

    def arguments(self, form: FormT) -> list[str]:
        """The command's options that depend on the form."""
        node = form.context.node
        values = ["--node", checksum(node.address)] if node and self.needs == "node" else []
        if self.has_amount:
            amount = form.cleaned_amount
            values += ["--amount", ALL if amount is None else canonical_number(amount, 6)]
        return values

    def text(
        self, template: Text, *, amount: int | None = None, node: Node | None = None, to: str = ""
    ) -> str:
        """A sentence of the action with its figures."""
        figure = "" if amount is None else amount_digits(amount)
        return str(template).format(amount=figure, node=node_name(node), to=to)


def fill(label: str, amount: int) -> Shortcut:
    """A shortcut for an amount of µIFM."""
    return Shortcut(label, plain_number(amount, 6), canonical_number(amount, 6))


def most(label: str, amount: int) -> list[Shortcut]:
    """The shortcut for the largest amount, named with its figure; none for 0."""
    return [fill(f"{label}, {ifm_text(amount)}", amount)] if amount > 0 else []


def node_name(node: Node | None) -> str:
    return node.name or node.address if node is not None else ""
