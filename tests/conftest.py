"""Fixtures of every test, and how many examples Hypothesis tries: few by default, HYPOTHESIS_PROFILE=thorough for a
night's run."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings

from tests.owner import as_owner

PARTITIONS = """
SELECT inhrelid::regclass::text FROM pg_inherits
WHERE inhparent IN ('staking_receipt'::regclass, 'staking_heartbeat'::regclass)
"""

settings.register_profile("quick", max_examples=40, deadline=None, derandomize=True, database=None)
settings.register_profile(
    "thorough", max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture(scope="session", autouse=True)
def live_figures_are_live() -> None:
    """However long a reading takes on a busy machine, the next one is not put off."""
    from staking.measurement import live

    live.REST = 0


@pytest.fixture(autouse=True)
def partitions_end_with_their_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """Drop the partitions of epochs that a test with committed transactions leaves: emptying tables keeps them."""
    committed = "transactional_db" in request.fixturenames or _commits(request)
    if committed:
        request.getfixturevalue("transactional_db")
    yield
    if committed:
        with as_owner(), connection.cursor() as cursor:
            cursor.execute(PARTITIONS)
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TABLE {name}")


def _commits(request: pytest.FixtureRequest) -> bool:
    marker = request.node.get_closest_marker("django_db")
    return marker is not None and bool(marker.kwargs.get("transaction"))
