"""No position worth 0 survives an operation of its owner; a command clears those that a slash left (R15)."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command

from delegation.models import Position
from delegation.selectors.positions import count_on_node, position_of, positions_on_node
from delegation.services import earnings, positions
from delegation.services.upkeep import clear_worthless_positions
from ledger.models import Transaction
from protocol.errors import InsufficientBalance
from staking.models import Node, Pool
from staking.services import faucet
from tests.network import Network, wallet
from tests.shared_rows import shared

pytestmark = pytest.mark.django_db


@shared
def dust() -> tuple[Network, str]:
    """A pool of 814 µIFM over 1,000 shares: wallet 1 holds 900, wallet 2 holds 99, wallet 3 one that is worth 0."""
    return slashed_pool(900, 99, 1)


def slashed_pool(*held: int) -> tuple[Network, str]:
    """A pool of which a slash took 186 of 1,000 µIFM; wallet n holds the n-th number of shares."""
    worst = [{"name": "dropout", "self_bps": 0, "delegated_bps": 1_860}]
    net = Network(min_amount="0.000001", emission_per_epoch="1", offences=worst)
    node = net.node(own=1, custodial=True)
    for number, micro in enumerate(held, 1):
        faucet.fund(wallet=wallet(number), amount=micro, now=net.now)
        positions.delegate(node=node, amount=micro, wallet=wallet(number), now=net.now)
    net.settle()
    net.work(node)
    net.work(node, 1, outcome="dropped")
    net.settle(2)
    pool = Pool.objects.get()
    assert (pool.tokens, pool.shares) == (814, 1_000)
    return net, node


def shares(number: int) -> int:
    return Position.objects.get(wallet=wallet(number)).shares


def test_an_undelegation_that_would_leave_a_position_worth_nothing_takes_all(
    dust: tuple[Network, str],
) -> None:
    net, node = dust
    # 99 shares are worth 80 µIFM; after 79 of them, 1 share worth 0 would remain.
    held = positions.undelegate(node=node, amount=79, wallet=wallet(2), now=net.now)
    assert held.unbonding is not None
    assert (held.unbonding.entered, shares(2)) == (80, 0)
    net.check()


def test_undelegating_all_of_a_position_worth_nothing_burns_it_without_an_entry(
    dust: tuple[Network, str],
) -> None:
    net, node = dust
    before = Transaction.objects.count()
    held = positions.undelegate(node=node, amount=None, wallet=wallet(3), now=net.now)
    assert (held.transaction, held.unbonding, shares(3)) == (None, None, 0)
    assert Transaction.objects.count() == before
    net.check()
    with pytest.raises(InsufficientBalance):
        positions.undelegate(node=node, amount=None, wallet=wallet(3), now=net.now)


def test_a_claim_burns_shares_that_are_worth_nothing(dust: tuple[Network, str]) -> None:
    net, node = dust
    amount = earnings.claim(node=node, wallet=wallet(3), now=net.now).amount
    assert amount > 0
    assert shares(3) == 0
    assert earnings.claim(node=node, wallet=wallet(2), now=net.now).amount > 0
    assert shares(2) == 99


def test_a_position_worth_nothing_is_listed_while_it_has_earnings_to_claim(dust: tuple[Network, str]) -> None:
    net, node = dust
    node_id = Node.objects.get().id
    figures = position_of(wallet(3), node_id)
    assert figures is not None
    assert (figures.value, figures.is_over) == (0, False)
    assert figures.claimable > 0
    earnings.claim(node=node, wallet=wallet(3), now=net.now)
    figures = position_of(wallet(3), node_id)
    assert figures is not None
    assert figures.is_over


def test_a_position_worth_nothing_is_no_delegation_of_the_node(dust: tuple[Network, str]) -> None:
    node_id = Node.objects.get().id
    assert count_on_node(node_id) == 2
    listed = positions_on_node(node_id, limit=10, offset=0)
    assert [(row.wallet, row.value) for row in listed] == [(wallet(1), 732), (wallet(2), 80)]


def test_all_worthless_positions_are_cleared_however_few_a_batch_has() -> None:
    net, _ = slashed_pool(900, 97, 1, 1, 1)
    assert clear_worthless_positions(batch=1) == 3
    assert [shares(number) for number in (1, 2, 3, 4, 5)] == [900, 97, 0, 0, 0]
    assert clear_worthless_positions() == 0
    net.check()


def test_the_command_clears_positions_that_are_worth_nothing(dust: tuple[Network, str]) -> None:
    net, _ = dust
    owed = position_of(wallet(3), Node.objects.get().id)
    output = StringIO()
    call_command("clear_dust", stdout=output)
    assert output.getvalue() == "cleared 1 delegations that are worth 0\n"
    assert (shares(1), shares(2), shares(3)) == (900, 99, 0)
    after = position_of(wallet(3), Node.objects.get().id)
    assert owed is not None
    assert after is not None
    assert after.claimable == owed.claimable
    net.check()
    output = StringIO()
    call_command("clear_dust", stdout=output)
    assert output.getvalue() == "cleared 0 delegations that are worth 0\n"
