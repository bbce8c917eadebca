"""Delegate, undelegate and redelegate."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.html import format_html
from django.utils.translation import gettext, gettext_lazy

from delegation.pages.actions import base, rows
from delegation.pages.actions.base import Action, Outcome, Preview, Row, Shortcut
from delegation.pages.actions.context import ActionContext
from delegation.pages.actions.forms import DelegateForm, RedelegateForm, WithdrawForm
from delegation.selectors.estimates import (
    OffenceCost,
    least_and_most,
    offence_costs,
    recent_cut,
)
from delegation.selectors.positions import position_of
from delegation.selectors.unbondings import operator_unbonds_until
from delegation.services import positions, redelegations
from postgres.batched_reads import batched_reads
from protocol.addresses import checksum
from protocol.projection import Past, project
from staking.models import Node
from staking.selectors.estimates import pasts_of
from staking.selectors.node_history import share_changes
from web.formatting import (
    grouped_int,
    ifm_short_unit,
    ifm_unit,
    moment_text,
    percent,
    rate,
    short_digits,
    zoned,
)
from web.templatetags.components import part_of


class Delegate(Action[DelegateForm]):
    name = "delegate"
    form_class = DelegateForm
    heading = gettext_lazy("Delegate to {node}")
    title = gettext_lazy("Delegate {amount} IFM to {node}")
    done = gettext_lazy("Delegated {amount} IFM to {node}")
    button = gettext_lazy("Review delegation")
    next_step = base.EARNS_NEXT
    note = gettext_lazy(
        "APR falls as the pool grows: rewards follow the work done, not the stake. Estimates from the last 30 epochs, "
        "not a promise."
    )

    def shortcuts(self, context: ActionContext) -> list[Shortcut]:
        left = context.cap_left
        affordable = context.available if left is None else min(context.available, left)
        return [*tier_shortcut(context, affordable), *base.most(gettext("Max"), affordable)]

    def run(self, form: DelegateForm, now: datetime) -> Outcome:
        context, amount = form.context, form.cleaned_amount or 0
        assert context.node is not None
        held = positions.delegate(node=context.node.address, amount=amount, wallet=context.wallet, now=now)
        return Outcome(held.transaction, amount, held.node)

    def preview(self, form: DelegateForm, outcome: Outcome) -> Preview:
        context, amount = form.context, outcome.amount
        before, after = context.node, outcome.node
        assert before is not None
        assert after is not None
        value = context.delegated + amount
        costs = _costs(context, after, pool=after.pool.tokens, mine=value)
        with batched_reads() as reads:
            pasts = reads.submit(pasts_of, [before.id], epoch=context.epoch.number)
            warning = reads.submit(node_warning, after, epoch=context.epoch.number)
        lines: list[Row] = [
            rows.from_wallet(context),
            (gettext("To"), rows.name_and_address(after)),
            (gettext("Amount"), ifm_unit(amount)),
            (gettext("Available afterwards"), ifm_unit(context.available - amount)),
            (gettext("Your delegation"), rows.change(ifm_unit(context.delegated), ifm_unit(value))),
            (gettext("Your share of the pool"), percent(part_of(value, after.pool.tokens), 1)),
            rows.node_tier(context, before, after),
            *_expectations(context, pasts.result().get(before.id), amount),
            rows.earns_from(context),
            rows.delegator_share(after, context),
            rows.unbonding_time(context),
            rows.risk(gettext("If the node is slashed"), costs),
        ]
        return Preview(lines, _slash_warning(costs) + warning.result(), costs)


class Undelegate(Action[WithdrawForm]):
    name = "undelegate"
    form_class = WithdrawForm
    heading = gettext_lazy("Undelegate from {node}")
    title = gettext_lazy("Undelegate {amount} IFM from {node}")
    done = gettext_lazy("Unbonding {amount} IFM from {node}")
    next_step = base.UNBONDS

    def balance(self, context: ActionContext) -> tuple[str, int]:
        return gettext("Delegated"), context.delegated

    def shortcuts(self, context: ActionContext) -> list[Shortcut]:
        return base.most(gettext("All"), context.delegated)

    def run(self, form: WithdrawForm, now: datetime) -> Outcome:
        context = form.context
        assert context.node is not None
        held = positions.undelegate(
            node=context.node.address, amount=form.cleaned_amount, wallet=context.wallet, now=now
        )
        amount = 0 if held.unbonding is None else held.unbonding.entered
        return Outcome(held.transaction, amount, held.node, held.unbonding)

    def preview(self, form: WithdrawForm, outcome: Outcome) -> Preview:
        context = form.context
        assert context.node is not None
        assert outcome.node is not None
        left = context.delegated - outcome.amount
        lines: list[Row] = [
            (gettext("From"), rows.name_and_address(context.node)),
            *rows.unbonding(outcome),
            rows.forfeited(context, outcome),
            (gettext("Your delegation"), rows.change(ifm_unit(context.delegated), ifm_unit(left))),
            rows.node_tier(context, context.node, outcome.node),
            (gettext("Stays claimable"), ifm_unit(context.claimable)),
            rows.exposure(context),
        ]
        if context.position and context.position.liable_slashes:
            warning = gettext(
                "It is paid only after the pending slash is decided, which can still take a part of it."
            )
            return Preview(lines, warning)
        return Preview(
            lines, gettext("Unbonding stake earns nothing. You can cancel while the node accepts stake.")
        )


class Redelegate(Action[RedelegateForm]):
    name = "redelegate"
    form_class = RedelegateForm
    heading = gettext_lazy("Redelegate from {node}")
    title = gettext_lazy("Redelegate {amount} IFM from {node} to {to}")
    done = gettext_lazy("{amount} IFM will move from {node} to {to}")
    next_step = gettext_lazy("It moves when the epoch is settled; until then it earns where it is.")

    def balance(self, context: ActionContext) -> tuple[str, int]:
        return gettext("Delegated"), self._movable(context)

    def shortcuts(self, context: ActionContext) -> list[Shortcut]:
        return base.most(gettext("All"), self._movable(context))

    def arguments(self, form: RedelegateForm) -> list[str]:
        assert form.target is not None
        source, amount = super().arguments(form)[:2], super().arguments(form)[2:]
        return [*source, "--to", checksum(form.target.address), *amount]

    def run(self, form: RedelegateForm, now: datetime) -> Outcome:
        context = form.context
        assert context.node is not None
        assert form.target is not None
        redelegation = redelegations.redelegate(
            source=context.node.address, target=form.target.address, amount=form.cleaned_amount,
            wallet=context.wallet, now=now,
        )  # fmt: skip
        return Outcome(None, redelegation.amount, redelegation.source)

    def preview(self, form: RedelegateForm, outcome: Outcome) -> Preview:
        context, source, target, amount = form.context, form.context.node, form.target, outcome.amount
        assert source is not None
        assert target is not None
        there = position_of(context.wallet, target.id)
        before = there.value if there else 0
        costs = _costs(context, target, pool=target.pool.tokens + amount, mine=before + amount)
        former = _costs(context, source, pool=source.pool.tokens, mine=context.delegated)
        left = context.delegated - context.redelegating - amount
        may_move = context.epoch.end + timedelta(seconds=context.epoch.params.unbonding_seconds)
        lines: list[Row] = [
            (gettext("From"), rows.name_and_address(source)),
            (gettext("To"), rows.name_and_address(target)),
            (gettext("Amount"), ifm_unit(amount)),
            (gettext("Moves"), rows.when_settled(context)),
            (gettext("Earns meanwhile"),
             gettext("what is active, on %(old)s in this epoch; all of it on %(new)s from the next")
             % {"old": source.name, "new": target.name}),
            (gettext("Left on %(node)s") % {"node": source.name}, ifm_unit(left)),
            (gettext("Then on %(node)s") % {"node": target.name}, ifm_unit(before + amount)),
            *_comparison(context, source, target, amount, before),
            rows.delegator_share(target, context),
            (gettext("May move again after"), zoned(may_move)),
            rows.risk(gettext("If %(node)s is slashed") % {"node": source.name}, former),
            rows.risk(gettext("If %(node)s is slashed") % {"node": target.name}, costs),
        ]  # fmt: skip
        warning = gettext(
            "It moves at the pool rates of that moment. It is cancelled, and you are notified, when the old node has "
            "a pending slash by then or the new one takes no delegations."
        )
        return Preview(lines, warning + node_warning(target, epoch=context.epoch.number), costs)

    def _movable(self, context: ActionContext) -> int:
        return max(context.delegated - context.redelegating, 0)


def tier_shortcut(context: ActionContext, affordable: int) -> list[Shortcut]:
    """The amount that lifts the node to its next tier."""
    reach = context.next_tier(affordable)
    return [] if reach is None else [base.fill(gettext("Reach Tier %d") % reach[0], reach[1])]


def node_warning(node: Node, *, epoch: int) -> str:
    """A warning about the node's operator for delegators; "" without one."""
    with batched_reads() as reads:
        unbonding = reads.submit(_unbonding_warning, node)
        share = reads.submit(share_warning, node, epoch=epoch)
    return unbonding.result() + share.result()


def _unbonding_warning(node: Node) -> str:
    until = operator_unbonds_until(node.id)
    if until is None:
        return ""
    text = gettext(
        "Its operator is unbonding own stake: until %(until)s the node receives half the jobs, and you could not "
        "redelegate from it."
    )
    return " " + text % {"until": moment_text(until)}


def share_warning(node: Node, *, epoch: int) -> str:
    """A reduction of the delegator share in the last 30 epochs; "" without one."""
    reduced = recent_cut(share_changes(node.id), epoch=epoch)
    if reduced is None:
        return ""
    text = gettext("Its delegator share was reduced from %(old)s to %(new)s, in force from epoch %(n)s.")
    return " " + text % {
        "old": percent(reduced.old_bps),
        "new": percent(reduced.new_bps),
        "n": grouped_int(reduced.from_epoch),
    }


def _costs(context: ActionContext, node: Node, *, pool: int, mine: int) -> list[OffenceCost]:
    return offence_costs(
        context.epoch.params, self_stake=node.self_stake, pool=pool, mine=mine, custodial=node.custodial
    )


def _expectations(context: ActionContext, past: Past | None, amount: int) -> list[Row]:
    if past is None:
        return [(gettext("Estimate"), gettext("none yet: this node has no settled epoch"))]
    expected = project(context.epoch.params, past, held=context.delegated, amount=amount)
    return [
        (gettext("Reward per epoch, estimate"), _about(expected.per_epoch)),
        (gettext("APR for you, estimate"), percent(expected.apr_bps, 1)),
    ]


def _comparison(context: ActionContext, source: Node, target: Node, amount: int, there: int) -> list[Row]:
    """Reward of both delegations together and APR of the amount, before and after; only what is known."""
    params, epoch = context.epoch.params, context.epoch.number
    pasts = pasts_of([source.id, target.id], epoch=epoch)
    if len(pasts) < 2:
        return [(gettext("Estimate"), gettext("none yet: one of the nodes has no settled epoch"))]
    old = project(params, pasts[source.id], held=context.delegated, amount=0)
    old_there = project(params, pasts[target.id], held=there, amount=0)
    left = project(params, pasts[source.id], held=context.delegated, amount=-amount)
    new = project(params, pasts[target.id], held=there, amount=amount)
    return [
        (
            gettext("Reward per epoch of both, estimate"),
            rows.change(_about(old.per_epoch + old_there.per_epoch), _about(left.per_epoch + new.per_epoch)),
        ),
        (gettext("APR for you, estimate"), rows.change(percent(old.apr_bps, 1), percent(new.apr_bps, 1))),
    ]


def _about(amount: int) -> object:
    return format_html("{} {}", gettext("about"), ifm_short_unit(amount))


def _slash_warning(costs: list[OffenceCost]) -> str:
    ends = least_and_most(costs)
    if ends is None:
        return gettext("Rewards depend on the work that the node does.")
    return gettext(
        "If this node is slashed you can lose %(low)s to %(high)s of your delegation (%(least)s to %(most)s IFM). "
        "Rewards depend on the work that the node does."
    ) % {
        "low": rate(ends[0].rate_bps),
        "high": rate(ends[1].rate_bps),
        "least": short_digits(ends[0].taken),
        "most": short_digits(ends[1].taken),
    }
