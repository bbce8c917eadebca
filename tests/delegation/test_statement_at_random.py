"""Random actions and slashes: earned = claimed + claimable on each node, and the parts add up to the total."""

from __future__ import annotations

import random
from datetime import datetime

import pytest

from delegation.models import Position
from delegation.selectors.earnings import earned_on, earnings
from delegation.selectors.operators import nodes_run_by
from delegation.selectors.positions import positions_of_wallet
from delegation.selectors.statement import Period, compounds, lines, statement
from delegation.selectors.wallets import wallet_figures
from delegation.services import earnings as paying
from delegation.services import positions, redelegations, unbondings
from delegation.tax_exports import events
from ledger import accounts
from ledger.selectors import balance
from protocol.errors import ProtocolError
from staking.models import Node, Unbonding, VoidGeneration
from staking.services import stakes
from tests.examples import examples
from tests.wallets import ANNA, BELA, CARL, EAST, NORTH, OLGA, OTTO, SOUTH

# Each of some hundred operations rounds a µIFM at most.
ROUNDINGS = 1_000
WALLETS, NODES = (ANNA, BELA, CARL), (NORTH, SOUTH, EAST)


def act(net, dice: random.Random) -> None:
    """Run one random action; a refusal is accepted."""
    wallet, node = dice.choice(WALLETS), dice.choice(NODES)
    amount = dice.choice([dice.randrange(1, 10**6), dice.randrange(10**6, 400 * 10**6)])
    at = {"wallet": wallet, "now": net.now}
    entry = Unbonding.objects.filter(status="open").order_by("?").values_list("id", "wallet").first()
    doings = {
        "delegate": lambda: positions.delegate(node=node, amount=amount, **at),
        "again": lambda: positions.delegate(node=node, amount=amount + 10**6, **at),
        "undelegate": lambda: positions.undelegate(node=node, amount=dice.choice([None, amount]), **at),
        "redelegate": lambda: redelegations.redelegate(
            source=node, target=dice.choice(NODES), amount=dice.choice([None, amount]), **at
        ),
        "claim": lambda: paying.claim(node=node, **at),
        "compound": lambda: paying.compound(node=node, **at),
        "operator": lambda: paying.claim(
            node=node, wallet=Node.objects.get(address=node).operator, now=net.now
        ),
        "unstake": lambda: stakes.unstake(
            node=node, amount=amount, actor=Node.objects.get(address=node).operator, now=net.now
        ),
        "cancel": lambda: entry and unbondings.cancel(unbonding=entry[0], wallet=entry[1], now=net.now),
    }
    try:
        doings[dice.choice(list(doings))]()
    except ProtocolError:
        return


def check(wallet: str, now: datetime) -> None:
    totals = {(row.node, row.role): row.amount for row in earned_on(wallet)}
    held = {(p.node, "delegator"): p.earned for p in positions_of_wallet(wallet) if p.earned}
    run = {
        (n.node, "operator"): n.claimed + n.claimable for n in nodes_run_by(wallet) if n.claimed + n.claimable
    }
    assert totals == held | run
    assert sum(row.amount for row in earnings(wallet, limit=10_000)) == sum(totals.values())
    whole = statement(wallet, Period())
    assert whole.earned_total == whole.claimed + whole.claimable
    rows = lines(wallet, Period())
    assert whole.sums.closing == balance(accounts.wallet(wallet)) == (rows[-1].balance if rows else 0)
    assert whole.sums.movements == len(rows)
    assert sum(row.net or 0 for row in rows) == whole.lost
    for position in positions_of_wallet(wallet):
        assert abs(position.cost - position.lost - position.value) <= ROUNDINGS
    changes = events(rows, compounds(wallet, Period(), limit=10_000))
    figures = wallet_figures(wallet, now=now)
    assert abs(sum(change.amount for change in changes) - figures.total) <= ROUNDINGS


@pytest.mark.random
@pytest.mark.parametrize("seed", range(examples(2, 8, 60)))
def test_earned_is_claimed_and_claimable(net, seed):
    dice = random.Random(seed)
    # Half of the worlds know a slash that takes a side whole, so that generations become void.
    whole = {"self_bps": 2_500, "delegated_bps": 10_000 if seed % 2 else 2_500}
    net.parameters(
        offences=[{"name": "invalid_proof", **whole}], cooldown_epochs=1, unbonding_seconds=259_200
    )
    for node, operator in ((NORTH, OLGA), (SOUTH, OTTO), (EAST, OTTO)):
        net.node(node, operator, 1_000 + dice.randrange(500), custodial=dice.random() < 0.5)
    for wallet in WALLETS:
        net.fund(wallet, 3_000)
    for _ in range(9):
        for _ in range(7):
            act(net, dice)
        for node in NODES:
            bad = int(dice.random() < 0.15)
            net.work(node, dice.randrange(1, 12))
            net.work(node, bad, proof="invalid")
        net.settle()
        for wallet in (*WALLETS, OLGA, OTTO):
            check(wallet, net.now)
    assert Position.objects.exists()


def test_random_worlds_meet_void_generations(net):
    """The random networks above must contain void generations."""
    net.parameters(offences=[{"name": "invalid_proof", "self_bps": 2_500, "delegated_bps": 10_000}])
    net.node(NORTH, OLGA, 1_000, custodial=True)
    net.fund(ANNA, 500)
    positions.delegate(node=NORTH, amount=100_000_000, wallet=ANNA, now=net.now)
    net.settle(worked=[NORTH])
    net.settle(worked=[NORTH])
    net.work(NORTH)
    net.work(NORTH, 1, proof="invalid")
    for _ in range(6):
        net.settle()
    assert VoidGeneration.objects.count() == 1
    positions.delegate(node=NORTH, amount=50_000_000, wallet=ANNA, now=net.now)
    net.settle(worked=[NORTH])
    net.settle(worked=[NORTH])
    check(ANNA, net.now)
    (position,) = positions_of_wallet(ANNA)
    assert position.value == 50_000_000
    assert position.voided_by is None
