"""Compare a published report with a recomputed one: every difference by row, field and both values (R53)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple


class Difference(NamedTuple):
    """A figure that is not what was recomputed. `row`: `epoch 12`, `totals`, or a node's address."""

    row: str
    field: str
    published: Any
    computed: Any

    def __str__(self) -> str:
        return f"{self.row}: {self.field}: published {self.published}, computed {self.computed}"


def compare(
    published: Mapping[str, Mapping[str, Any]], computed: Mapping[str, Mapping[str, Any]]
) -> list[Difference]:
    """The differences between two reports, each rows by name; a row or figure that lacks on a side is None there.

    Figures that only the published row has are not looked at: a later version may show more.
    """
    return list(_differences(published, computed))


def _differences(
    published: Mapping[str, Mapping[str, Any]], computed: Mapping[str, Mapping[str, Any]]
) -> Iterator[Difference]:
    for name in sorted(published.keys() | computed.keys()):
        if name not in computed or name not in published:
            yield Difference(name, "row", _there(name in published), _there(name in computed))
            continue
        row = published[name]
        for field, value in computed[name].items():
            if row.get(field) != value:
                yield Difference(name, field, row.get(field), value)


def _there(is_there: bool) -> str:
    return "present" if is_there else "absent"
