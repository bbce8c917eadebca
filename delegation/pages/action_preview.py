"""What an act will have done, as rows of a preview or a review; figures come from its rehearsal."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext

from delegation.pages.action_context import Situation
from delegation.pages.action_form import Wish
from delegation.pages.actions import Done
from delegation.pages.delegation_preview import delegate, redelegate, undelegate
from delegation.pages.preview_rows import (
    Review,
    Row,
    became,
    earns_from,
    leaves_after,
    leaving_rows,
    named,
    tier_row,
    tier_rows,
    to_wallet_row,
    wallet_row,
)
from protocol import tiers
from staking.models import Node
from web.formatting import grouped_int, ifm_unit, period


def review_of(wish: Wish, situation: Situation, done: Done) -> Review:
    """Rows and warning of an act that was rehearsed."""
    return replace(_REVIEWS[wish.act](wish, situation, done), amount=done.amount)


def _claim(wish: Wish, situation: Situation, done: Done) -> Review:
    rows = [
        *([] if done.node is None else [(gettext("From"), named(done.node))]),
        *((one.node.name, ifm_unit(one.amount, 6)) for one in done.claimed),
        to_wallet_row(wish),
        (gettext("Amount"), ifm_unit(done.amount, 6)),
        (gettext("Available afterwards"), ifm_unit(situation.available + done.amount, 6)),
    ]
    warning = gettext(
        "Claiming does not change any delegation. Rewards of the running epoch are added when it settles."
    )
    return Review(tuple(rows), warning, harmless=True)


def _compound(wish: Wish, situation: Situation, done: Done) -> Review:
    rows: list[Row] = []
    if done.node is not None and situation.node is not None:
        rows.append((gettext("On"), named(done.node)))
        rows.append(tier_row(situation, situation.node, done.node))
    rows += [(one.node.name, ifm_unit(one.amount, 6)) for one in done.claimed]
    rows += [
        (gettext("Amount"), ifm_unit(done.amount, 6)),
        (gettext("Available afterwards"), ifm_unit(situation.available)),
        earns_from(situation),
        (gettext("To get it back"), leaves_after(situation)),
    ]
    warning = gettext("Compounded rewards are locked again: getting them back takes %(time)s.") % {
        "time": period(situation.epoch.params.unbonding_seconds)
    }
    return Review(tuple(rows), warning)


def _stake(wish: Wish, situation: Situation, done: Done) -> Review:
    before, after = situation.node, done.node
    assert before is not None
    assert after is not None
    rows = [
        wallet_row(wish),
        (gettext("To"), named(after)),
        (gettext("Amount"), ifm_unit(done.amount)),
        (gettext("Available afterwards"), ifm_unit(situation.available - done.amount)),
        *tier_rows(situation, before, after),
        earns_from(situation),
        (gettext("To get it back"), gettext("%(time)s unbonding, job weight halved meanwhile")
         % {"time": period(situation.epoch.params.unbonding_seconds)}),
    ]  # fmt: skip
    return Review(tuple(rows), _tier_warning(situation, before, after))


def _unstake(wish: Wish, situation: Situation, done: Done) -> Review:
    before, after = situation.node, done.node
    assert before is not None
    assert after is not None
    rows = [
        (gettext("From"), named(after)),
        *leaving_rows(situation, done),
        (gettext("Own stake"), became(ifm_unit(before.self_stake), ifm_unit(after.self_stake))),
        *tier_rows(situation, before, after),
        (gettext("Exposure"), gettext("offences up to the end of epoch %(n)s still reach it")
         % {"n": grouped_int(situation.epoch.number)}),
    ]  # fmt: skip
    warning = gettext(
        "While it unbonds, the node's job weight is halved, it coordinates no quorum, and its delegators cannot "
        "redelegate from it."
    )
    return Review(tuple(rows), warning)


def _tier_warning(situation: Situation, before: Node, after: Node) -> str:
    params = situation.epoch.params
    lengths = [
        tiers.cooldown_length(params, tiers.tier_of(params, node.self_stake + node.pool.tokens))
        for node in (before, after)
    ]
    if lengths[0] != lengths[1]:
        return gettext(
            "At the new tier a cooldown lasts %(new)d epochs instead of %(old)d, and failed jobs cost more rank. "
            "Slash percentages stay the same."
        ) % {"old": lengths[0], "new": lengths[1]}
    return gettext("Staked tokens can be slashed for what the node does, and for what it fails to do.")


def _cancel(wish: Wish, situation: Situation, done: Done) -> Review:
    assert done.node is not None
    assert situation.node is not None
    rows = (
        (gettext("Back to"), named(done.node)),
        (gettext("Amount"), ifm_unit(done.amount)),
        tier_row(situation, situation.node, done.node),
        earns_from(situation),
        (gettext("To get it back"), leaves_after(situation)),
    )
    return Review(
        rows, gettext("It returns whole, as new stake: leaving again starts a new unbonding period.")
    )


def _withdraw(wish: Wish, situation: Situation, done: Done) -> Review:
    assert done.node is not None
    rows = (
        (gettext("From"), named(done.node)),
        to_wallet_row(wish),
        (gettext("Amount"), ifm_unit(done.amount)),
        (gettext("Available afterwards"), ifm_unit(situation.available + done.amount)),
    )
    note = gettext("It is paid by itself within a minute of maturing; this pays it at once.")
    return Review(rows, note, harmless=True)


_REVIEWS = {
    "delegate": delegate, "undelegate": undelegate, "redelegate": redelegate, "claim": _claim,
    "claim-all": _claim, "compound": _compound, "compound-all": _compound, "stake": _stake, "unstake": _unstake,
    "cancel": _cancel, "withdraw": _withdraw,
}  # fmt: skip
