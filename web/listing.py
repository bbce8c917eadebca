"""Lists whose page, order and filters are query parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode

Query = tuple[tuple[str, str], ...]


def address_of(query: Query, **changes: str) -> str:
    """The address "?a=b" of a query with some values changed; empty ones leave, and "" alone means the bare page."""
    pairs = [(k, v) for k, v in query if k not in changes and v] + [(k, v) for k, v in changes.items() if v]
    return "?" + urlencode(pairs) if pairs else "?"


@dataclass(frozen=True, slots=True)
class PageLink:
    """A step of the pager; without a number it is a gap."""

    number: int | None
    href: str = ""
    current: bool = False


@dataclass(frozen=True, slots=True)
class Pager:
    """Page `number` (from 1) of `count` rows cut in pages of `size`; `query` is kept in its links.

    `sizes`: links to other sizes, when there is a choice.
    """

    number: int
    size: int
    count: int
    query: Query = ()
    sizes: tuple[PageLink, ...] = ()

    @property
    def pages(self) -> int:
        return max(1, -(-self.count // self.size))

    @property
    def first(self) -> int:
        return min(self.count, (self.number - 1) * self.size + 1)

    @property
    def last(self) -> int:
        return min(self.count, self.number * self.size)

    @property
    def next_href(self) -> str:
        return self._href(self.number + 1) if self.number < self.pages else ""

    def links(self) -> list[PageLink]:
        """First, last and the neighbours of the current page, with gaps between."""
        shown = sorted({1, self.pages, *range(max(1, self.number - 1), min(self.pages, self.number + 1) + 1)})
        links: list[PageLink] = []
        for before, number in zip([0, *shown], shown, strict=False):
            if number > before + 1:
                links.append(PageLink(None))
            links.append(PageLink(number, self._href(number), number == self.number))
        return links

    def _href(self, number: int) -> str:
        return address_of(self.query, page="" if number == 1 else str(number))


@dataclass(frozen=True, slots=True)
class Sort:
    """Order of a list: `current` is a key, or "-key" for descending. `query` is kept, the page is not."""

    current: str
    default: str
    query: Query = ()
    rising: frozenset[str] = field(default=frozenset({"rank", "name", "node"}))

    def direction(self, key: str) -> str:
        """Its aria-sort: "ascending", "descending", or "" when the list is not ordered by this column."""
        return {key: "ascending", f"-{key}": "descending"}.get(self.current, "")

    def href(self, key: str) -> str:
        """The next order by this column: first its natural one, then the reverse."""
        natural, reverse = (key, f"-{key}") if key in self.rising else (f"-{key}", key)
        wanted = reverse if self.current == natural else natural
        return address_of(self.query, page="", sort="" if wanted == self.default else wanted)


@dataclass(frozen=True, slots=True)
class Option:
    """A choice of a filter."""

    value: str
    label: str
    chosen: bool = False
