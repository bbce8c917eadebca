"""The versioned cache: values are served until the data changes."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from tests.owner import as_owner
from web import data_version, versioned_cache
from web.models import DataChange
from web.versioned_cache import VersionedCache

pytestmark = pytest.mark.django_db


def test_a_value_is_computed_once_until_the_data_changes() -> None:
    cache: VersionedCache[int] = VersionedCache(10)
    made = iter(range(10))
    assert [cache.get("a", lambda: next(made)) for _ in range(3)] == [0, 0, 0]
    assert cache.get("b", lambda: next(made)) == 1
    DataChange.objects.create()
    assert cache.get("a", lambda: next(made)) == 2


def test_missing_values_are_computed_in_one_call() -> None:
    cache: VersionedCache[str] = VersionedCache(10)
    calls: list[list[int]] = []

    def make(keys: list[int]) -> list[str]:
        calls.append(keys)
        return [str(key) for key in keys]

    assert cache.get_many([3, 1], make) == ["3", "1"]
    assert cache.get_many([1, 2, 3], make) == ["1", "2", "3"]
    assert cache.get_many([], make) == []
    assert calls == [[3, 1], [2]]


def test_a_full_cache_starts_empty() -> None:
    cache: VersionedCache[int] = VersionedCache(3)
    assert cache.get_many([1, 2, 3], lambda keys: keys) == [1, 2, 3]
    assert cache.get_many([3, 4], lambda keys: keys) == [3, 4]
    assert cache.get(1, lambda: -1) == -1, "dropped with the others"
    assert cache.get(4, lambda: -4) == 4


def test_the_version_is_read_once_in_version_seconds(
    settings: Any, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(versioned_cache, "recent", data_version.RecentVersion())
    settings.VERSION_SECONDS = 60
    cache: VersionedCache[int] = VersionedCache(3)
    with django_assert_num_queries(1):
        assert [cache.get("a", lambda: 5) for _ in range(3)] == [5, 5, 5]


def test_a_computation_that_fails_stores_nothing() -> None:
    cache: VersionedCache[int] = VersionedCache(3)
    with pytest.raises(ZeroDivisionError):
        cache.get("a", lambda: 1 // 0)
    assert cache.get("a", lambda: 1) == 1


def test_a_row_that_commits_late_changes_the_version_although_another_is_pruned() -> None:
    """A transaction that began earlier adds a row, one old row is pruned: the count is the same, the version is not."""
    DataChange.objects.bulk_create(DataChange(id=number) for number in (1, 1_000, 1_001))
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('web_datachange', 'id'), 1001)")
    before = data_version.version()
    DataChange.objects.create(id=999)
    assert data_version.prune() == 1
    assert data_version.version() != before
    assert list(DataChange.objects.order_by("id").values_list("id", flat=True)) == [999, 1_000, 1_001, 1_002]
    assert data_version.prune() == 0, "999 is within the last thousand"
