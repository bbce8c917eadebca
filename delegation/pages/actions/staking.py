"""Stake and unstake: an operator's own stake on its node."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext, gettext_lazy

from delegation.pages.actions import base, rows
from delegation.pages.actions.base import Action, Outcome, Preview, Row, Shortcut
from delegation.pages.actions.context import ActionContext
from delegation.pages.actions.delegating import tier_shortcut
from delegation.pages.actions.forms import SpendForm, WithdrawForm
from protocol import tiers
from staking.models import Node
from staking.services import stakes
from web.formatting import ifm_unit, period


class Stake(Action[SpendForm]):
    name = "stake"
    form_class = SpendForm
    heading = gettext_lazy("Stake on {node}")
    title = gettext_lazy("Stake {amount} IFM on {node}")
    done = gettext_lazy("Staked {amount} IFM on {node}")
    button = gettext_lazy("Review stake")
    next_step = base.EARNS_NEXT

    def shortcuts(self, context: ActionContext) -> list[Shortcut]:
        available = context.available
        return [*tier_shortcut(context, available), *base.most(gettext("Max"), available)]

    def run(self, form: SpendForm, now: datetime) -> Outcome:
        context, amount = form.context, form.cleaned_amount or 0
        assert context.node is not None
        moved = stakes.stake(node=context.node.address, amount=amount, actor=context.wallet, now=now)
        return Outcome(moved.transaction, amount, moved.node)

    def preview(self, form: SpendForm, outcome: Outcome) -> Preview:
        context = form.context
        before, after = context.node, outcome.node
        assert before is not None
        assert after is not None
        time = period(context.epoch.params.unbonding_seconds)
        lines: list[Row] = [
            rows.from_wallet(context),
            (gettext("To"), rows.name_and_address(after)),
            (gettext("Amount"), ifm_unit(outcome.amount)),
            (gettext("Available afterwards"), ifm_unit(context.available - outcome.amount)),
            *rows.tier_effects(context, before, after),
            rows.earns_from(context),
            (
                gettext("To get it back"),
                gettext("%(time)s unbonding, job weight halved meanwhile") % {"time": time},
            ),
        ]
        return Preview(lines, _warning(context, before, after))


class Unstake(Action[WithdrawForm]):
    name = "unstake"
    form_class = WithdrawForm
    heading = gettext_lazy("Unstake from {node}")
    title = gettext_lazy("Unstake {amount} IFM from {node}")
    done = gettext_lazy("Unbonding {amount} IFM from {node}")
    next_step = base.UNBONDS

    def balance(self, context: ActionContext) -> tuple[str, int]:
        return gettext("Staked"), context.own_stake

    def shortcuts(self, context: ActionContext) -> list[Shortcut]:
        return base.most(gettext("All"), context.own_stake)

    def run(self, form: WithdrawForm, now: datetime) -> Outcome:
        context = form.context
        assert context.node is not None
        moved = stakes.unstake(
            node=context.node.address, amount=form.cleaned_amount, actor=context.wallet, now=now
        )
        assert moved.unbonding is not None
        return Outcome(moved.transaction, moved.unbonding.entered, moved.node, moved.unbonding)

    def preview(self, form: WithdrawForm, outcome: Outcome) -> Preview:
        context = form.context
        before, after = context.node, outcome.node
        assert before is not None
        assert after is not None
        lines: list[Row] = [
            (gettext("From"), rows.name_and_address(after)),
            *rows.unbonding(outcome),
            rows.forfeited(context, outcome),
            (gettext("Own stake"), rows.change(ifm_unit(before.self_stake), ifm_unit(after.self_stake))),
            *rows.tier_effects(context, before, after),
            rows.own_exposure(context),
        ]
        return Preview(
            lines,
            gettext(
                "While it unbonds, the node's job weight is halved, it coordinates no quorum, and its delegators "
                "cannot redelegate from it."
            ),
        )


def _warning(context: ActionContext, before: Node, after: Node) -> str:
    params = context.epoch.params
    old, new = (
        tiers.cooldown_length(params, tiers.tier_of(params, node.self_stake + node.pool.tokens))
        for node in (before, after)
    )
    if old != new:
        return gettext(
            "At the new tier a cooldown lasts %(new)d epochs instead of %(old)d, and failed jobs cost more rank. "
            "Slash percentages stay the same."
        ) % {"old": old, "new": new}
    return gettext("Staked tokens can be slashed for what the node does, and for what it fails to do.")
