"""Small pieces of a page: icons, badges, chips, bars, sparklines, rings. Sizes are SVG attributes: no styles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, gettext_lazy

from web.formatting import percentages

register = template.Library()

_HEXAGON = "M11 1.2 20.4 6.6V17.4L11 22.8 1.6 17.4V6.6z"
SPARK_WIDTH, SPARK_HEIGHT = 174, 52

# state -> (tone, icon, words). Colour is never the only sign: each chip has its icon and its words.
STATES: dict[str, tuple[str, str, Any]] = {
    "node.open": ("ok", "check", gettext_lazy("Open")),
    "node.active": ("ok", "check", gettext_lazy("Active")),
    "node.full": ("", "minus", gettext_lazy("Full")),
    "node.unranked": ("", "hourglass", gettext_lazy("Not ranked yet")),
    "node.unbonding": ("warn", "clock-pause", gettext_lazy("Operator unbonding")),
    "node.degraded": ("warn", "alert-triangle", gettext_lazy("Degraded")),
    "node.cooldown": ("warn", "clock-exclamation", gettext_lazy("Cooldown")),
    "node.pending_slash": ("risk", "alert-triangle", gettext_lazy("Slash pending")),
    "node.ban_pending": ("risk", "ban", gettext_lazy("Ban pending")),
    "node.banned": ("risk", "ban", gettext_lazy("Banned")),
    "node.retired": ("", "x", gettext_lazy("Retired")),
    "epoch.open": ("info", "clock", gettext_lazy("Open")),
    "epoch.settling": ("warn", "clock-exclamation", gettext_lazy("Settling")),
    "epoch.delayed": ("warn", "clock-exclamation", gettext_lazy("Delayed")),
    "epoch.halted": ("risk", "alert-triangle", gettext_lazy("Halted")),
    "epoch.settled": ("ok", "check", gettext_lazy("Settled")),
    "slash.pending": ("warn", "clock", gettext_lazy("Open to dispute")),
    "slash.disputed": ("warn", "gavel", gettext_lazy("Disputed, voting")),
    "slash.executed": ("risk", "flame", gettext_lazy("Executed")),
    "slash.overturned": ("ok", "arrow-back-up", gettext_lazy("Overturned")),
    "vote.overturn": ("sky", "arrow-back-up", gettext_lazy("Overturn")),
    "vote.uphold": ("plum", "gavel", gettext_lazy("Uphold")),
    "vote.abstain": ("", "minus", gettext_lazy("Abstain")),
    "vote.for": ("sky", "check", gettext_lazy("For")),
    "vote.against": ("plum", "x", gettext_lazy("Against")),
    "dispute.voting": ("warn", "clock", gettext_lazy("Voting")),
    "dispute.closed": ("", "clock-pause", gettext_lazy("Vote ended, not counted yet")),
    "dispute.upheld": ("risk", "gavel", gettext_lazy("Upheld")),
    "dispute.overturned": ("ok", "arrow-back-up", gettext_lazy("Overturned")),
    "proposal.voting": ("warn", "clock", gettext_lazy("Voting")),
    "proposal.closed": ("", "clock-pause", gettext_lazy("Vote ended, not counted yet")),
    "proposal.passed": ("info", "hourglass", gettext_lazy("Passed, waiting")),
    "proposal.executed": ("ok", "check", gettext_lazy("Executed")),
    "proposal.rejected": ("", "x", gettext_lazy("Rejected")),
    "proposal.expired": ("", "clock-x", gettext_lazy("Expired")),
    "anchor.waiting": ("", "hourglass", gettext_lazy("Waiting")),
    "anchor.submitted": ("info", "clock", gettext_lazy("Submitted")),
    "anchor.mined": ("info", "check", gettext_lazy("Mined")),
    "anchor.final": ("ok", "check", gettext_lazy("Final")),
    "anchor.halted": ("risk", "alert-triangle", gettext_lazy("Halted")),
    "deposit.pending": ("info", "hourglass", gettext_lazy("Waits for confirmations")),
    "deposit.credited": ("ok", "check", gettext_lazy("Credited")),
    "exit.recorded": ("", "hourglass", gettext_lazy("Leaves with the epoch")),
    "exit.waiting": ("info", "clock", gettext_lazy("Settled")),
    "exit.anchored": ("info", "clock", gettext_lazy("On the chain")),
    "exit.provable": ("ok", "check", gettext_lazy("Can be unlocked")),
    "receipt.valid": ("ok", "check", gettext_lazy("Valid")),
    "receipt.unchecked": ("", "minus", gettext_lazy("Unchecked")),
    "receipt.missing": ("risk", "x", gettext_lazy("Missing")),
    "receipt.invalid": ("risk", "x", gettext_lazy("Invalid")),
    "receipt.forged": ("risk", "x", gettext_lazy("Forged")),
}
# Entries of the navigation: URL name, icon, label, and the URL names for which the entry is current.
PLACES = (
    ("nodes", "hexagons", gettext_lazy("Nodes"), {"node", "compare"}),
    (
        "portfolio",
        "wallet",
        gettext_lazy("Portfolio"),
        {"wallet", "statement", "money", "money-review", "money-done"},
    ),
    ("operator", "server-2", gettext_lazy("Operator"), {"operator-node", "operator-register"}),
    (
        "governance",
        "gavel",
        gettext_lazy("Governance"),
        {
            "dispute",
            "dispute-vote",
            "dispute-evidence",
            "proposal",
            "proposal-vote",
            "proposals",
            "proposal-new",
            "parameters",
            "representatives",
            "slash",
            "slashes",
            "slash-dispute",
        },
    ),
    ("epochs", "receipt", gettext_lazy("Epochs"), {"epoch"}),
)
OFFENCES = {
    "sla_drop": gettext_lazy("SLA drop"),
    "invalid_proof": gettext_lazy("Invalid proof"),
    "forged_trace": gettext_lazy("Forged execution trace"),
    "dropout": gettext_lazy("Dropout"),
    "fake_resources": gettext_lazy("Faked resources"),
    "schema_mismatch": gettext_lazy("Schema mismatches"),
}


@lru_cache(maxsize=256)
def _icon(name: str, classes: str) -> SafeString:
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>', classes, static("icons.svg"), name
    )


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """An icon of static/icons.txt; decoration only, the words stand beside it."""
    return _icon(name, f"icon {extra}".strip())


@register.simple_tag(takes_context=True)
def places(context: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the navigation entries whose pages are installed; `current`: the entry of the present page."""
    match = getattr(context.get("request"), "resolver_match", None)
    here = match.url_name if match else ""
    links = []
    for name, icon_name, label, inside in PLACES:
        with suppress(NoReverseMatch):
            current = here == name or here in inside
            links.append({"href": reverse(name), "icon": icon_name, "label": label, "current": current})
    return links


@register.simple_tag
def tier_badge(tier: int | None, *, words: bool = False) -> SafeString | str:
    """A hexagon that fills up as the tier rises. `words` shows "Tier n", else only screen readers hear it."""
    if tier is None:
        return "–"
    label = gettext("Tier %d") % tier
    shape = format_html('<path d="{}"/><text x="11" y="15.8">{}</text>', _HEXAGON, tier)
    if not words:
        return format_html(
            '<svg class="im-tier im-t{}" viewBox="0 0 22 24" role="img" aria-label="{}">{}</svg>',
            tier,
            label,
            shape,
        )
    return format_html(
        '<span class="im-tier im-t{}"><svg viewBox="0 0 22 24" aria-hidden="true">{}</svg>{}</span>',
        tier, shape, label,
    )  # fmt: skip


@register.simple_tag
def chip(tone: str, icon_name: str, words: str) -> SafeString:
    """tone: "", ok, warn, risk, info, sky, plum."""
    classes = f"im-chip is-{tone}" if tone else "im-chip"
    if icon_name == "check":
        # The chip of most rows of a list: theme.css draws its icon.
        return format_html('<span class="{} is-checked">{}</span>', classes, words)
    return format_html('<span class="{}">{}{}</span>', classes, icon(icon_name), words)


@register.simple_tag
def status_chip(kind: str, state: str, note: str = "") -> SafeString:
    """The chip of a state, as in STATES: kind node, epoch, slash, vote, …; `note` follows after a comma."""
    tone, icon_name, words = STATES[f"{kind}.{state}"]
    return chip(tone, icon_name, f"{words}, {note}" if note else str(words))


@register.filter
def offence(name: str) -> str:
    return str(OFFENCES.get(name, name))


@register.filter
def within(words: str) -> str:
    """Words of a title inside a sentence: in English the first letter is small, unless it begins an abbreviation."""
    if not (get_language() or "en").startswith("en") or words[1:2].isupper():
        return words
    return words[:1].lower() + words[1:]


@register.simple_tag
def movement(places: int | None) -> SafeString | str:
    """Rank movement since the former ranking; a fall is no alarm, so it is grey. None: nothing is shown."""
    if places is None:
        return ""
    if places == 0:
        return format_html(
            '<span class="im-move im-same im-3 im-xs" role="img" aria-label="{}"></span>',
            gettext("unchanged"),
        )
    way, word = ("up", gettext("up")) if places > 0 else ("down", gettext("down"))
    return format_html(
        '<span class="im-move im-{} im-xs im-nowrap" role="img" aria-label="{} {}">{}</span>',
        way, word, abs(places), abs(places),
    )  # fmt: skip


def width(bps: int) -> str:
    """A ratio as a length in percent, kept between 0 and the whole."""
    bounded = min(max(bps, 0), 10_000)
    return f"{bounded // 100}.{bounded % 100:02d}%"


def part_of(value: int, whole: int) -> int:
    """value / whole in bps, floor; 0 of nothing. For lengths of bars only."""
    return value * 10_000 // whole if whole > 0 else 0


def bar_html(
    label: str, parts: Iterable[tuple[str, int]], marks: Iterable[int] = (), size: str = ""
) -> SafeString:
    """A stacked bar: (colour class, bps) parts from the left ("" leaves a space), lines at `marks` (bps)."""
    rects: list[tuple[str, str, str]] = []
    at = 0
    for role, bps in parts:
        if role and bps > 0:
            rects.append((role, width(at), width(bps)))
        at += bps
    return format_html(
        '<svg class="im-bar{}" role="img" aria-label="{}">{}{}</svg>',
        f" is-{size}" if size else "", label,
        format_html_join("", '<rect class="{}" x="{}" width="{}"/>', rects),
        format_html_join("", '<line x1="{0}" x2="{0}" y1="0" y2="100%"/>', ((width(m),) for m in marks)),
    )  # fmt: skip


@register.simple_tag
def bar(
    label: str, role: str, value: int | None, whole: int, mark: int | None = None, size: str = ""
) -> SafeString:
    """One part of a whole, and a threshold if there is one, all in the same unit."""
    parts = [(f"c-{role}", part_of(value or 0, whole))]
    return bar_html(label, parts, [] if mark is None else [part_of(mark, whole)], size)


@register.simple_tag
def split_bar(label: str, whole: int, size: str = "", **parts: int | None) -> SafeString:
    """A whole cut in parts, in order: `{% split_bar label total operator=a delegator=b %}`; roles are colour names."""
    shares = [(f"c-{role}", part_of(value or 0, whole)) for role, value in parts.items()]
    return bar_html(label, shares, size=size)


@register.simple_tag
def spark(label: str, values: Sequence[int] | None) -> SafeString | str:
    """A sparkline of integers, oldest first; nothing at all for fewer than two."""
    if not values or len(values) < 2:
        return ""
    low, span = min(values), max(values) - min(values)
    xs = [i * SPARK_WIDTH // (len(values) - 1) for i in range(len(values))]
    ys = [46 - (v - low) * 40 // span if span else SPARK_HEIGHT // 2 for v in values]
    steps = "".join(f"l{x2 - x1} {y2 - y1}" for x1, x2, y1, y2 in zip(xs, xs[1:], ys, ys[1:], strict=False))
    # Only digits of our own arithmetic below; the label is escaped by format_html.
    line = mark_safe(f'd="M0 {ys[0]}{steps}')
    return format_html(
        '<svg class="im-spark" viewBox="0 0 180 52" role="img" aria-label="{}"><path {}V52H0z"/><path {}"/>'
        '<circle cx="{}" cy="{}" r="4.4"/></svg>',
        label, line, line, xs[-1], ys[-1],
    )  # fmt: skip


@register.simple_tag
def scale(value: int, whole: int, words: str, least: str, most: str) -> SafeString:
    """The caption of a bar: its ends, and the meaning of its line at `value`."""
    return format_html(
        '<svg class="im-scale" aria-hidden="true"><text y="12">{}</text>'
        '<text x="{}" y="12" text-anchor="middle">{}</text><text x="100%" y="12" text-anchor="end">{}</text></svg>',
        least, width(part_of(value, whole)), words, most,
    )  # fmt: skip


@register.simple_tag
def ring(bps: int | None, *, large: bool = False) -> SafeString:
    """Progress as a ring; decoration, the words stand beside it."""
    size, middle, radius = (64, 32, 28) if large else (18, 9, 7)
    done = min(max(bps or 0, 0), 10_000)
    return format_html(
        '<svg class="im-ring{}" viewBox="0 0 {} {}" aria-hidden="true"><circle cx="{}" cy="{}" r="{}"/>'
        '<circle cx="{}" cy="{}" r="{}" pathLength="100" stroke-dasharray="{}.{} 100"/></svg>',
        " im-ring-lg" if large else "", size, size, middle, middle, radius, middle, middle, radius,
        done // 100, f"{done % 100:02d}",
    )  # fmt: skip


@register.simple_tag
def key(role: str) -> SafeString:
    """The square of a legend."""
    return format_html('<i class="im-key c-{}"></i>', role)


@register.inclusion_tag("components/pager.html")
def pager(page: Any, *, target: str = "") -> dict[str, Any]:
    """Links to pages: `page` is web.listing.Pager; `target` names the element that htmx swaps."""
    return {"page": page, "target": target}


@register.inclusion_tag("components/waterfall.html")
def waterfall(parts: Any) -> dict[str, Any]:
    """Bar chart of the parts of Q; `parts`: staking.pages.waterfall.QBreakdown."""
    return {"q": parts, "rows": parts.rows()}


@register.inclusion_tag("components/sort_header.html")
def sort_header(
    sort: Any, key: str, label: str, classes: str = "", help: str = "", target: str = ""
) -> dict[str, Any]:
    """A column's heading as a link; `sort` is web.listing.Sort."""
    return {
        "label": label, "classes": classes, "help": help, "target": target,
        "href": sort.href(key), "direction": sort.direction(key),
    }  # fmt: skip


@register.simple_tag
def versus_bar(label: str, left: Any, right: Any) -> SafeString:
    """Two sides of a vote with the line at one half; each side has `bps` and `role`."""
    return format_html(
        '<div class="mt-2">{}</div>',
        bar_html(label, [(f"c-{left.role}", left.bps), (f"c-{right.role}", right.bps)], [5_000], "tall"),
    )


@register.simple_tag
def range_bar(label: str, low: int, high: int, middle: int) -> SafeString:
    """A span from `low` to `high` with a line at `middle`, on a scale from 0 that leaves room on the right."""
    whole = max(high * 8 // 5, 1)
    start, end = part_of(low, whole), part_of(high, whole)
    return bar_html(label, [("", start), ("c-delegator", end - start)], [part_of(middle, whole)])


@register.simple_tag
def share_of(part: int | None, whole: int | None) -> int | None:
    """part / whole in bps, floor; unknown when either is, or of nothing."""
    return None if part is None or not whole else part_of(part, whole)


@register.simple_tag
def percent_parts(*amounts: int | None) -> list[int]:
    """Each amount's part of their sum in bps, so that percentages with one decimal add to 100 %."""
    return percentages([amount or 0 for amount in amounts])
