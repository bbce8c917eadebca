"""Delegating and undelegating through the services against pgbench's tpcb-like script on the same server."""

from __future__ import annotations

import pytest

from bench import clients
from bench.floors import ratio, rounds
from settlement.audit import audit
from staking.services import clock, faucet, nodes

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

CLIENTS, SECONDS, ROUNDS, GATE = 8, 4, 5, 0.25


@pytest.fixture
def network(transactional_db: None) -> None:
    now = clock.now()
    for number in range(clients.SPREAD):
        faucet.fund(wallet=clients.address(1, number), amount=10**12, now=now)
        nodes.register(
            address=clients.address(2, number),
            operator=clients.address(3, number),
            name="n",
            region="eu",
            now=now,
        )


@pytest.mark.usefixtures("network")
def test_delegating_reaches_its_part_of_pgbench(pgbench, process_environment, say):
    ours, floor = rounds(
        ROUNDS,
        lambda: clients.run("delegate", CLIENTS, SECONDS, process_environment),
        lambda: pgbench.tps(CLIENTS, SECONDS),
    )
    assert audit() == []
    reached = ratio(ours, floor)
    say(f"delegate and undelegate, {CLIENTS} clients: {reached:.2f} of pgbench (gate {GATE})")
    assert reached >= GATE


@pytest.mark.usefixtures("network")
def test_all_on_one_node(process_environment, say):
    done = clients.run("delegate_hot", CLIENTS, SECONDS, process_environment)
    assert audit() == []
    say(f"all {CLIENTS} clients on one node: {done:.0f} a second, no deadlock, books whole")
