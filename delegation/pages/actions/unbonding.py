"""Cancel an unbonding entry, or withdraw a mature one."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext, gettext_lazy

from delegation.pages.actions import base, rows
from delegation.pages.actions.base import Action, Outcome, Preview, Row
from delegation.pages.actions.context import ActionContext
from delegation.pages.actions.forms import ActionForm
from delegation.services import unbondings
from staking.services.unbondings import withdraw
from web.formatting import ifm_unit


class _EntryAction(Action[ActionForm]):
    """An action on one unbonding entry."""

    form_class = ActionForm
    needs = "entry"
    command_name = "unbonding"
    option: str

    def arguments(self, form: ActionForm) -> list[str]:
        return [self.option, str(_entry(form.context))]


class Cancel(_EntryAction):
    name = "cancel"
    option = "--cancel"
    heading = gettext_lazy("Cancel unbonding")
    title = gettext_lazy("Return {amount} IFM to {node}")
    done = gettext_lazy("{amount} IFM are back on {node}")
    next_step = gettext_lazy(
        "What left in this epoch is back as it left; what left in an earlier one is pending until the epoch ends."
    )

    def run(self, form: ActionForm, now: datetime) -> Outcome:
        context = form.context
        moved = unbondings.cancel(unbonding=_entry(context), wallet=context.wallet, now=now)
        assert moved.unbonding is not None
        return Outcome(moved.transaction, moved.unbonding.paid or 0, moved.node, moved.unbonding)

    def preview(self, form: ActionForm, outcome: Outcome) -> Preview:
        context = form.context
        assert outcome.node is not None
        assert context.node is not None
        lines: list[Row] = [
            (gettext("Back to"), rows.name_and_address(outcome.node)),
            (gettext("Amount"), ifm_unit(outcome.amount)),
            rows.node_tier(context, context.node, outcome.node),
            *([] if _left_in(context) == context.epoch.number else [rows.earns_from(context)]),
            rows.unbonding_time(context),
        ]
        note = gettext(
            "It returns in full. Stake that left in an earlier epoch returns as new stake; leaving again starts a new "
            "unbonding period."
        )
        return Preview(lines, note)


class Withdraw(_EntryAction):
    name = "withdraw"
    option = "--withdraw"
    heading = gettext_lazy("Withdraw")
    title = gettext_lazy("Withdraw {amount} IFM from {node}")
    done = gettext_lazy("Paid {amount} IFM to your wallet")
    next_step = base.AVAILABLE

    def run(self, form: ActionForm, now: datetime) -> Outcome:
        context = form.context
        moved = withdraw(unbonding=_entry(context), wallet=context.wallet, now=now)
        assert moved.unbonding is not None
        return Outcome(moved.transaction, moved.unbonding.paid or 0, moved.node, moved.unbonding)

    def preview(self, form: ActionForm, outcome: Outcome) -> Preview:
        context = form.context
        assert outcome.node is not None
        lines: list[Row] = [
            (gettext("From"), rows.name_and_address(outcome.node)),
            rows.to_wallet(context),
            (gettext("Amount"), ifm_unit(outcome.amount)),
            (gettext("Available afterwards"), ifm_unit(context.available + outcome.amount)),
        ]
        note = gettext("Mature stake is paid automatically within a minute; this pays it now.")
        return Preview(lines, note, harmless=True)


def _left_in(context: ActionContext) -> int:
    """The epoch in which the stake of the entry left (R18)."""
    assert context.entry is not None
    return context.entry.epoch


def _entry(context: ActionContext) -> int:
    assert context.entry is not None
    return context.entry.id
