"""Fixtures of every test, and how many examples Hypothesis tries: few by default, more with HYPOTHESIS_PROFILE=full,
most with HYPOTHESIS_PROFILE=thorough (a night's run)."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings

from tests import shared_rows
from tests.owner import as_owner

PARTITIONS = """
SELECT inhrelid::regclass::text FROM pg_inherits
WHERE inhparent IN ('staking_receipt'::regclass, 'staking_heartbeat'::regclass)
"""

# Left out by `make test`, so that it ends within five minutes on two cores: they start processes and chains, or call
# every route there is. `make test-slow` runs them.
SLOW = (
    "tests/chain/anchoring/",
    "tests/chain/contracts/test_artifacts.py",
    "tests/chain/devnet/",
    "tests/inframind/supervisor/",
    "tests/inframind/test_fuzz.py",
    "tests/inframind/test_permissions.py",
    "tests/inframind/test_rights.py",
    "tests/infra/test_on_the_site.py",
    "tests/infra/test_verify.py",
    "tests/infra/test_verify_contract.py",
    "tests/settlement/test_killed.py",
    "tests/staking/measurement/test_rankings.py",
)
# Run first: a test of half a minute that begins last lets the other processes of the run wait.
LONGEST = (
    *SLOW,
    "tests/simulation/",
    "tests/reference/",
    "tests/governance/test_random_actions.py",
    "tests/governance/test_representation_properties.py",
    "tests/delegation/test_statement_at_random.py",
)

settings.register_profile("quick", max_examples=40, deadline=None, derandomize=True, database=None)
settings.register_profile("full", max_examples=100, deadline=None, derandomize=True, database=None)
settings.register_profile(
    "thorough", max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture(scope="session", autouse=True)
def live_figures_are_live() -> None:
    """Read live figures each time, however long a reading takes."""
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


@pytest.fixture(scope="session")
def _shared_rows(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    yield
    with django_db_blocker.unblock():
        shared_rows.end()


@pytest.fixture
def _rows_of_test(request: pytest.FixtureRequest, _shared_rows: None, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        shared_rows.switch(shared_rows.builders(request.module.__name__, request.fixturenames))


@pytest.fixture
def _django_db_helper(_rows_of_test: None, _django_db_helper: None) -> None:
    """Write shared rows before the transaction of the test, which pytest-django's fixture of this name begins."""


def pytest_itemcollected(item: pytest.Item) -> None:
    if item.nodeid.startswith(SLOW):
        item.add_marker(pytest.mark.slow)


def pytest_collection_finish() -> None:
    """Keep what the run has imported out of the collections of garbage, which would visit it again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests, and bring together those of a module that share rows."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))

    def rows(item: pytest.Item) -> list[str]:
        chain = shared_rows.builders(item.module.__name__, getattr(item, "fixturenames", ()))  # type: ignore[attr-defined]
        return [builder.name for builder in chain]

    items[:] = [
        item
        for _, group in groupby(items, key=lambda item: item.nodeid.partition("::")[0])
        for item in sorted(group, key=rows)
    ]
