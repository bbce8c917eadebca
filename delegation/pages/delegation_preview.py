"""What backing a node, leaving it or moving on will have done: rows of a preview or a review."""

from __future__ import annotations

from datetime import timedelta

from django.utils.html import format_html
from django.utils.translation import gettext

from delegation.pages.action_context import Situation
from delegation.pages.action_form import Wish
from delegation.pages.actions import Done
from delegation.pages.preview_rows import (
    Review,
    Row,
    became,
    earns_from,
    exposure,
    leaves_after,
    leaving_rows,
    named,
    share_of_node,
    still_reached,
    tier_row,
    wallet_row,
    when_settled,
)
from delegation.projection import Past, Projection, project
from delegation.selectors.estimates import (
    OffenceCost,
    least_and_most,
    offence_costs,
    past_of,
    recent_cut,
    share_history,
)
from staking.models import Node
from web.formatting import amount_digits, grouped_int, ifm_unit, percent, zoned
from web.templatetags.components import part_of


def delegate(wish: Wish, situation: Situation, done: Done) -> Review:
    before, after = situation.node, done.node
    assert before is not None
    assert after is not None
    assert wish.amount is not None
    params = situation.epoch.params
    held = situation.held + wish.amount
    past = past_of(before, epoch=situation.epoch.number)
    expected = _expected(situation, past, wish.amount)
    costs = offence_costs(
        params, self_stake=after.self_stake, pool=after.pool.tokens, mine=held, custodial=after.custodial
    )
    rows: list[Row] = [
        wallet_row(wish),
        (gettext("To"), named(after)),
        (gettext("Amount"), ifm_unit(wish.amount)),
        (gettext("Available afterwards"), ifm_unit(situation.available - wish.amount)),
        (gettext("Your delegation"), became(ifm_unit(situation.held), ifm_unit(held))),
        (gettext("Your share of the pool"), percent(part_of(held, after.pool.tokens), 1)),
        tier_row(situation, before, after),
        *_expectations(situation, past, expected),
        earns_from(situation),
        (gettext("Delegator share"), share_of_node(after, situation)),
        (gettext("To get it back"), leaves_after(situation)),
        (gettext("If the node is slashed"), exposure(costs)),
    ]
    warning = _delegate_warning(costs) + _cut_warning(after, situation)
    return Review(tuple(rows), warning, tuple(costs), expected)


def _expected(situation: Situation, past: Past | None, amount: int) -> Projection | None:
    if past is None:
        return None
    return project(situation.epoch.params, past, held=situation.held, amount=amount)


def _expectations(situation: Situation, past: Past | None, expected: Projection | None) -> list[Row]:
    if past is None or expected is None:
        return [(gettext("Estimate"), gettext("none yet: this node has no settled epoch"))]
    now = project(situation.epoch.params, past, held=situation.held, amount=0)
    return [
        (
            gettext("Reward per epoch, estimate"),
            format_html("{} {}", gettext("about"), ifm_unit(expected.per_epoch, 4)),
        ),
        (
            gettext("APR for you, estimate"),
            became(percent(now.apr_bps, 1), percent(expected.apr_bps, 1)),
        ),
    ]


def _delegate_warning(costs: list[OffenceCost]) -> str:
    ends = least_and_most(costs)
    if ends is None:
        return gettext("Rewards depend on the work that the node does.")
    return gettext(
        "If this node is slashed you can lose %(low)s to %(high)s of your delegation (%(least)s to %(most)s IFM). "
        "Rewards depend on the work that the node does."
    ) % {
        "low": percent(ends[0].rate_bps, 0),
        "high": percent(ends[1].rate_bps, 0),
        "least": amount_digits(ends[0].taken),
        "most": amount_digits(ends[1].taken),
    }


def _cut_warning(node: Node, situation: Situation) -> str:
    """A cut of the delegator share in the last 30 epochs, said before one confirms; "" without one."""
    cut = recent_cut(share_history(node.id), epoch=situation.epoch.number)
    if cut is None:
        return ""
    said = gettext("Its delegator share was cut from %(old)s to %(new)s, in force from epoch %(n)s.")
    return " " + said % {
        "old": percent(cut.old_bps),
        "new": percent(cut.new_bps),
        "n": grouped_int(cut.from_epoch),
    }


def undelegate(wish: Wish, situation: Situation, done: Done) -> Review:
    assert situation.node is not None
    assert done.node is not None
    assert situation.position is not None
    rows = [
        (gettext("From"), named(situation.node)),
        *leaving_rows(situation, done),
        (
            gettext("Your delegation"),
            became(ifm_unit(situation.held), ifm_unit(situation.held - done.amount)),
        ),
        tier_row(situation, situation.node, done.node),
        (gettext("Claimable stays"), ifm_unit(situation.position.claimable)),
        still_reached(situation),
    ]
    return Review(tuple(rows), _leaving_warning(situation))


def _leaving_warning(situation: Situation) -> str:
    if situation.position and situation.position.liable_slashes:
        return gettext(
            "The payout waits until the pending slash is decided, and the slash still reaches this stake."
        )
    return gettext("What leaves earns nothing more, and cancelling is open only while the node takes stake.")


def redelegate(wish: Wish, situation: Situation, done: Done) -> Review:
    source, to = situation.node, situation.to
    assert source is not None
    assert to is not None
    arrived = (situation.arrival.value if situation.arrival else 0) + done.amount
    costs = offence_costs(
        situation.epoch.params,
        self_stake=to.self_stake,
        pool=to.pool.tokens + done.amount,
        mine=arrived,
        custodial=to.custodial,
    )
    left = situation.held - situation.moving - done.amount
    free = situation.epoch.end + timedelta(seconds=situation.epoch.params.unbonding_seconds)
    rows: tuple[Row, ...] = (
        (gettext("From"), named(source)),
        (gettext("To"), named(to)),
        (gettext("Amount"), ifm_unit(done.amount)),
        (gettext("Carried out"), when_settled(situation)),
        (gettext("Earns meanwhile"), gettext("on %(old)s in this epoch, on %(new)s from the next")
         % {"old": source.name, "new": to.name}),
        (gettext("Left on %(node)s") % {"node": source.name}, ifm_unit(left)),
        (gettext("Then on %(node)s") % {"node": to.name}, ifm_unit(arrived)),
        (gettext("Delegator share"), share_of_node(to, situation)),
        (gettext("May move again after"), zoned(free)),
        (gettext("If the new node is slashed"), exposure(costs)),
    )  # fmt: skip
    warning = gettext(
        "It moves at the pool rates of that moment. It is cancelled, with a notice, when the old node has a pending "
        "slash by then or the new one takes no delegations."
    )
    return Review(rows, warning + _cut_warning(to, situation), tuple(costs))
