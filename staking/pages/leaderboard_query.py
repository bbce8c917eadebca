"""What the address of the leaderboard asks for, in one canonical form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from django.http import QueryDict
from django.utils.translation import gettext

from protocol.parameters import JOB_CLASSES
from staking.pages.view_models import LeaderboardFilters
from staking.selectors.nodes import ORDERINGS, STATUSES, NodeQuery
from staking.templatetags.node_cells import region_name
from web import query_params
from web.listing import Option, PageLink, Pager, Query, Sort, address_of

DEFAULT_ORDER = "rank"
TIERS = ("3", "2", "1", "0")
MAX_REGION = 32
SIZES = (25, 50, 100)
SIZE_WORDS = tuple(str(size) for size in SIZES)
ORDERS = frozenset(order.lstrip("-") for order in ORDERINGS)
# Addresses longer than this are read anew each time, so that what is remembered stays small.
REMEMBERED = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters, order and page of the leaderboard; equal questions are equal objects. `form`: "csv" to download."""

    search: str = ""
    tier: str = ""
    region: str = ""
    job_class: str = ""
    status: str = ""
    open_only: bool = False
    ordering: str = DEFAULT_ORDER
    size: int = SIZES[0]
    page: int = 1
    form: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> Asked:
        """Read an address. Raises: BadRequest for what none of the filters can mean; other names are ignored."""
        return cls(
            search=query_params.search(query),
            tier=query_params.choice(query, "tier", TIERS),
            region=query_params.label(query, "region", MAX_REGION),
            job_class=query_params.choice(query, "job_class", JOB_CLASSES),
            status=query_params.choice(query, "status", STATUSES),
            open_only=query_params.flag(query, "open"),
            ordering=query_params.order(query, ORDERS, DEFAULT_ORDER),
            size=int(query_params.choice(query, "rows", SIZE_WORDS) or SIZES[0]),
            page=query_params.page(query),
            form=query_params.choice(query, "format", ("csv",)),
        )

    def node_query(self) -> NodeQuery:
        return NodeQuery(
            tier=int(self.tier) if self.tier else None, region=self.region or None,
            job_class=self.job_class or None, open_only=self.open_only, status=self.status or None,
            search=self.search, ordering=self.ordering,
        )  # fmt: skip

    def address(self) -> Query:
        """The names and values of its address, without the page."""
        return (
            ("q", self.search), ("tier", self.tier), ("region", self.region), ("job_class", self.job_class),
            ("status", self.status), ("open", "1" if self.open_only else ""),
            ("sort", "" if self.ordering == DEFAULT_ORDER else self.ordering),
            ("rows", "" if self.size == SIZES[0] else str(self.size)),
        )  # fmt: skip

    def without(self) -> list[tuple[str, Asked]]:
        """Each filter that is on, in words, with the question that leaves it out."""
        words = {
            "search": f"“{self.search}”" if self.search else "",
            "tier": gettext("Tier %s") % self.tier if self.tier else "",
            "region": region_name(self.region),
            "job_class": self.job_class,
            "status": dict(_status_labels()).get(self.status, ""),
            "open_only": gettext("Open for delegation") if self.open_only else "",
        }
        plain = Asked()
        return [
            (word, replace(self, **{name: getattr(plain, name)}, page=1))
            for name, word in words.items()
            if word
        ]

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

    def filters(self, regions: Sequence[str]) -> LeaderboardFilters:
        """The filter bar, with what was asked marked."""
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
            open_only=self.open_only,
            sort="" if self.ordering == DEFAULT_ORDER else self.ordering,
        )


def asked_by(query: str) -> Asked:
    """What a query string asks for. Raises: BadRequest."""
    return _remembered(query) if len(query) <= REMEMBERED else Asked.of(QueryDict(query))


@lru_cache(maxsize=1_024)
def _remembered(query: str) -> Asked:
    return Asked.of(QueryDict(query))


def _all(label: str, chosen: str) -> Option:
    return Option("", label, not chosen)


def _with(regions: Sequence[str], asked_for: str) -> list[str]:
    return sorted({*regions, asked_for} - {""})


def _status_labels() -> list[tuple[str, str]]:
    words = {
        "active": gettext("Active"), "cooldown": gettext("In cooldown"), "banned": gettext("Banned"),
        "retired": gettext("Retired"),
    }  # fmt: skip
    return [(status, words[status]) for status in STATUSES]
