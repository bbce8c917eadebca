from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("simulation")
    group.addoption("--seed", type=int, default=None, help="one seed instead of the usual ones")
    group.addoption("--epochs", type=int, default=None, help="epochs to simulate")
    group.addoption("--replay", default=None, help="log of a simulation that failed")
