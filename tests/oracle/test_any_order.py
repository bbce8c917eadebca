"""The same receipts in any order, in any batches, any number of times: the same figures to the last unit."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from staking.models import NodeEpoch
from tests.examples import examples
from tests.network import Network
from tests.oracle import machines
from tests.oracle.machines import send, signed, unsigned

OTHER = "0x" + machines.OTHER.hex()
# All latencies of a node are in its window (R24), so that the order of recording says nothing.
JOBS: list[dict[str, Any]] = [
    *(signed(f"good-{number}", number % 3, latency_ms=100 + 37 * number) for number in range(24)),
    *(signed(f"late-{number}", number % 3, latency_ms=2_001) for number in range(3)),
    signed("refused", 1, outcome="rejected"),
    signed("mismatch", 2, outcome="schema_mismatch"),
    unsigned("unsigned", 0),
    signed("stranger", 1, by=2),
    signed("forged", 2, verified_trace_root=OTHER),
]
FIGURES = (
    "node__address", "accepted", "good", "rejected", "dropped", "mismatched", "invalid", "forged", "sla_bps",
    "latency_ms", "variation_bps", "latency_percentile_bps", "scarcity_bps", "credits", "q_bps", "weight", "reward",
)  # fmt: skip


def figures(batches: list[list[dict[str, Any]]]) -> list[tuple[Any, ...]]:
    """Return the settled figures of these batches; the network is rolled back afterwards."""
    with transaction.atomic():
        network = Network()
        machines.register(3)
        for number in range(3):
            network.fund(network.operator_of(machines.address(number)), 600)
            network.stake(machines.address(number), 600)
        network.settle()
        for batch in batches:
            send(*batch, at=network.now)
        network.settle()
        figures = list(NodeEpoch.objects.filter(epoch=2).order_by("node__address").values_list(*FIGURES))
        transaction.set_rollback(True)
    return figures


@pytest.mark.random
@pytest.mark.django_db
def test_figures_do_not_depend_on_the_order_of_receipts() -> None:
    expected = figures([JOBS])
    # address: accepted, good, rejected, SLA in bps, mean latency of the good jobs in ms
    by_address = {row[0]: (*row[1:4], row[8], row[9]) for row in expected}
    assert [by_address[machines.address(number)] for number in range(3)] == [
        (10, 8, 0, 8_000, 488),
        (10, 8, 1, 8_000, 525),
        (11, 8, 0, 7_272, 562),
    ]

    @settings(max_examples=examples(6, 24, 1_000))
    @given(st.data())
    def any_order(data: st.DataObject) -> None:
        repeats = data.draw(st.lists(st.integers(1, 4), min_size=len(JOBS), max_size=len(JOBS)))
        sent = [job for job, times in zip(JOBS, repeats, strict=True) for _ in range(times)]
        order = data.draw(st.permutations(sent))
        size = data.draw(st.integers(1, len(order)))
        assert figures([order[first : first + size] for first in range(0, len(order), size)]) == expected

    any_order()
