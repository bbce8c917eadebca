"""Versioned cache: values of this process, dropped when the data that lists and the scheduler show has changed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from django.conf import settings

from web.data_version import RecentVersion, Version

Value = TypeVar("Value")


recent = RecentVersion()


class _State(NamedTuple):
    version: Version
    values: dict[Hashable, object]


class VersionedCache(Generic[Value]):
    """At most `size` values by key, all dropped when the data version changes.

    The version is read before a value is computed, so a value can be newer than its version but never older. It is
    read again after VERSION_SECONDS: under load many readers share one query, and no value is served longer than
    that after a change.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._state = _State((-1, -1), {})

    def get(self, key: Hashable, compute: Callable[[], Value]) -> Value:
        """The value stored under `key`, else the result of `compute`. At most one query on a hit."""
        state = self._current()
        if key in state.values:
            return state.values[key]  # type: ignore[return-value]
        value = compute()
        self._store(state, {key: value})
        return value

    def get_many(self, keys: Sequence[Any], compute: Callable[[list[Any]], Iterable[Value]]) -> list[Value]:
        """The values under `keys`, in their order; one call of `compute` makes those that are missing."""
        state = self._current()
        values: dict[Hashable, Any] = {key: state.values[key] for key in keys if key in state.values}
        missing = [key for key in keys if key not in values]
        if missing:
            computed = dict(zip(missing, compute(missing), strict=True))
            self._store(state, computed)
            values |= computed
        return [values[key] for key in keys]

    def _current(self) -> _State:
        version = recent.get(settings.VERSION_SECONDS)
        state = self._state
        if state.version != version:
            # Two threads may both do this at once: either state is valid.
            state = self._state = _State(version, {})
        return state

    def _store(self, state: _State, values: dict[Any, Value]) -> None:
        """Add values; a full cache starts empty, and the dictionaries that other threads read only grow."""
        if len(state.values) + len(values) > self._size:
            self._state = _State(state.version, dict(values))
        else:
            state.values.update(values)
