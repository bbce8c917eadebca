"""The money acts that pages offer: what each needs, which service does it, how it is said, its equal command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from delegation.models import Redelegation
from delegation.pages.action_form import ALL, Wish, plain
from delegation.services import earnings, positions, redelegations, unbondings
from protocol.addresses import checksum
from protocol.errors import AmountInvalid, Invalid
from staking.models import Node, Unbonding
from staking.services import stakes
from staking.services.outcome import Claimed
from staking.services.unbondings import withdraw

# Sentences that are translated when they are said.
Words = Any


@dataclass(frozen=True, slots=True)
class Done:
    """What an act did, whichever it was: µIFM moved, the node as it is then, entry, redelegation, claims."""

    transaction: int | None
    amount: int
    node: Node | None = None
    unbonding: Unbonding | None = None
    redelegation: Redelegation | None = None
    claimed: Sequence[Claimed] = ()


@dataclass(frozen=True, slots=True)
class Act:
    """A money act. `needs`: the fields of its form; `title`, `done`: with {amount}, {node} and {to}."""

    name: str
    run: Callable[[Wish, datetime], Done]
    needs: frozenset[str]
    heading: Words
    title: Words
    done: Words
    button: Words
    danger: bool = False
    leaves: bool = False
    options: dict[str, str] = field(default_factory=dict)

    @property
    def next_step(self) -> str:
        """What happens now, after it is done."""
        return str(_NEXT[self.name])

    @property
    def takes_amount(self) -> bool:
        return "amount" in self.needs


_EARNS = gettext_lazy("It is pending until the epoch ends, and earns from the next one on.")
_LEAVES = gettext_lazy(
    "It earns nothing while it unbonds, and is paid to your wallet within a minute of maturing."
)
_FREE = gettext_lazy("It is in your wallet now, free to use.")
_NEXT = {
    "delegate": _EARNS, "stake": _EARNS, "compound": _EARNS, "compound-all": _EARNS, "cancel": _EARNS,
    "undelegate": _LEAVES, "unstake": _LEAVES, "claim": _FREE, "claim-all": _FREE, "withdraw": _FREE,
    "redelegate": gettext_lazy("It moves when the epoch is settled; until then it earns where it is."),
}  # fmt: skip


def perform(act: Act, wish: Wish, now: datetime) -> Done:
    """The act itself. Raises: what is wrong with the form's text, then what its service raises."""
    if wish.refusal is not None:
        raise wish.refusal
    if act.takes_amount and wish.amount is None and not (act.leaves and wish.is_all):
        raise AmountInvalid(field="amount")
    if "to" in act.needs and not wish.to:
        raise Invalid(gettext("Choose the node that the stake shall move to."), field="to")
    return act.run(wish, now)


def command(act: Act, wish: Wish) -> str:
    """The equal command of the command line."""
    amount = ALL if wish.is_all else plain(wish.amount or 0)
    parts = ["infra", act.options.get("command", act.name)]
    if "node" in act.needs:
        parts += ["--node", checksum(wish.node)]
    if "to" in act.needs and wish.to:
        parts += ["--to", checksum(wish.to)]
    if act.takes_amount:
        parts += ["--amount", amount]
    if "entry" in act.needs:
        parts += [act.options["entry"], str(wish.entry)]
    return " ".join(parts + act.options.get("more", "").split())


def _delegate(wish: Wish, now: datetime) -> Done:
    held = positions.delegate(node=wish.node, amount=wish.amount or 0, wallet=wish.wallet, now=now)
    return Done(held.transaction, wish.amount or 0, held.node)


def _undelegate(wish: Wish, now: datetime) -> Done:
    held = positions.undelegate(node=wish.node, amount=wish.amount, wallet=wish.wallet, now=now)
    assert held.unbonding is not None
    return Done(held.transaction, held.unbonding.entered, held.node, held.unbonding)


def _redelegate(wish: Wish, now: datetime) -> Done:
    made = redelegations.redelegate(
        source=wish.node, target=wish.to, amount=wish.amount, wallet=wish.wallet, now=now
    )
    return Done(None, made.amount, made.source, redelegation=made)


def _claim(wish: Wish, now: datetime) -> Done:
    paid = earnings.claim(node=wish.node, wallet=wish.wallet, now=now)
    return Done(paid.transaction, paid.amount, paid.node)


def _compound(wish: Wish, now: datetime) -> Done:
    paid = earnings.compound(node=wish.node, wallet=wish.wallet, now=now)
    return Done(paid.transaction, paid.amount, paid.node)


def _claim_all(wish: Wish, now: datetime) -> Done:
    return _several(earnings.claim_all(wallet=wish.wallet, now=now))


def _compound_all(wish: Wish, now: datetime) -> Done:
    return _several(earnings.compound_all(wallet=wish.wallet, now=now))


def _several(claimed: Sequence[Claimed]) -> Done:
    return Done(claimed[-1].transaction, sum(one.amount for one in claimed), claimed=claimed)


def _stake(wish: Wish, now: datetime) -> Done:
    moved = stakes.stake(node=wish.node, amount=wish.amount or 0, actor=wish.wallet, now=now)
    return Done(moved.transaction, wish.amount or 0, moved.node)


def _unstake(wish: Wish, now: datetime) -> Done:
    moved = stakes.unstake(node=wish.node, amount=wish.amount, actor=wish.wallet, now=now)
    assert moved.unbonding is not None
    return Done(moved.transaction, moved.unbonding.entered, moved.node, moved.unbonding)


def _cancel(wish: Wish, now: datetime) -> Done:
    moved = unbondings.cancel(unbonding=wish.entry, wallet=wish.wallet, now=now)
    assert moved.unbonding is not None
    return Done(moved.transaction, moved.unbonding.paid or 0, moved.node, moved.unbonding)


def _withdraw(wish: Wish, now: datetime) -> Done:
    moved = withdraw(unbonding=wish.entry, wallet=wish.wallet, now=now)
    assert moved.unbonding is not None
    return Done(moved.transaction, moved.unbonding.paid or 0, moved.node, moved.unbonding)


_NODE, _AMOUNT, _ENTRY = frozenset({"node"}), frozenset({"node", "amount"}), frozenset({"entry"})
ACTS = {
    act.name: act
    for act in (
        Act(
            "delegate", _delegate, _AMOUNT, gettext_lazy("Delegate to {node}"),
            gettext_lazy("Delegate {amount} IFM to {node}"), gettext_lazy("Delegated {amount} IFM to {node}"),
            gettext_lazy("Review delegation"),
        ),
        Act(
            "undelegate", _undelegate, _AMOUNT, gettext_lazy("Undelegate from {node}"),
            gettext_lazy("Undelegate {amount} IFM from {node}"),
            gettext_lazy("{amount} IFM are leaving {node}"), gettext_lazy("Review"), leaves=True,
        ),
        Act(
            "redelegate", _redelegate, frozenset({"node", "to", "amount"}), gettext_lazy("Redelegate from {node}"),
            gettext_lazy("Redelegate {amount} IFM from {node} to {to}"),
            gettext_lazy("{amount} IFM will move from {node} to {to}"), gettext_lazy("Review"), leaves=True,
        ),
        Act(
            "claim", _claim, _NODE, gettext_lazy("Claim from {node}"), gettext_lazy("Claim {amount} IFM from {node}"),
            gettext_lazy("Claimed {amount} IFM from {node}"), gettext_lazy("Review"),
        ),
        Act(
            "compound", _compound, _NODE, gettext_lazy("Compound on {node}"),
            gettext_lazy("Compound {amount} IFM on {node}"), gettext_lazy("Compounded {amount} IFM on {node}"),
            gettext_lazy("Review"), options={"command": "claim", "more": "--compound"},
        ),
        Act(
            "claim-all", _claim_all, frozenset(), gettext_lazy("Claim all"), gettext_lazy("Claim {amount} IFM"),
            gettext_lazy("Claimed {amount} IFM"), gettext_lazy("Review"), options={"command": "claim"},
        ),
        Act(
            "compound-all", _compound_all, frozenset(), gettext_lazy("Compound"),
            gettext_lazy("Compound {amount} IFM"), gettext_lazy("Compounded {amount} IFM"), gettext_lazy("Review"),
            options={"command": "claim", "more": "--compound"},
        ),
        Act(
            "stake", _stake, _AMOUNT, gettext_lazy("Stake on {node}"), gettext_lazy("Stake {amount} IFM on {node}"),
            gettext_lazy("Staked {amount} IFM on {node}"), gettext_lazy("Review stake"),
        ),
        Act(
            "unstake", _unstake, _AMOUNT, gettext_lazy("Unstake from {node}"),
            gettext_lazy("Unstake {amount} IFM from {node}"), gettext_lazy("{amount} IFM are leaving {node}"),
            gettext_lazy("Review"), leaves=True,
        ),
        Act(
            "cancel", _cancel, _ENTRY, gettext_lazy("Cancel unbonding"),
            gettext_lazy("Return {amount} IFM to {node}"), gettext_lazy("{amount} IFM are back on {node}"),
            gettext_lazy("Review"), options={"command": "unbonding", "entry": "--cancel"},
        ),
        Act(
            "withdraw", _withdraw, _ENTRY, gettext_lazy("Withdraw"),
            gettext_lazy("Withdraw {amount} IFM from {node}"), gettext_lazy("Paid {amount} IFM to your wallet"),
            gettext_lazy("Review"), options={"command": "unbonding", "entry": "--withdraw"},
        ),
    )
}  # fmt: skip
