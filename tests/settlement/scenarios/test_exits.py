"""Tokens that leave for a chain: the ledger, the sums that the tree proves, the audit (R54–R56)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from ledger import accounts
from ledger.selectors import balance
from protocol.amounts import MICRO
from protocol.errors import AmountTooSmall, InsufficientBalance, NotFound
from protocol.merkle import Leaf, verify
from settlement.audit import audit
from staking.models import Event, Exit, ExitSums, TokenAccount
from staking.selectors.proofs import proof_of
from staking.services.exits import request_exit
from staking.services.parameters import schedule
from tests.chain.deposits import mirrored
from tests.network import Network, operator, wallet

pytestmark = pytest.mark.django_db

ALICE, BOB = wallet(1), wallet(2)
TOKEN = "0x" + "70" * 20


@pytest.fixture(autouse=True)
def chain(settings: Any) -> None:
    """A chain that nobody follows, with a token contract."""
    settings.INFRAMIND_CHAIN_RPC = ("http://127.0.0.1:1",)
    settings.INFRAMIND_CHAIN_TOKEN = TOKEN


def deposit(net: Network, address: str, amount: int, index: int = 0) -> int:
    return mirrored(wallet=address, amount=amount * MICRO, index=index, now=net.now)


def leave(net: Network, address: str, amount: int) -> Exit:
    return request_exit(wallet=address, amount=amount * MICRO, now=net.now)


def sums(address: str, epoch: int) -> tuple[int, ...]:
    """Minted, burned and released up to an epoch, in IFM."""
    row = ExitSums.objects.get(wallet=address, epoch=epoch)
    return tuple(value // MICRO for value in (row.minted, row.burned, row.released))


def test_an_exit_leaves_the_wallet_at_once_and_the_ledger_with_the_settlement(net: Network) -> None:
    deposit(net, ALICE, 1_000)
    assert (balance(accounts.CUSTODY), net.available(ALICE)) == (-1_000 * MICRO, 1_000 * MICRO)
    left = leave(net, ALICE, 400)
    assert (left.epoch, left.status) == (1, "recorded")
    assert (net.available(ALICE), balance(accounts.EXITS)) == (600 * MICRO, 400 * MICRO)
    net.check()
    net.settle()
    left.refresh_from_db()
    assert left.status == "released"
    assert (balance(accounts.EXITS), balance(accounts.CUSTODY)) == (0, -600 * MICRO)
    assert sums(ALICE, 1) == (0, 0, 400)
    assert Event.objects.get(kind="exit_released").data == {"amount": 400 * MICRO}


def test_more_than_is_available_is_refused_and_changes_nothing(net: Network) -> None:
    deposit(net, ALICE, 10)
    with pytest.raises(InsufficientBalance):
        leave(net, ALICE, 11)
    with pytest.raises(AmountTooSmall):
        leave(net, ALICE, 0)
    assert (net.available(ALICE), Exit.objects.count()) == (10 * MICRO, 0)


def test_without_a_token_on_a_chain_nothing_can_be_taken_out(net: Network, settings: Any) -> None:
    net.fund(ALICE, 10)
    settings.INFRAMIND_CHAIN_TOKEN = ""
    with pytest.raises(NotFound, match="not on a chain"):
        leave(net, ALICE, 1)
    settings.INFRAMIND_CHAIN_RPC = ()
    with pytest.raises(NotFound, match="not on a chain"):
        leave(net, ALICE, 1)
    with pytest.raises(AmountTooSmall):
        leave(net, ALICE, 0)
    net.settle()
    assert net.available(ALICE) == 10 * MICRO


def test_everything_that_a_wallet_has_counts_in_its_sums(net: Network) -> None:
    """Own stake, delegations, unbonding and available tokens: what was earned is minted, staking changes nothing."""
    runner = operator(1)
    node = net.node(1)
    deposit(net, runner, 5_000, 0)
    deposit(net, ALICE, 2_000, 1)
    net.stake(node, 3_000)
    net.delegate(node, 1, 1_000, fund=False)
    net.settle()
    net.undelegate(node, 1, 300)
    leave(net, ALICE, 100)
    leave(net, runner, 500)
    schedule(changes={"emission_per_epoch": "100"}, from_epoch=3, proposal=1, now=net.now)
    net.settle()
    assert sums(ALICE, 2) == (0, 0, 100)
    assert sums(runner, 2) == (0, 0, 500)
    net.work(node)
    net.settle()
    earned = net.claim(node, 1)
    leave(net, ALICE, 50)
    net.settle()
    row = ExitSums.objects.get(wallet=ALICE, epoch=4)
    assert (row.minted, row.burned, row.released) == (earned, 0, 150 * MICRO)
    assert earned > 0


def test_what_a_slash_took_is_burned(net: Network) -> None:
    node = net.node(1)
    deposit(net, operator(1), 2_000)
    net.stake(node, 1_000)
    net.settle()
    net.work(node, 1, outcome="dropped")
    net.settle(2)
    leave(net, operator(1), 10)
    net.settle()
    assert sums(operator(1), 4) == (0, 150, 10)


def test_several_exits_of_a_wallet_in_an_epoch_have_one_set_of_leaves(net: Network) -> None:
    deposit(net, ALICE, 100)
    deposit(net, BOB, 100, 1)
    leave(net, ALICE, 10)
    leave(net, BOB, 1)
    leave(net, ALICE, 20)
    node = net.node(1)
    net.settle()
    leave(net, ALICE, 5)
    net.settle()
    assert (sums(ALICE, 1), sums(BOB, 1), sums(ALICE, 2)) == ((0, 0, 30), (0, 0, 1), (0, 0, 35))
    proof = proof_of(1, ALICE)
    assert [proven.leaf for proven in proof.leaves] == [
        Leaf("minted", ALICE, 0, 1), Leaf("burned", ALICE, 0, 1), Leaf("released", ALICE, 30 * MICRO, 1),
    ]  # fmt: skip
    root = bytes.fromhex(proof.root[2:])
    assert all(verify(root, proven.leaf, proven.proof) for proven in proof.leaves)
    assert [proven.leaf.kind for proven in proof_of(1, node).leaves] == ["reward"]


def test_tokens_of_the_faucet_can_leave_as_minted(net: Network) -> None:
    net.fund(ALICE, 70)
    leave(net, ALICE, 30)
    net.settle()
    assert sums(ALICE, 1) == (70, 0, 30)
    assert balance(accounts.CUSTODY) == 30 * MICRO


def test_a_lock_is_credited_once(net: Network) -> None:
    first = deposit(net, ALICE, 100)
    assert deposit(net, ALICE, 100) == first
    assert (net.available(ALICE), TokenAccount.objects.get().deposited) == (100 * MICRO, 100 * MICRO)


def test_the_audit_names_tokens_that_are_not_accounted_for(net: Network) -> None:
    deposit(net, ALICE, 100)
    leave(net, ALICE, 10)
    TokenAccount.objects.update(deposited=99)
    Exit.objects.update(amount=11)
    assert audit() == [
        "R56 custody: custody -100000000, deposited less released 99",
        "R55 exits: exits 10000000, exits not executed 11",
        f"R56 deposited: wallet {ALICE}: 99 deposited, deposits 100000000",
    ]


def test_proven_sums_cannot_be_changed(net: Network) -> None:
    deposit(net, ALICE, 100)
    leave(net, ALICE, 10)
    net.settle()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE staking_exitsums SET released = 0")
