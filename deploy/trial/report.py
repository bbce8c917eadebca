"""Output of the trial: one line per step, one per figure; a step that fails ends it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE = 60.0


class Failed(Exception):
    """A step did not do what the runbook promises."""


@contextmanager
def step(title: str) -> Iterator[None]:
    """Print a step and how long it took."""
    print(f"-- {title}", flush=True)
    began = time.monotonic()
    yield
    print(f"   done in {time.monotonic() - began:.1f} s", flush=True)


def figure(text: str) -> None:
    print(f"   {text}", flush=True)


def require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Failed(otherwise)


def wait_for(what: str, condition: Callable[[], bool], patience: float = PATIENCE) -> float:
    """Wait until the condition holds; the seconds that took. Raises Failed after `patience` seconds."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > patience:
            raise Failed(f"{what}: not within {patience:.0f} s")
        time.sleep(0.1)
    return time.monotonic() - began
