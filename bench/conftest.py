"""Fixtures of the benchmarks. Figures are printed when measured; docs/benchmarks.md has the latest ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from bench.floors import Pgbench


@pytest.fixture
def pgbench(transactional_db: None) -> Iterator[Pgbench]:
    floor = Pgbench()
    yield floor
    floor.drop()


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print a figure past pytest's capture."""

    def tell(line: str) -> None:
        with capsys.disabled():
            print(f"\n  {line}", end="")

    return tell
