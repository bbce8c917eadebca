"""Values that are served until something has moved."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from web import data_version
from web.models import DataChange
from web.versioned_cache import Kept

pytestmark = pytest.mark.django_db


def test_a_value_is_made_once_until_something_moves() -> None:
    kept: Kept[int] = Kept(10)
    made = iter(range(10))
    assert [kept.get("a", lambda: next(made)) for _ in range(3)] == [0, 0, 0]
    assert kept.get("b", lambda: next(made)) == 1
    DataChange.objects.create()
    assert kept.get("a", lambda: next(made)) == 2


def test_several_values_are_made_at_once_and_only_those_that_are_missing() -> None:
    kept: Kept[str] = Kept(10)
    asked: list[list[int]] = []

    def make(keys: list[int]) -> list[str]:
        asked.append(keys)
        return [str(key) for key in keys]

    assert kept.get_many([3, 1], make) == ["3", "1"]
    assert kept.get_many([1, 2, 3], make) == ["1", "2", "3"]
    assert kept.get_many([], make) == []
    assert asked == [[3, 1], [2]]


def test_a_full_store_begins_anew() -> None:
    kept: Kept[int] = Kept(3)
    assert kept.get_many([1, 2, 3], lambda keys: keys) == [1, 2, 3]
    assert kept.get_many([3, 4], lambda keys: keys) == [3, 4]
    assert kept.get(1, lambda: -1) == -1, "it left with the others"
    assert kept.get(4, lambda: -4) == 4


def test_a_look_at_the_version_serves_for_its_time(
    settings: Any, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr("web.versioned_cache._Look.until", 0.0)
    settings.VERSION_SECONDS = 60
    store: Kept[int] = Kept(3)
    with django_assert_num_queries(1):
        assert [store.get("a", lambda: 5) for _ in range(3)] == [5, 5, 5]


def test_what_fails_is_not_kept() -> None:
    kept: Kept[int] = Kept(3)
    with pytest.raises(ZeroDivisionError):
        kept.get("a", lambda: 1 // 0)
    assert kept.get("a", lambda: 1) == 1


def test_what_commits_late_shows_beside_what_was_dropped() -> None:
    """One row of an act that began earlier comes, one old row goes: as many as before, and yet something moved."""
    DataChange.objects.bulk_create(DataChange(id=number) for number in (1, 1_000, 1_001))
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('web_datachange', 'id'), 1001)")
    before = data_version.version()
    DataChange.objects.create(id=999)
    assert data_version.prune() == 1
    assert data_version.version() != before
    assert list(DataChange.objects.order_by("id").values_list("id", flat=True)) == [999, 1_000, 1_001, 1_002]
    assert data_version.prune() == 0, "999 is within the last thousand"
