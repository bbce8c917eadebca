"""Rows that previews and reviews are made of: old and new, when it earns, what it risks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from delegation.pages.action_context import Situation
from delegation.pages.action_form import Wish
from delegation.pages.actions import Done
from delegation.projection import Projection
from delegation.selectors.estimates import OffenceCost, least_and_most
from protocol import tiers
from staking.models import Node
from web.formatting import (
    amount_digits,
    fixed,
    grouped_int,
    ifm_unit,
    moment_text,
    percent,
    period,
    zoned,
)
from web.templatetags.components import icon, tier_badge
from web.templatetags.identity import short

Row = tuple[str, Any]


@dataclass(frozen=True, slots=True)
class Review:
    """Rows of a review and one sentence more: on what can go wrong, or, `harmless`, on what is good to know.

    `amount` in µIFM is what the act moves.
    """

    rows: tuple[Row, ...]
    warning: str
    costs: tuple[OffenceCost, ...] = ()
    projection: Projection | None = None
    amount: int = 0
    harmless: bool = False


def became(old: object, new: object) -> SafeString | object:
    """Old and new side by side; one of them when nothing changes."""
    if old == new:
        return new
    return format_html(
        '<span class="im-was">{}</span>{}<span class="visually-hidden"> {} </span>{}',
        old, icon("arrow-right", "im-arrow"), gettext("becomes"), new,
    )  # fmt: skip


def wallet_row(wish: Wish) -> Row:
    return gettext("From"), with_address(gettext("Your wallet %(wallet)s"), wish)


def to_wallet_row(wish: Wish) -> Row:
    return gettext("To"), with_address(gettext("your wallet %(wallet)s"), wish)


def with_address(sentence: str, wish: Wish) -> SafeString:
    """The sentence with the wallet's address, which no line break divides."""
    return mark_safe(escape(sentence) % {"wallet": _short(wish.wallet)})


def _short(address: str) -> SafeString:
    return format_html('<span class="im-nowrap">{}</span>', short(address))


def named(node: Node) -> SafeString:
    return format_html("{}, {}", node.name, _short(node.address))


def earns_from(situation: Situation) -> Row:
    epoch = situation.epoch
    late = situation.now >= epoch.end
    said = gettext("epoch %(n)s, as soon as it opens") if late else gettext("epoch %(n)s, %(at)s")
    return gettext("Earns from"), said % {"n": grouped_int(epoch.number + 1), "at": moment_text(epoch.end)}


def leaves_after(situation: Situation) -> str:
    """How long stake takes to come back."""
    return gettext("%(time)s unbonding, no rewards meanwhile") % {
        "time": period(situation.epoch.params.unbonding_seconds)
    }


def share_of_node(node: Node, situation: Situation) -> object:
    epoch = situation.epoch.number
    most = gettext("cut by at most %(cut)s points per epoch") % {
        "cut": fixed(situation.epoch.params.delegator_share_max_cut_bps, 2, 0)
    }
    shown = became(percent(node.share_in(epoch), 0), percent(node.share_in(epoch + 1), 0))
    return format_html("{}, {}", shown, most)


def tier_row(situation: Situation, before: Node, after: Node) -> Row:
    old, new = (
        tiers.tier_of(situation.epoch.params, node.self_stake + node.pool.tokens) for node in (before, after)
    )
    return gettext("Tier of the node"), became(tier_badge(old, words=True), tier_badge(new, words=True))


def tier_rows(situation: Situation, before: Node, after: Node) -> list[Row]:
    """Everything that moves with the tier of a node."""
    params = situation.epoch.params
    stakes = [node.self_stake + node.pool.tokens for node in (before, after)]
    old, new = (params.tiers[tiers.tier_of(params, stake)] for stake in stakes)
    gained = [name for row in params.tiers[old.number + 1 : new.number + 1] for name in row.job_classes]
    lost = [name for row in params.tiers[new.number + 1 : old.number + 1] for name in row.job_classes]
    rows: list[Row] = [
        tier_row(situation, before, after),
        (gettext("Effective stake"), became(ifm_unit(stakes[0], 2), ifm_unit(stakes[1], 2))),
        (gettext("Reward bonus"), became(f"+{percent(old.bonus_bps, 0)}", f"+{percent(new.bonus_bps, 0)}")),
    ]
    if gained:
        rows.append((gettext("New job classes"), ", ".join(gained)))
    if lost:
        rows.append((gettext("Job classes lost"), ", ".join(lost)))
    rows.append((gettext("Quorum access"), became(old.quorum, new.quorum)))
    rows.append(
        (gettext("Penalty severity"), became(*(f"{fixed(row.severity_bps, 4, 2)}×" for row in (old, new))))
    )
    return rows


def exposure(costs: list[OffenceCost]) -> str:
    """From the mildest offence that costs delegators anything to the worst, in percent and in the reader's IFM."""
    ends = least_and_most(costs)
    if ends is None:
        return gettext("nothing is taken from delegators")
    low, high = ends
    return gettext("%(low)s to %(high)s: %(least)s to %(most)s IFM") % {
        "low": percent(low.rate_bps, 0),
        "high": percent(high.rate_bps, 0),
        "least": amount_digits(low.taken),
        "most": amount_digits(high.taken),
    }


def leaving_rows(situation: Situation, done: Done) -> list[Row]:
    entry = done.unbonding
    assert entry is not None
    return [
        (gettext("Amount"), ifm_unit(done.amount)),
        (gettext("Unbonding until"), zoned(entry.matures_at)),
        (gettext("Rewards meanwhile"), gettext("none")),
        (gettext("Paid to"), gettext("your wallet, within a minute of maturing")),
    ]


def still_reached(situation: Situation) -> Row:
    """Slashes for this epoch or an earlier one reach what leaves now (R37)."""
    slashes = situation.position.liable_slashes if situation.position else ()
    if slashes:
        return gettext("Exposure"), gettext("pending slash %(ids)s still reaches it") % {
            "ids": ", ".join(f"#{number}" for number in slashes)
        }
    return gettext("Exposure"), gettext("offences up to the end of epoch %(n)s still reach it") % {
        "n": grouped_int(situation.epoch.number)
    }


def when_settled(situation: Situation) -> str:
    late = situation.now >= situation.epoch.end
    said = gettext("when epoch %(n)s is settled") if late else gettext("when epoch %(n)s is settled, %(at)s")
    return said % {
        "n": grouped_int(situation.epoch.number),
        "at": moment_text(situation.epoch.end),
    }
