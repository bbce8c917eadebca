"""What is computed once and served until something that lists and the scheduler show has moved."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, NamedTuple, TypeVar

from staking.services import changes

Value = TypeVar("Value")


class _State(NamedTuple):
    version: tuple[int, int]
    values: dict[Hashable, object]


class Kept(Generic[Value]):
    """Values of this process by key, `most` of them, all dropped as soon as the version of changes moves.

    The version is read before a value is computed, so that a value may be newer than the version it is kept
    under and never older: nobody is served what a committed change has overtaken.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._state = _State((-1, -1), {})

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value kept under `key`, else the one that `make` computes now. One query on a hit."""
        values = self._values()
        if key not in values:
            value = make()
            if len(values) >= self._most:
                values.clear()
            values[key] = value
            return value
        return values[key]  # type: ignore[return-value]

    def _values(self) -> dict[Hashable, object]:
        version = changes.version()
        state = self._state
        if state.version != version:
            # Another thread may do the same at once; whichever state stays is as good.
            state = self._state = _State(version, {})
        return state.values
