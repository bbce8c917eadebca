"""How hard Hypothesis looks: few examples by default, HYPOTHESIS_PROFILE=thorough for a night's run."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

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
