"""Claim and compound rewards, of one node or of all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext, gettext_lazy

from delegation.pages.actions import base, rows
from delegation.pages.actions.base import Action, Outcome, Preview, Row
from delegation.pages.actions.context import ActionContext
from delegation.pages.actions.forms import ActionForm
from delegation.services import earnings
from staking.services.outcome import Claimed
from web.formatting import ifm_unit, period


class _Payout(Action[ActionForm]):
    """Rewards that become available."""

    form_class = ActionForm
    command_name = "claim"
    next_step = base.AVAILABLE

    def preview(self, form: ActionForm, outcome: Outcome) -> Preview:
        context = form.context
        lines: list[Row] = [
            *([] if outcome.node is None else [(gettext("From"), rows.name_and_address(outcome.node))]),
            *_per_node(outcome),
            rows.to_wallet(context),
            (gettext("Amount"), ifm_unit(outcome.amount, 6)),
            (gettext("Available afterwards"), ifm_unit(context.available + outcome.amount, 6)),
        ]
        note = gettext(
            "Claiming does not change any delegation. Rewards of the open epoch are added when it is settled."
        )
        return Preview(lines, note, harmless=True)


class Claim(_Payout):
    name = "claim"
    heading = gettext_lazy("Claim from {node}")
    title = gettext_lazy("Claim {amount} IFM from {node}")
    done = gettext_lazy("Claimed {amount} IFM from {node}")

    def run(self, form: ActionForm, now: datetime) -> Outcome:
        paid = earnings.claim(node=_node(form.context), wallet=form.context.wallet, now=now)
        return Outcome(paid.transaction, paid.amount, paid.node)


class ClaimAll(_Payout):
    name = "claim-all"
    needs = ""
    heading = gettext_lazy("Claim all")
    title = gettext_lazy("Claim {amount} IFM")
    done = gettext_lazy("Claimed {amount} IFM")

    def run(self, form: ActionForm, now: datetime) -> Outcome:
        return _sum(earnings.claim_all(wallet=form.context.wallet, now=now))


class _Restake(Action[ActionForm]):
    """Rewards that are staked or delegated again on the node that paid them."""

    form_class = ActionForm
    command_name = "claim"
    command_options = ("--compound",)
    next_step = base.EARNS_NEXT

    def preview(self, form: ActionForm, outcome: Outcome) -> Preview:
        context = form.context
        lines: list[Row] = []
        if outcome.node is not None and context.node is not None:
            lines.append((gettext("On"), rows.name_and_address(outcome.node)))
            lines.append(rows.node_tier(context, context.node, outcome.node))
        lines += [
            *_per_node(outcome),
            (gettext("Amount"), ifm_unit(outcome.amount, 6)),
            (gettext("Available afterwards"), ifm_unit(context.available)),
            rows.earns_from(context),
            rows.unbonding_time(context),
        ]
        warning = gettext("Compounded rewards are locked again: getting them back takes %(time)s.")
        return Preview(lines, warning % {"time": period(context.epoch.params.unbonding_seconds)})


class Compound(_Restake):
    name = "compound"
    heading = gettext_lazy("Compound on {node}")
    title = gettext_lazy("Compound {amount} IFM on {node}")
    done = gettext_lazy("Compounded {amount} IFM on {node}")

    def run(self, form: ActionForm, now: datetime) -> Outcome:
        paid = earnings.compound(node=_node(form.context), wallet=form.context.wallet, now=now)
        return Outcome(paid.transaction, paid.amount, paid.node)


class CompoundAll(_Restake):
    name = "compound-all"
    needs = ""
    heading = gettext_lazy("Compound")
    title = gettext_lazy("Compound {amount} IFM")
    done = gettext_lazy("Compounded {amount} IFM")

    def run(self, form: ActionForm, now: datetime) -> Outcome:
        return _sum(earnings.compound_all(wallet=form.context.wallet, now=now))


def _node(context: ActionContext) -> str:
    assert context.node is not None
    return context.node.address


def _sum(claimed: Sequence[Claimed]) -> Outcome:
    return Outcome(claimed[-1].transaction, sum(one.amount for one in claimed), claimed=claimed)


def _per_node(outcome: Outcome) -> list[Row]:
    return [(one.node.name, ifm_unit(one.amount, 6)) for one in outcome.claimed]
