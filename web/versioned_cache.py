"""What is computed once and served until something that lists and the scheduler show has moved."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from django.conf import settings

from web import data_version

Value = TypeVar("Value")
Version = tuple[int, int]


class _Look:
    """The version as this process last saw it, and until when it trusts that."""

    version: Version = (-1, -1)
    until: float = 0.0


class _State(NamedTuple):
    version: Version
    values: dict[Hashable, object]


class Kept(Generic[Value]):
    """Values of this process by key, `most` of them, all dropped when the version of changes has moved.

    The version is read before a value is computed, so that a value may be newer than the version it is kept under
    and never older. It is read again after VERSION_SECONDS: under load many readers share one look, and nobody is
    served what a change has overtaken for longer than that.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._state = _State((-1, -1), {})

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value kept under `key`, else the one that `make` computes now. One query at most on a hit."""
        state = self._current()
        if key in state.values:
            return state.values[key]  # type: ignore[return-value]
        value = make()
        self._keep(state, {key: value})
        return value

    def get_many(self, keys: Sequence[Any], make: Callable[[list[Any]], Iterable[Value]]) -> list[Value]:
        """The values under `keys`, in their order; those that are missing are computed by `make` at once."""
        state = self._current()
        found: dict[Hashable, Any] = {key: state.values[key] for key in keys if key in state.values}
        missing = [key for key in keys if key not in found]
        if missing:
            made = dict(zip(missing, make(missing), strict=True))
            self._keep(state, made)
            found |= made
        return [found[key] for key in keys]

    def _current(self) -> _State:
        version = _version()
        state = self._state
        if state.version != version:
            # Another thread may do the same at once; whichever state stays is as good.
            state = self._state = _State(version, {})
        return state

    def _keep(self, state: _State, made: dict[Any, Value]) -> None:
        """Beyond `most` it begins anew; what other threads are reading only ever grows."""
        if len(state.values) + len(made) > self._most:
            self._state = _State(state.version, dict(made))
        else:
            state.values.update(made)


def _version() -> Version:
    if time.monotonic() >= _Look.until:
        _Look.version = data_version.version()
        _Look.until = time.monotonic() + settings.VERSION_SECONDS
    return _Look.version
