"""Rows of previews: old and new values, when stake earns, what it risks."""

from __future__ import annotations

from typing import Any

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from delegation.pages.actions.base import Outcome, Row
from delegation.pages.actions.context import ActionContext
from delegation.selectors.estimates import OffenceCost, least_and_most
from protocol import tiers
from staking.measurement.provisional import provisional_reward
from staking.models import Kind, Node
from web.formatting import (
    fixed,
    grouped_int,
    ifm_unit,
    moment_text,
    period,
    rate,
    short_digits,
    zoned,
)
from web.templatetags.components import icon, tier_badge
from web.templatetags.identity import short


def change(old: object, new: object) -> SafeString | object:
    """The old value and the new one; one of them when they are equal."""
    if old == new:
        return new
    return format_html(
        '<span class="im-was">{}</span>{}<span class="visually-hidden"> {} </span>{}',
        old, icon("arrow-right", "im-arrow"), gettext("becomes"), new,
    )  # fmt: skip


def from_wallet(context: ActionContext) -> Row:
    return gettext("From"), _with_address(gettext("Your wallet %(wallet)s"), context.wallet)


def to_wallet(context: ActionContext) -> Row:
    return gettext("To"), _with_address(gettext("your wallet %(wallet)s"), context.wallet)


def name_and_address(node: Node) -> SafeString:
    return format_html("{}, {}", node.name, _short(node.address))


def earns_from(context: ActionContext) -> Row:
    """The epoch from which new stake earns, with the time it opens unless that has passed already."""
    late = context.now >= context.epoch.end
    text = gettext("epoch %(n)s, as soon as it opens") if late else gettext("epoch %(n)s, %(at)s")
    values = {"n": grouped_int(context.epoch.number + 1), "at": moment_text(context.epoch.end)}
    return gettext("Earns from"), text % values


def unbonding_time(context: ActionContext) -> Row:
    time = period(context.epoch.params.unbonding_seconds)
    return gettext("To get it back"), gettext("%(time)s unbonding, no rewards meanwhile") % {"time": time}


def delegator_share(node: Node, context: ActionContext) -> Row:
    """The share in force, what it becomes, and how fast the operator may reduce it."""
    epoch, cut = context.epoch.number, context.epoch.params.delegator_share_max_cut_bps
    limit = gettext("reduced by at most %(cut)s points per epoch") % {"cut": fixed(cut, 2, 0)}
    shown = change(rate(node.share_in(epoch)), rate(node.share_in(epoch + 1)))
    return gettext("Delegator share"), format_html("{}, {}", shown, limit)


def node_tier(context: ActionContext, before: Node, after: Node) -> Row:
    old, new = (tiers.tier_of(context.epoch.params, _effective(node)) for node in (before, after))
    return gettext("Tier of the node"), change(tier_badge(old, words=True), tier_badge(new, words=True))


def tier_effects(context: ActionContext, before: Node, after: Node) -> list[Row]:
    """The rows that depend on the tier of a node."""
    levels = context.epoch.params.tiers
    stakes = [_effective(node) for node in (before, after)]
    old, new = (levels[tiers.tier_of(context.epoch.params, stake)] for stake in stakes)
    gained = [name for row in levels[old.number + 1 : new.number + 1] for name in row.job_classes]
    lost = [name for row in levels[new.number + 1 : old.number + 1] for name in row.job_classes]
    rows: list[Row] = [
        node_tier(context, before, after),
        (gettext("Effective stake"), change(ifm_unit(stakes[0], 2), ifm_unit(stakes[1], 2))),
        (gettext("Reward bonus"), change(f"+{rate(old.bonus_bps)}", f"+{rate(new.bonus_bps)}")),
    ]
    if gained:
        rows.append((gettext("New job classes"), ", ".join(gained)))
    if lost:
        rows.append((gettext("Job classes lost"), ", ".join(lost)))
    rows.append((gettext("Quorum access"), change(gettext(old.quorum), gettext(new.quorum))))
    severity = (f"{fixed(row.severity_bps, 4, 2)}×" for row in (old, new))
    return [*rows, (gettext("Penalty severity"), change(*severity))]


def risk(label: str, costs: list[OffenceCost]) -> Row:
    """From the mildest to the worst offence that costs delegators anything, in percent and in the wallet's IFM."""
    ends = least_and_most(costs)
    if ends is None:
        return label, gettext("nothing is taken from delegators")
    low, high = ends
    return label, gettext("%(low)s to %(high)s: %(least)s to %(most)s IFM") % {
        "low": rate(low.rate_bps),
        "high": rate(high.rate_bps),
        "least": short_digits(low.taken),
        "most": short_digits(high.taken),
    }


def unbonding(outcome: Outcome) -> list[Row]:
    """The unbonding entry that was created."""
    entry = outcome.unbonding
    assert entry is not None
    return [
        (gettext("Amount"), ifm_unit(outcome.amount)),
        (gettext("Unbonding until"), zoned(entry.matures_at)),
        (gettext("Rewards meanwhile"), gettext("none")),
        (gettext("Paid to"), gettext("your wallet, within a minute of maturing")),
    ]


def forfeited(context: ActionContext, outcome: Outcome) -> Row:
    """The reward of the open epoch that unbonding active stake gives up, by the work so far (R41)."""
    entry = outcome.unbonding
    amount = 0
    if entry is not None and entry.burned_active:
        reward = provisional_reward(entry.node.address, epoch=context.epoch, now=context.now)
        own = entry.kind == Kind.SELF
        amount = (reward.forfeited_by_operator if own else reward.forfeited_by_delegator)(entry.burned_active)
    text = gettext("about %(amount)s IFM by the work so far") if amount else gettext("nothing so far")
    return gettext("Reward of epoch %(n)s given up") % {"n": grouped_int(context.epoch.number)}, text % {
        "amount": short_digits(amount)
    }


def exposure(context: ActionContext) -> Row:
    """Slashes for this epoch or an earlier one reach stake that unbonds now (R37)."""
    slashes = context.position.liable_slashes if context.position else ()
    if slashes:
        numbers = ", ".join(f"#{number}" for number in slashes)
        return gettext("Exposure"), gettext("pending slash %(ids)s can still take a part of it") % {
            "ids": numbers
        }
    return own_exposure(context)


def own_exposure(context: ActionContext) -> Row:
    text = gettext("slashes for offences up to the end of epoch %(n)s can still take a part of it")
    return gettext("Exposure"), text % {"n": grouped_int(context.epoch.number)}


def when_settled(context: ActionContext) -> str:
    late = context.now >= context.epoch.end
    text = gettext("when epoch %(n)s is settled") if late else gettext("when epoch %(n)s is settled, %(at)s")
    return text % {"n": grouped_int(context.epoch.number), "at": moment_text(context.epoch.end)}


def _effective(node: Node) -> int:
    return node.self_stake + node.pool.tokens


def _with_address(sentence: str, wallet: str) -> SafeString:
    """The sentence with the wallet's address, which is not broken over two lines."""
    return mark_safe(escape(sentence) % {"wallet": _short(wallet)})


def _short(address: str) -> Any:
    return format_html('<span class="im-nowrap">{}</span>', short(address))
