"""A ranking and a settlement after a thousand settled epochs against the same after two, a node's page after a hundred.

Nothing is archived in between: every epoch still has its partitions. After a hundred epochs the page's charts and
returns cover as many epochs as they ever do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client

from settlement.epoch import EPOCH_STEPS
from settlement.state import Settlement
from staking.services import rankings
from tests.network import Network, node_address
from tests.owner import as_owner

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

NODES, CHARTED, EPOCHS, ROUNDS = 50, 100, 1_000, 40
GATE = 1.2
# Two good jobs of each node in the open epoch; a window of three crosses epochs.
WORK = """
INSERT INTO staking_receipt (epoch, node_id, outcome, proof, good, latency_ms, deadline_ms, credits, accepted_at,
  job_class, region, job_id)
SELECT %(epoch)s, n.id, 0, 0, true, 50 + (n.id * 7 + %(epoch)s * 13 + j) %% 900, 2000, 1000, %(at)s, 0, 'eu-west',
  'job ' || n.id || '-' || %(epoch)s || '-' || j
FROM staking_node n CROSS JOIN generate_series(1, 2) j
"""
DEMAND = "INSERT INTO staking_demand (epoch, region, jobs) SELECT %(epoch)s, 'eu-west', 2 * count(*) FROM staking_node"


def test_cost_does_not_grow_with_the_number_of_settled_epochs(say: Callable[[str], None]) -> None:
    network = Network(latency_window_jobs=3, emission_per_epoch="1")
    for number in range(1, NODES + 1):
        network.node(number, own=10)
    client = Client()
    engine = {
        "ranking": lambda: rankings.rank(now=network.now),
        "settlement": lambda: settle(network),
    }
    site = {"node page": lambda: page(client)}
    settle_until(network, 3)
    before = measure(engine)
    settle_until(network, CHARTED, rankings_too=True)
    before |= measure(site)
    settle_until(network, EPOCHS + 1)
    after = measure(engine) | measure(site)
    ratios = {name: seconds / before[name] for name, seconds in after.items()}
    for name, grown in ratios.items():
        say(f"{name}: {grown:.2f} x after {EPOCHS:,} epochs (gate {GATE})")
    assert max(ratios.values()) <= GATE


def settle_until(network: Network, number: int, *, rankings_too: bool = False) -> None:
    while network.epoch.number < number:
        work(network)
        if rankings_too:
            rankings.rank(now=network.now)
        network.settle(sound=False)
    work(network)


def work(network: Network) -> None:
    values = {"epoch": network.epoch.number, "at": network.now}
    with connection.cursor() as cursor:
        cursor.execute("SELECT staking_open_partition(%s)", [values["epoch"]])
        cursor.execute(WORK, values)
        cursor.execute(DEMAND, values)


def measure(runs: Mapping[str, Callable[[], Any]]) -> dict[str, float]:
    """The shortest of several runs of each, over that of a floor, since the machine may be faster or slower later."""
    # Autovacuum is off on the servers of tests (conftest.py).
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    usual = shortest(floor)
    return {name: shortest(run) / usual for name, run in runs.items()}


def shortest(run: Callable[[], Any]) -> float:
    spent = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        run()
        spent.append(time.perf_counter() - began)
    return min(spent)


def floor() -> None:
    """Work of server and client that knows nothing of epochs."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT n, sha256(n::text::bytea) FROM generate_series(1, 20000) n")
        sorted(cursor.fetchall(), key=lambda row: bytes(row[1]))


def settle(network: Network) -> None:
    settlement = Settlement(now=network.epoch.end)
    with transaction.atomic():
        for step in EPOCH_STEPS:
            step(settlement)
        transaction.set_rollback(True)


def page(client: Client) -> None:
    cache.clear()
    assert client.get(f"/nodes/{node_address(7)}/").status_code == 200
