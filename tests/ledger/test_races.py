"""Concurrent posting: no deadlock, no lost update, no overdraft, one effect a key."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import transaction

from ledger import accounts, history, selectors
from ledger.posting import post
from protocol.errors import InsufficientBalance
from tests.ledger.entries import entries_sum
from tests.together import alone, together, wait_until_blocked

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WALLETS = [accounts.wallet(f"0x{number:040x}") for number in range(6)]

pytestmark = pytest.mark.django_db(transaction=True)


def fund(amount: int) -> None:
    for wallet in WALLETS:
        post(kind="test", moves={accounts.ISSUANCE: -amount, wallet: amount}, at=NOW, epoch=1)


def test_transfers_in_every_direction_neither_deadlock_nor_lose() -> None:
    fund(1_000)

    def act(number: int) -> None:
        for step in range(40):
            source, target = WALLETS[(number + step) % 6], WALLETS[(number * 5 + step * 3 + 1) % 6]
            if source != target:
                post(kind="test", moves={source: -1, target: 1}, at=NOW, epoch=1)

    together(8, act)
    balances = selectors.balances(WALLETS)
    assert sum(balances.values()) == 6_000
    assert {name: entries_sum(name) for name in WALLETS} == balances


def test_only_what_is_there_can_be_spent() -> None:
    fund(10)

    def act(number: int) -> bool:
        try:
            post(kind="test", moves={WALLETS[0]: -4, WALLETS[number % 5 + 1]: 4}, at=NOW, epoch=1)
        except InsufficientBalance:
            return False
        return True

    assert sorted(together(8, act)) == [False] * 6 + [True] * 2
    assert selectors.balance(WALLETS[0]) == 2


def test_one_key_has_one_effect_however_many_send_it() -> None:
    fund(10)

    def act(number: int) -> int:
        return post(kind="test", moves={WALLETS[0]: -4, WALLETS[1]: 4}, at=NOW, epoch=1, key="once")

    assert len(set(together(8, act))) == 1
    assert selectors.balance(WALLETS[0]) == 6


def test_new_accounts_may_be_opened_by_all_at_once() -> None:
    def act(number: int) -> None:
        wallet = accounts.wallet("0x" + "cd" * 20)
        post(kind="test", moves={accounts.ISSUANCE: -1, wallet: 1}, at=NOW, epoch=1)

    together(8, act)
    assert selectors.balance(accounts.wallet("0x" + "cd" * 20)) == 8


def test_entries_of_an_account_are_numbered_in_the_order_in_which_its_balance_moved() -> None:
    """The second posting waits for the wallet of the first, and spends what the first received meanwhile."""
    fund(100)

    def spend() -> int:
        return post(kind="test", moves={WALLETS[0]: -150, WALLETS[2]: 150}, at=NOW, epoch=1)

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        post(kind="test", moves={WALLETS[0]: -60, WALLETS[1]: 60}, at=NOW, epoch=1)
        spending = pool.submit(alone(spend))
        wait_until_blocked(spending)
        post(kind="test", moves={WALLETS[0]: 160, WALLETS[3]: -100, WALLETS[4]: -60}, at=NOW, epoch=1)
    movements = history.movements(WALLETS[0])
    assert [(one.amount, one.balance) for one in movements] == [(100, 100), (-60, 40), (160, 200), (-150, 50)]
