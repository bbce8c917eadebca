"""The parts of a Q factor (R27) as rows of a floating bar chart. All values in bps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext

from protocol.amounts import BPS
from web.formatting import amount_digits, fixed, grouped_int, percent, percentile, rate, signed
from web.templatetags.components import width


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a bar; lengths are SVG attributes."""

    x: str
    width: str


@dataclass(frozen=True, slots=True)
class WaterfallRow:
    label: str
    note: str
    value: str
    role: str
    limit: str = ""
    fill: Span | None = None
    missing: Span | None = None
    from_x: str = ""
    total: bool = False


class Term(NamedTuple):
    """A term of a Q and its maximum, in bps."""

    label: str
    note: str
    value: int
    limit: int
    role: str


class Scale(NamedTuple):
    """The scale of all bars, from `low` to `high`, in bps from the base."""

    low: int
    high: int

    def at(self, value: int) -> str:
        return width((value - self.low) * BPS // (self.high - self.low))

    def span(self, start: int, end: int) -> Span:
        left, right = sorted((start, end))
        return Span(self.at(left), width((right - left) * BPS // (self.high - self.low)))


@dataclass(frozen=True, slots=True)
class QBreakdown:
    """The parts of a Q. Terms and their maxima in bps, stake in µIFM; `as_of`: the ranking or epoch, in
    words. The Q of a degraded node is capped (R28)."""

    q_bps: int
    latency: int
    uptime: int
    stake: int
    scarcity: int
    sla_factor_bps: int
    max_latency: int
    max_uptime: int
    max_stake: int
    max_scarcity: int
    latency_percentile_bps: int | None
    uptime_bps: int
    uptime_floor_bps: int
    active_stake: int
    stake_saturation: int
    scarcity_bps: int
    region: str
    sla_bps: int | None
    sla_full_bps: int
    as_of: str
    degraded: bool = False

    def _terms(self) -> list[Term]:
        scarce = gettext("%(region)s lacks nodes: demand is %(more)s above supply")
        enough = gettext("%(region)s has enough nodes")
        return [
            Term(gettext("Latency"), self._latency_note(), self.latency, self.max_latency, "sky"),
            Term(
                gettext("Uptime"),
                gettext("%(uptime)s, counted above %(floor)s")
                % {"uptime": percent(self.uptime_bps), "floor": rate(self.uptime_floor_bps)},
                self.uptime, self.max_uptime, "unbonding",
            ),
            Term(
                gettext("Stake"),
                gettext("%(active)s of the %(full)s IFM that count")
                % {
                    "active": amount_digits(min(self.active_stake, self.stake_saturation), 0),
                    "full": amount_digits(self.stake_saturation, 0),
                },
                self.stake, self.max_stake, "accent",
            ),
            Term(
                gettext("Regional scarcity"),
                (scarce if self.scarcity_bps else enough)
                % {"region": self.region, "more": percent(self.scarcity_bps, 0)},
                self.scarcity, self.max_scarcity, "plum",
            ),
        ]  # fmt: skip

    def _latency_note(self) -> str:
        if self.latency_percentile_bps is None:
            return gettext("not compared with the active nodes")
        return gettext("%(rank)s, faster than %(part)s of nodes") % {
            "rank": percentile(self.latency_percentile_bps),
            "part": percent(self.latency_percentile_bps),
        }

    def rows(self) -> list[WaterfallRow]:
        """Base, four terms, SLA factor, cap when there is one, and Q, as bars on one scale."""
        terms = self._terms()
        raw = sum(term.value for term in terms)
        after_sla = max((BPS + raw) * self.sla_factor_bps // BPS, 1_000) - BPS
        q = self.q_bps - BPS
        low = min(0, q, after_sla, self.latency + self.uptime, self.latency + self.uptime + self.stake, raw)
        scale = Scale(low, max(sum(term.limit for term in terms), raw, 1))
        base = WaterfallRow(
            gettext("Base"), gettext("every node"), grouped_int(BPS), "line", fill=Span(scale.at(0), "3")
        )
        loss = scale.span(raw, after_sla) if after_sla < raw else None
        rows = [base, *_term_rows(terms, scale), self._sla_row(loss, scale.at(raw))]
        if self.degraded:
            cut = scale.span(after_sla, q) if q < after_sla else None
            rows.append(
                WaterfallRow(
                    gettext("Degraded"), gettext("Q counts at most 1.00×"), gettext("cap %s") % grouped_int(BPS),
                    "warn", fill=cut, from_x=scale.at(after_sla),
                )
            )  # fmt: skip
        rows.append(
            WaterfallRow(
                gettext("Q factor"), self.as_of, grouped_int(self.q_bps), "warn" if q < 0 else "accent",
                fill=scale.span(0, q) if q else None, total=True,
            )
        )  # fmt: skip
        return rows

    def _sla_row(self, loss: Span | None, from_x: str) -> WaterfallRow:
        if self.sla_bps is None:
            note = gettext("no job accepted yet: no deduction")
        else:
            note = gettext("%(sla)s; full from %(full)s") % {
                "sla": percent(self.sla_bps),
                "full": rate(self.sla_full_bps),
            }
        value = "× " + fixed(self.sla_factor_bps, 4, 4)
        return WaterfallRow(gettext("SLA factor"), note, value, "warn", fill=loss, from_x=from_x)


def _term_rows(terms: list[Term], scale: Scale) -> Iterator[WaterfallRow]:
    """The bars of the terms, each from where the one before it ends."""
    level = 0
    for number, term in enumerate(terms):
        end, top = level + term.value, level + max(term.value, 0)
        yield WaterfallRow(
            term.label, term.note, signed(term.value), "warn" if term.value < 0 else term.role,
            limit=gettext("of %s") % grouped_int(term.limit),
            fill=scale.span(level, end) if term.value else None,
            missing=scale.span(top, min(level + term.limit, scale.high)) if term.value < term.limit else None,
            from_x=scale.at(level) if number else "",
        )  # fmt: skip
        level = end
