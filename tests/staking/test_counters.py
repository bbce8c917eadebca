"""Numbers of a kind have no gaps, whatever is rolled back or runs at the same time."""

from __future__ import annotations

import pytest
from django.db import transaction

from staking.models import Counter
from staking.services.counters import next_number, next_numbers
from tests.together import together


@pytest.mark.django_db
def test_kinds_are_numbered_from_1_each() -> None:
    assert [next_number("dispute"), next_number("dispute"), next_number("proposal")] == [1, 2, 1]
    assert list(next_numbers("dispute", 3)) == [3, 4, 5]
    assert next_number("dispute") == 6


@pytest.mark.django_db
def test_a_rollback_takes_the_number_back() -> None:
    assert next_number("dispute") == 1
    with transaction.atomic():
        assert next_number("dispute") == 2
        transaction.set_rollback(True)
    assert next_number("dispute") == 2


@pytest.mark.django_db(transaction=True)
def test_concurrent_transactions_get_consecutive_numbers() -> None:
    def number(_: int) -> int:
        with transaction.atomic():
            return next_number("dispute")

    assert sorted(together(8, number)) == list(range(1, 9))
    assert Counter.objects.get(name="dispute").last == 8
