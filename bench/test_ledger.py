"""Transfers a second through `post()` against pgbench's tpcb-like script on the same server."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bench import clients
from bench.floors import ratio, rounds
from ledger import accounts
from ledger.posting import post
from settlement.audit import audit

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

SECONDS, ROUNDS, GATE = 4, 5, 0.6


@pytest.mark.parametrize("number", [1, 4, 8])
def test_transfers_reach_their_part_of_pgbench(number, pgbench, process_environment, say):
    fund()
    ours, floor = rounds(
        ROUNDS,
        lambda: clients.run("post", number, SECONDS, process_environment),
        lambda: pgbench.tps(number, SECONDS),
    )
    assert audit() == []
    reached = ratio(ours, floor)
    say(f"ledger, {number} clients: {reached:.2f} of pgbench (gate {GATE})")
    assert reached >= GATE


def fund() -> None:
    purses = {accounts.wallet(clients.address(1, number)): 10**9 for number in range(clients.SPREAD)}
    moves = {accounts.ISSUANCE: -sum(purses.values()), **purses}
    post(kind="faucet", moves=moves, at=datetime.now(UTC), epoch=1)
