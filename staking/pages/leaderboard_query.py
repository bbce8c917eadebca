"""The leaderboard's query parameters, in one canonical form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

from django.core.exceptions import BadRequest
from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext

from protocol.addresses import normalize
from protocol.errors import AddressInvalid
from protocol.parameters import JOB_CLASSES
from staking.pages.leaderboard_filters import NumericFilters, clean_filters, opening
from staking.pages.leaderboard_view_models import ActiveFilter, LeaderboardFilters
from staking.selectors.nodes import ORDERINGS, STATUSES, NodeQuery
from staking.templatetags.node_cells import region_name
from web import query_params
from web.formatting import Style, amount_digits, current_style, grouped_int, percent
from web.listing import Option, PageLink, Pager, Query, Sort, address_of
from web.number_input import canonical_number

DEFAULT_ORDER = "rank"
TIERS = ("3", "2", "1", "0")
MAX_REGION = 32
SIZES = (25, 50, 100)
SIZE_WORDS = tuple(str(size) for size in SIZES)
ORDERS = frozenset(order.lstrip("-") for order in ORDERINGS)
OWN_WATCHLIST = "1"
# Filters that are folded away until they are wanted.
MORE = frozenset(NumericFilters.base_fields) - {"amount"} | {"tier", "region", "job_class", "status"}
MAX_WATCHED = 50
# Longer query strings are parsed each time, so that the cache stays small.
CACHED_LENGTH = 200


@dataclass(frozen=True, slots=True)
class LeaderboardQuery:
    """Filters, order and page of the leaderboard; queries that mean the same are equal.

    Amounts in µIFM, limits in bps. `watched`: "1" for the wallet's own watchlist, or addresses joined by commas.
    `form`: "csv" for a download.
    """

    search: str = ""
    tier: str = ""
    region: str = ""
    job_class: str = ""
    status: str = ""
    open_only: bool = False
    amount: int | None = None
    apr: int | None = None
    sla: int | None = None
    uptime: int | None = None
    share: int | None = None
    capacity: int | None = None
    reputation: int | None = None
    before: date | None = None
    never_slashed: bool = False
    promises_kept: bool = False
    watched: str = ""
    ordering: str = DEFAULT_ORDER
    size: int = SIZES[0]
    page: int = 1
    form: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> LeaderboardQuery:
        """Parse a query. Raises: BadRequest for a choice that does not exist, InvalidFilters for typed values."""
        choices = cls(
            search=query_params.search(query),
            tier=query_params.choice(query, "tier", TIERS),
            region=query_params.label(query, "region", MAX_REGION),
            job_class=query_params.choice(query, "job_class", JOB_CLASSES),
            status=query_params.choice(query, "status", STATUSES),
            open_only=query_params.flag(query, "open"),
            watched=_watched(query_params.single(query, "watched")),
            ordering=query_params.order(query, ORDERS, DEFAULT_ORDER),
            size=int(query_params.choice(query, "rows", SIZE_WORDS) or SIZES[0]),
            page=query_params.page(query),
            form=query_params.choice(query, "format", ("csv",)),
        )
        return replace(choices, **clean_filters(query, choices))

    def node_query(self, watched: frozenset[int] | None) -> NodeQuery:
        """The same for the selectors; `watched`: ids of the nodes on the watchlist, None without that filter."""
        return NodeQuery(
            tier=int(self.tier) if self.tier else None, region=self.region or None,
            job_class=self.job_class or None, open_only=self.open_only, status=self.status or None,
            search=self.search, min_apr_bps=self.apr, min_sla_bps=self.sla, min_uptime_bps=self.uptime,
            max_operator_bps=None if self.share is None else 10_000 - self.share, room=self.capacity,
            min_reputation=self.reputation, never_slashed=self.never_slashed,
            promises_kept=self.promises_kept,
            registered_before=opening(self.before), among=watched, amount=self.amount, first_estimates=True,
            ordering=self.ordering,
        )  # fmt: skip

    def address(self) -> Query:
        """Names and values of its address, without the page."""
        return (
            ("q", self.search), ("tier", self.tier), ("region", self.region), ("job_class", self.job_class),
            ("status", self.status), ("open", "1" if self.open_only else ""),
            ("amount", _number(self.amount, 6)), ("apr", _number(self.apr, 2)), ("sla", _number(self.sla, 2)),
            ("uptime", _number(self.uptime, 2)), ("share", _number(self.share, 2)),
            ("capacity", _number(self.capacity, 6)), ("reputation", _number(self.reputation, 0)),
            ("before", self.before.isoformat() if self.before else ""),
            ("never_slashed", "on" if self.never_slashed else ""),
            ("promises_kept", "on" if self.promises_kept else ""), ("watched", self.watched),
            ("sort", "" if self.ordering == DEFAULT_ORDER else self.ordering),
            ("rows", "" if self.size == SIZES[0] else str(self.size)),
        )  # fmt: skip

    @property
    def text(self) -> str:
        """The canonical query with the page, "?a=b", or ""."""
        return address_of(self.address(), page=str(self.page) if self.page > 1 else "").removesuffix("?")

    def _words(self) -> dict[str, str]:
        """Each filter that is set, by the name of its attribute, in words. The amount filters nothing."""
        words = {
            "search": f"“{self.search}”" if self.search else "",
            "tier": gettext("Tier %s") % self.tier if self.tier else "",
            "region": region_name(self.region),
            "job_class": self.job_class,
            "status": dict(_status_labels()).get(self.status, ""),
            "open_only": gettext("Open for delegation") if self.open_only else "",
            "apr": _limit(gettext("APR from %s"), self.apr, _percent),
            "sla": _limit(gettext("SLA from %s"), self.sla, _percent),
            "uptime": _limit(gettext("Uptime from %s"), self.uptime, _percent),
            "share": _limit(gettext("Delegator share from %s"), self.share, _percent),
            "capacity": _limit(gettext("Accepts %s IFM"), self.capacity, amount_digits),
            "reputation": _limit(gettext("Reputation from %s"), self.reputation, grouped_int),
            "before": gettext("Registered before %s") % date_format(self.before, "j M Y")
            if self.before
            else "",
            "never_slashed": gettext("Never slashed") if self.never_slashed else "",
            "promises_kept": gettext("Promises kept") if self.promises_kept else "",
            "watched": gettext("Watchlist") if self.watched else "",
        }
        return {name: text for name, text in words.items() if text}

    def without(self) -> list[tuple[str, LeaderboardQuery]]:
        """Each filter that is set, in words, with the query that leaves it out."""
        plain = LeaderboardQuery()
        return [
            (word, replace(self, **{name: getattr(plain, name)}, page=1))
            for name, word in self._words().items()
        ]

    def active(self) -> tuple[ActiveFilter, ...]:
        """The filters that are set, each with the address that leaves it out."""
        return tuple(ActiveFilter(word, address_of(other.address())) for word, other in self.without())

    def pager(self, count: int) -> Pager:
        sizes = tuple(
            PageLink(
                size,
                address_of(self.address(), rows="" if size == SIZES[0] else str(size)),
                size == self.size,
            )
            for size in SIZES
        )
        return Pager(self.page, self.size, count, self.address(), sizes if count > SIZES[0] else ())

    def sort(self) -> Sort:
        return Sort(self.ordering, DEFAULT_ORDER, self.address())

    def filters(self, regions: Sequence[str], numeric: NumericFilters | None = None) -> LeaderboardFilters:
        """The filter bar with the query's choices marked; `numeric`: a form with errors."""
        return LeaderboardFilters(
            search=self.search,
            tiers=(_all(gettext("All tiers"), self.tier), *(Option(t, t, t == self.tier) for t in TIERS)),
            regions=(
                _all(gettext("All regions"), self.region),
                *(Option(r, region_name(r), r == self.region) for r in _with(regions, self.region)),
            ),
            job_classes=(
                _all(gettext("All job classes"), self.job_class),
                *(Option(c, c, c == self.job_class) for c in JOB_CLASSES),
            ),
            statuses=(
                _all(gettext("Any status"), self.status),
                *(Option(s, label, s == self.status) for s, label in _status_labels()),
            ),
            orders=tuple(Option(key, label, key == self.ordering) for key, label in _order_labels()),
            open_only=self.open_only,
            watched=self.watched,
            numeric=numeric or NumericFilters(initial=self._initial()),
            more=sum(name in MORE for name in self._words()),
            other_order="" if self.ordering in dict(_order_labels()) else self.ordering,
        )

    def _initial(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in NumericFilters.base_fields}


def parse(query: str) -> LeaderboardQuery:
    """The query of a query string, in the reader's number style. Raises: BadRequest, InvalidFilters."""
    return (
        _cached(query, current_style())
        if len(query) <= CACHED_LENGTH
        else LeaderboardQuery.of(QueryDict(query))
    )


@lru_cache(maxsize=1_024)
def _cached(query: str, style: Style) -> LeaderboardQuery:
    # The style is part of the key: typed numbers mean what they mean in it.
    return LeaderboardQuery.of(QueryDict(query))


def _watched(text: str) -> str:
    """The watchlist's own name, or canonical addresses in order. Raises: BadRequest."""
    if text in ("", OWN_WATCHLIST):
        return text
    parts = text.split(",")
    try:
        addresses = sorted({normalize(part) for part in parts[:MAX_WATCHED]})
    except AddressInvalid:
        raise BadRequest("watched is not a list of addresses") from None
    return ",".join(addresses)


def _number(value: int | None, scale: int) -> str:
    return "" if value is None else canonical_number(value, scale)


def _percent(bps: int) -> str:
    return percent(bps, 0 if bps % 100 == 0 else 2)


def _limit(template: str, value: int | None, written: Any) -> str:
    return "" if value is None else template % written(value)


def _all(label: str, chosen: str) -> Option:
    return Option("", label, not chosen)


def _with(regions: Sequence[str], chosen: str) -> list[str]:
    return sorted({*regions, chosen} - {""})


def _status_labels() -> list[tuple[str, str]]:
    words = {
        "active": gettext("Active"), "cooldown": gettext("In cooldown"), "banned": gettext("Banned"),
        "retired": gettext("Retired"),
    }  # fmt: skip
    return [(status, words[status]) for status in STATUSES]


def _order_labels() -> list[tuple[str, str]]:
    """The orders of the sort control, each in its natural direction, then the other."""
    return [
        ("rank", gettext("Rank, best first")),
        ("-apr", gettext("APR, highest first")),
        ("-share", gettext("Share, highest first")),
        ("-sla", gettext("SLA, highest first")),
        ("-uptime", gettext("Uptime, highest first")),
        ("-latency", gettext("Latency, fastest first")),
        ("-q", gettext("Q factor, highest first")),
        ("-score", gettext("Score, highest first")),
        ("-stake", gettext("Stake, largest first")),
        ("stake", gettext("Stake, smallest first")),
        ("name", gettext("Name, A to Z")),
    ]
