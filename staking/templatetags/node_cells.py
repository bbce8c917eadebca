"""Cells of node tables: score, stake under its cap, rewards as a line, the node's region."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django import template
from django.template.loader import get_template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, gettext_lazy, ngettext

from protocol.amounts import BPS
from web.formatting import amount_digits, fixed, grouped_int, percent
from web.templatetags.components import bar_html, part_of, spark, status_chip
from web.templatetags.identity import short

register = template.Library()

REGIONS = {
    "af-south": gettext_lazy("Africa"),
    "ap-northeast": gettext_lazy("NE Asia"),
    "ap-south": gettext_lazy("South Asia"),
    "ap-southeast": gettext_lazy("SE Asia"),
    "ca-central": gettext_lazy("Canada"),
    "eu-central": gettext_lazy("EU Central"),
    "eu-north": gettext_lazy("EU North"),
    "eu-west": gettext_lazy("EU West"),
    "in-south": gettext_lazy("India"),
    "me-central": gettext_lazy("Middle East"),
    "sa-east": gettext_lazy("South America"),
    "us-east": gettext_lazy("US East"),
    "us-west": gettext_lazy("US West"),
}


@register.simple_tag
def region_name(code: str) -> str:
    """The region in words; a code without a name is shown unchanged."""
    return str(REGIONS.get(code, code))


@register.simple_tag
def node_row(row: Any, max_score: int, stars: str, amount: int | None) -> SafeString:
    """A node's line in a list, `row` a staking.pages.leaderboard_view_models.LeaderboardRow.

    `stars`: "wallet" or "browser", where stars are stored; `amount`: the reader's, in µIFM. Rendering is most of the
    cost of a list, and most lines of a new version did not change: equal lines are rendered once.
    """
    return _rendered(row, max_score, stars, amount, get_language() or "", fixed(100_001, 2, 2))


@lru_cache(maxsize=4_096)
def _rendered(
    row: Any, max_score: int, stars: str, amount: int | None, language: str, sample_number: str
) -> SafeString:
    # Language and a number in the reader's style are part of the key, since they are part of the text.
    context = {"row": row, "max_score": max_score, "stars": stars, "amount": amount}
    lines = get_template("components/node_row.html").render(context).splitlines()
    # Space between cells is shown nowhere, but a browser makes a node of each.
    return mark_safe("".join(line.strip() for line in lines))


@register.simple_tag
def score_cell(score_bps: int | None, maximum: int) -> SafeString | str:
    """The score and its part of the highest possible, with a line at 1.00×."""
    if score_bps is None:
        return "–"
    label = gettext("Score %(score)s of %(most)s") % {
        "score": grouped_int(score_bps),
        "most": grouped_int(maximum),
    }
    shown = bar_html(label, [("c-accent", part_of(score_bps, maximum))], [part_of(BPS, maximum)])
    return format_html("{}{}", grouped_int(score_bps), shown)


@register.simple_tag
def apr_cell(row: Any, amount: int | None) -> SafeString | str:
    """APR of the last 30 epochs; with an amount its estimate first, without delegations that of a first one."""
    if amount is not None:
        realised = gettext("30 epochs %s") % percent(row.apr_bps, 1)
        return format_html(
            '<b class="fw-medium">{}</b><span class="im-sub">{}</span>',
            percent(row.estimate_bps, 1),
            realised,
        )
    if row.delegated == 0 and row.estimate_bps is not None:
        return format_html(
            '{}<span class="im-sub">{}</span>', percent(row.estimate_bps, 1), gettext("first delegation")
        )
    return format_html('<b class="fw-medium">{}</b>', percent(row.apr_bps, 1))


@register.simple_tag
def star_button(address: str, name: str, watched: bool, stars: str) -> SafeString:
    """The star of a node: a button of the form `star-form` for a wallet, else of static/ui.js for the browser."""
    label = gettext("Watch %s") % (name or short(address))
    if stars == "wallet":
        return format_html(
            '<button class="im-star" type="submit" form="star-form" name="{}" value="{}" aria-pressed="{}" '
            'aria-label="{}"></button>',
            "unwatch" if watched else "watch", address, "true" if watched else "false", label,
        )  # fmt: skip
    return format_html(
        '<button class="im-star" type="button" data-star="{}" aria-pressed="false" aria-label="{}"></button>',
        address, label,
    )  # fmt: skip


@register.simple_tag
def node_chips(state: str, operator_unbonding: bool) -> SafeString:
    """The chip of a node's state, and that of an unbonding operator where the state is a graver one."""
    chip = status_chip("node", state)
    if not operator_unbonding or state == "unbonding":
        return chip
    return format_html(
        '<span class="d-flex flex-wrap gap-1">{}{}</span>', chip, status_chip("node", "unbonding")
    )


@register.simple_tag
def stake_cell(row: Any) -> SafeString:
    """Operator + delegated in whole IFM, over a bar that is full when the cap is reached."""
    own, delegated = amount_digits(row.self_stake, 0), amount_digits(row.delegated, 0)
    if row.cap is None:
        whole = row.self_stake + row.delegated
        label = gettext("Operator %(own)s IFM, delegated %(delegated)s IFM, no cap")
        note = gettext("no cap")
        words = label % {"own": own, "delegated": delegated}
    else:
        whole = row.self_stake + max(row.cap, row.delegated)
        label = gettext("Operator %(own)s IFM, delegated %(delegated)s of a %(cap)s IFM cap")
        words = label % {"own": own, "delegated": delegated, "cap": amount_digits(row.cap, 0)}
        note = gettext("%(used)s of cap, %(room)s left") % {
            "used": percent(part_of(row.delegated, row.cap), 0) if row.cap else "–",
            "room": amount_digits(row.cap_left, 0),
        }
    parts = [("c-operator", part_of(row.self_stake, whole)), ("c-delegator", part_of(row.delegated, whole))]
    return format_html(
        '{} + {}{}<span class="im-sub">{}</span>',
        own, delegated, bar_html(words, parts), note,
    )  # fmt: skip


@register.simple_tag
def reward_spark(rewards: Sequence[int]) -> SafeString | str:
    """Reward per epoch as a line, oldest first."""
    if len(rewards) < 2:
        return ""
    label = ngettext(
        "Reward per epoch over %(n)d epoch, latest %(last)s IFM",
        "Reward per epoch over %(n)d epochs, latest %(last)s IFM",
        len(rewards),
    ) % {"n": len(rewards), "last": amount_digits(rewards[-1], 2)}
    return spark(label, rewards)
