"""What an act will have done, as rows of a preview or a review; figures come from its rehearsal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from delegation.pages.acts import Done
from delegation.pages.situation import Situation
from delegation.pages.wish import Wish
from delegation.projection import Past, Projection, project
from delegation.selectors.prospects import OffenceCost, least_and_most, offence_costs, past_of
from staking.models import Node
from staking.protocol import tiers
from staking.templatetags.components import icon, part_of, tier_badge
from staking.templatetags.identity import short
from staking.templatetags.money import amount_digits, fixed, grouped_int, ifm_unit, moment, percent, period

Row = tuple[str, Any]


@dataclass(frozen=True, slots=True)
class Review:
    """Rows of a review and the one sentence on what can go wrong; `amount` in µIFM is what the act moves."""

    rows: tuple[Row, ...]
    warning: str
    costs: tuple[OffenceCost, ...] = ()
    projection: Projection | None = None
    amount: int = 0


def became(old: object, new: object) -> SafeString | object:
    """Old and new side by side; one of them when nothing changes."""
    if old == new:
        return new
    return format_html(
        '<span class="im-was">{}</span>{}<span class="visually-hidden"> {} </span>{}',
        old, icon("arrow-right", "im-arrow"), gettext("becomes"), new,
    )  # fmt: skip


def review_of(wish: Wish, situation: Situation, done: Done) -> Review:
    """Rows and warning of an act that was rehearsed."""
    return replace(_REVIEWS[wish.act](wish, situation, done), amount=done.amount)


def utc(at: datetime) -> SafeString:
    return format_html("{} UTC", moment(at))


def earns_from(situation: Situation) -> Row:
    epoch = situation.epoch
    said = gettext("epoch %(n)s, %(at)s")
    return gettext("Earns from"), format_html(
        "{}", said % {"n": grouped_int(epoch.number + 1), "at": f"{epoch.end:%d %b %H:%M} UTC"}
    )


def leaves_after(situation: Situation) -> str:
    """How long stake takes to come back."""
    return gettext("%(time)s unbonding, no rewards meanwhile") % {
        "time": period(situation.epoch.params.unbonding_seconds)
    }


def wallet_row(wish: Wish) -> Row:
    return gettext("From"), gettext("Your wallet %(wallet)s") % {"wallet": short(wish.wallet)}


def _named(node: Node) -> SafeString:
    return format_html("{}, {}", node.name, short(node.address))


def _delegate(wish: Wish, situation: Situation, done: Done) -> Review:
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
        (gettext("To"), _named(after)),
        (gettext("Amount"), ifm_unit(wish.amount)),
        (gettext("Available afterwards"), ifm_unit(situation.available - wish.amount)),
        (gettext("Your delegation"), became(ifm_unit(situation.held), ifm_unit(held))),
        (gettext("Your share of the pool"), percent(part_of(held, after.pool.tokens), 1)),
        _tier_row(situation, before, after),
        *_expectations(situation, past, expected),
        earns_from(situation),
        (gettext("Delegator share"), _share(after, situation)),
        (gettext("To get it back"), leaves_after(situation)),
        (gettext("If the node is slashed"), exposure(costs)),
    ]
    return Review(tuple(rows), _delegate_warning(costs), tuple(costs), expected)


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


def _share(node: Node, situation: Situation) -> object:
    epoch = situation.epoch.number
    most = gettext("cut by at most %(cut)s points per epoch") % {
        "cut": fixed(situation.epoch.params.delegator_share_max_cut_bps, 2, 0)
    }
    shown = became(percent(node.share_in(epoch), 0), percent(node.share_in(epoch + 1), 0))
    return format_html("{}, {}", shown, most)


def _tier_row(situation: Situation, before: Node, after: Node) -> Row:
    old, new = (
        tiers.tier_of(situation.epoch.params, node.self_stake + node.pool.tokens) for node in (before, after)
    )
    return gettext("Tier of the node"), became(tier_badge(old, words=True), tier_badge(new, words=True))


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


def _leaving_rows(situation: Situation, done: Done) -> list[Row]:
    entry = done.unbonding
    assert entry is not None
    return [
        (gettext("Amount"), ifm_unit(done.amount)),
        (gettext("Unbonding until"), utc(entry.matures_at)),
        (gettext("Rewards meanwhile"), gettext("none")),
        (gettext("Paid to"), gettext("your wallet, within a minute of maturing")),
    ]


def _undelegate(wish: Wish, situation: Situation, done: Done) -> Review:
    assert situation.node is not None
    assert done.node is not None
    assert situation.position is not None
    rows = [
        (gettext("From"), _named(situation.node)),
        *_leaving_rows(situation, done),
        (
            gettext("Your delegation"),
            became(ifm_unit(situation.held), ifm_unit(situation.held - done.amount)),
        ),
        _tier_row(situation, situation.node, done.node),
        (gettext("Claimable stays"), ifm_unit(situation.position.claimable)),
        _still_reached(situation),
    ]
    return Review(tuple(rows), _leaving_warning(situation))


def _still_reached(situation: Situation) -> Row:
    """Slashes for this epoch or an earlier one reach what leaves now (R37)."""
    slashes = situation.position.liable_slashes if situation.position else ()
    if slashes:
        return gettext("Exposure"), gettext("pending slash %(ids)s still reaches it") % {
            "ids": ", ".join(f"#{number}" for number in slashes)
        }
    return gettext("Exposure"), gettext("offences up to the end of epoch %(n)s still reach it") % {
        "n": grouped_int(situation.epoch.number)
    }


def _leaving_warning(situation: Situation) -> str:
    if situation.position and situation.position.liable_slashes:
        return gettext(
            "The payout waits until the pending slash is decided, and the slash still reaches this stake."
        )
    return gettext("What leaves earns nothing more, and cancelling is open only while the node takes stake.")


def _redelegate(wish: Wish, situation: Situation, done: Done) -> Review:
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
        (gettext("From"), _named(source)),
        (gettext("To"), _named(to)),
        (gettext("Amount"), ifm_unit(done.amount)),
        (gettext("Carried out"), _when_settled(situation)),
        (gettext("Earns meanwhile"), gettext("on %(old)s in this epoch, on %(new)s from the next")
         % {"old": source.name, "new": to.name}),
        (gettext("Left on %(node)s") % {"node": source.name}, ifm_unit(left)),
        (gettext("Then on %(node)s") % {"node": to.name}, ifm_unit(arrived)),
        (gettext("Delegator share"), _share(to, situation)),
        (gettext("May move again after"), utc(free)),
        (gettext("If the new node is slashed"), exposure(costs)),
    )  # fmt: skip
    warning = gettext(
        "It moves at the pool rates of that moment. It is cancelled, with a notice, when the old node has a pending "
        "slash by then or the new one takes no delegations."
    )
    return Review(rows, warning, tuple(costs))


def _when_settled(situation: Situation) -> str:
    return gettext("when epoch %(n)s is settled, %(at)s UTC") % {
        "n": grouped_int(situation.epoch.number),
        "at": f"{situation.epoch.end:%d %b %H:%M}",
    }


def _claim(wish: Wish, situation: Situation, done: Done) -> Review:
    rows = [
        *([] if done.node is None else [(gettext("From"), _named(done.node))]),
        *((one.node.name, ifm_unit(one.amount, 6)) for one in done.claimed),
        (gettext("To"), gettext("your wallet %(wallet)s") % {"wallet": short(wish.wallet)}),
        (gettext("Amount"), ifm_unit(done.amount, 6)),
        (gettext("Available afterwards"), ifm_unit(situation.available + done.amount, 6)),
    ]
    warning = gettext(
        "Claiming does not change any delegation. Rewards of the running epoch are added when it settles."
    )
    return Review(tuple(rows), warning)


def _compound(wish: Wish, situation: Situation, done: Done) -> Review:
    rows: list[Row] = []
    if done.node is not None and situation.node is not None:
        rows.append((gettext("On"), _named(done.node)))
        rows.append(_tier_row(situation, situation.node, done.node))
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
        (gettext("To"), _named(after)),
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
        (gettext("From"), _named(after)),
        *_leaving_rows(situation, done),
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


def tier_rows(situation: Situation, before: Node, after: Node) -> list[Row]:
    """Everything that moves with the tier of a node."""
    params = situation.epoch.params
    stakes = [node.self_stake + node.pool.tokens for node in (before, after)]
    old, new = (params.tiers[tiers.tier_of(params, stake)] for stake in stakes)
    gained = [name for row in params.tiers[old.number + 1 : new.number + 1] for name in row.job_classes]
    lost = [name for row in params.tiers[new.number + 1 : old.number + 1] for name in row.job_classes]
    rows: list[Row] = [
        _tier_row(situation, before, after),
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
        (gettext("Back to"), _named(done.node)),
        (gettext("Amount"), ifm_unit(done.amount)),
        _tier_row(situation, situation.node, done.node),
        earns_from(situation),
        (gettext("To get it back"), leaves_after(situation)),
    )
    return Review(
        rows, gettext("It returns whole, as new stake: leaving again starts a new unbonding period.")
    )


def _withdraw(wish: Wish, situation: Situation, done: Done) -> Review:
    assert done.node is not None
    rows = (
        (gettext("From"), _named(done.node)),
        (gettext("To"), gettext("your wallet %(wallet)s") % {"wallet": short(wish.wallet)}),
        (gettext("Amount"), ifm_unit(done.amount)),
        (gettext("Available afterwards"), ifm_unit(situation.available + done.amount)),
    )
    return Review(rows, gettext("It is paid by itself within a minute of maturing; this pays it at once."))


_REVIEWS = {
    "delegate": _delegate, "undelegate": _undelegate, "redelegate": _redelegate, "claim": _claim,
    "claim-all": _claim, "compound": _compound, "compound-all": _compound, "stake": _stake, "unstake": _unstake,
    "cancel": _cancel, "withdraw": _withdraw,
}  # fmt: skip
