"""A plan over 10,000 nodes: processor time, and as a ratio to one projection of each node."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from bench.floors import ratio, rounds
from protocol.parameters import DEFAULTS
from protocol.plans import plan
from protocol.projection import project
from tests.protocol.test_plans import IFM, large_network

pytestmark = pytest.mark.bench
NODES, ROUNDS, SECONDS = 10_000, 5, 1.0


def test_a_plan_over_ten_thousand_nodes_takes_at_most_a_second(say: Callable[[str], None]) -> None:
    candidates = large_network(NODES)
    ours, floor = rounds(
        ROUNDS,
        lambda: processor_time(lambda: plan(DEFAULTS, candidates, 5_000 * IFM, 1_000)),
        lambda: processor_time(
            lambda: [project(DEFAULTS, one.past, held=0, amount=5_000 * IFM) for one in candidates]
        ),
    )
    say(
        f"plan over {NODES:,} nodes: {min(ours):.2f} s of processor time (gate {SECONDS} s), "
        f"{ratio(ours, floor):.1f} x one projection of each node"
    )
    assert min(ours) <= SECONDS


def processor_time(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
