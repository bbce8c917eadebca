"""IFM: the ERC-20 part, and locking (R54)."""

from __future__ import annotations

import pytest

from protocol.addresses import keccak256
from tests.chain.evm import ALICE, BOB, CAROL, HOLDER, MALLORY, OWNER, Deployed, Forwarder, Reverted
from tests.chain.network import INITIAL_SUPPLY, NOBODY, Chain

UNLIMITED = 2**256 - 1
POOR = "insufficient transferable balance"


@pytest.fixture
def token(chain: Chain) -> Deployed:
    """The token; Alice has 1,000 µIFM."""
    chain.token.send(HOLDER, "transfer", ALICE, 1_000)
    return chain.token


def balances(token: Deployed, *accounts: object) -> list[int]:
    return [token.get("balanceOf", account) for account in accounts]


def test_its_name_symbol_and_decimals(chain: Chain) -> None:
    assert [chain.token.get(name) for name in ("name", "symbol", "decimals", "version")] == [
        "InfraMind",
        "IFM",
        6,
        "1",
    ]


def test_the_initial_supply_belongs_to_the_holder(chain: Chain) -> None:
    token = chain.token
    assert token.events(token.deployment) == [("Transfer", NOBODY, HOLDER.address, INITIAL_SUPPLY)]
    assert token.get("totalSupply") == token.get("INITIAL_SUPPLY") == INITIAL_SUPPLY
    assert balances(token, HOLDER, OWNER) == [INITIAL_SUPPLY, 0]
    assert token.get("SETTLEMENT") == chain.settlement.address
    assert [token.get(name) for name in ("minted", "burned", "lock_count")] == [0, 0, 0]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((ALICE, HOLDER, 1), "no settlement contract"),
        ((NOBODY, HOLDER, 1), "no settlement contract"),
        (("settlement", NOBODY, 1), "invalid receiver"),
        (("settlement", HOLDER, 2**63), "supply too large"),
    ],
    ids=["account as settlement", "zero as settlement", "no holder", "supply beyond 63 bits"],
)
def test_a_token_that_could_not_work_is_not_deployed(
    chain: Chain, arguments: tuple[object, ...], reason: str
) -> None:
    arguments = tuple(chain.settlement if argument == "settlement" else argument for argument in arguments)
    with pytest.raises(Reverted, match=reason):
        Deployed(chain.evm, "IFM", OWNER, *arguments)


def test_the_largest_supply_fits_63_bits(chain: Chain) -> None:
    token = Deployed(chain.evm, "IFM", OWNER, chain.settlement, HOLDER, 2**63 - 1)
    token.send(HOLDER, "lock", 2**63 - 1)
    assert token.get("locked", HOLDER) == token.get("totalSupply") == 2**63 - 1


def test_a_transfer_moves_tokens(token: Deployed) -> None:
    receipt = token.send(ALICE, "transfer", BOB, 400)
    assert token.events(receipt) == [("Transfer", ALICE.address, BOB.address, 400)]
    assert balances(token, ALICE, BOB) == [600, 400]
    assert token.get("totalSupply") == INITIAL_SUPPLY


def test_a_transfer_to_oneself_changes_nothing(token: Deployed) -> None:
    token.send(ALICE, "transfer", ALICE, 1_000)
    assert balances(token, ALICE) == [1_000]
    assert token.refusal(ALICE, "transfer", ALICE, 1_001) == POOR


def test_a_transfer_of_nothing_is_a_transfer(token: Deployed) -> None:
    receipt = token.send(BOB, "transfer", ALICE, 0)
    assert token.events(receipt) == [("Transfer", BOB.address, ALICE.address, 0)]


@pytest.mark.parametrize("amount", [1_001, 2**64, UNLIMITED])
def test_more_than_the_balance_is_refused(token: Deployed, amount: int) -> None:
    assert token.refusal(ALICE, "transfer", BOB, amount) == POOR
    token.send(ALICE, "approve", CAROL, UNLIMITED)
    assert token.refusal(CAROL, "transferFrom", ALICE, BOB, amount) == POOR
    assert token.refusal(ALICE, "lock", amount) == POOR


def test_tokens_are_not_sent_where_they_would_be_lost(token: Deployed) -> None:
    token.send(ALICE, "approve", CAROL, UNLIMITED)
    for receiver in (NOBODY, token):
        assert token.refusal(ALICE, "transfer", receiver, 1) == "invalid receiver"
        assert token.refusal(CAROL, "transferFrom", ALICE, receiver, 1) == "invalid receiver"


def test_a_spender_moves_tokens_within_the_allowance(token: Deployed) -> None:
    receipt = token.send(ALICE, "approve", CAROL, 300)
    assert token.events(receipt) == [("Approval", ALICE.address, CAROL.address, 300)]
    token.send(CAROL, "transferFrom", ALICE, BOB, 200)
    assert token.get("allowance", ALICE, CAROL) == 100
    assert balances(token, ALICE, BOB, CAROL) == [800, 200, 0]
    assert token.refusal(CAROL, "transferFrom", ALICE, BOB, 101) == "insufficient allowance"
    assert token.refusal(MALLORY, "transferFrom", ALICE, MALLORY, 1) == "insufficient allowance"


def test_an_unlimited_allowance_never_decreases(token: Deployed) -> None:
    token.send(ALICE, "approve", CAROL, UNLIMITED)
    token.send(CAROL, "transferFrom", ALICE, BOB, 200)
    assert token.get("allowance", ALICE, CAROL) == UNLIMITED


def test_an_allowance_is_replaced(token: Deployed) -> None:
    token.send(ALICE, "approve", CAROL, 300)
    token.send(ALICE, "approve", CAROL, 0)
    assert token.refusal(CAROL, "transferFrom", ALICE, BOB, 1) == "insufficient allowance"


def test_an_owner_needs_an_allowance_to_use_transfer_from(token: Deployed) -> None:
    assert token.refusal(ALICE, "transferFrom", ALICE, BOB, 1) == "insufficient allowance"


def test_locked_tokens_stay_in_the_wallet_and_do_not_move(token: Deployed) -> None:
    receipt = token.send(ALICE, "lock", 600)
    assert token.events(receipt) == [("Locked", 0, ALICE.address, 600)]
    assert balances(token, ALICE) == [1_000]
    assert token.get("locked", ALICE) == 600
    assert token.get("transferable", ALICE) == 400
    assert token.refusal(ALICE, "transfer", BOB, 401) == POOR
    token.send(ALICE, "approve", CAROL, UNLIMITED)
    assert token.refusal(CAROL, "transferFrom", ALICE, BOB, 401) == POOR
    assert token.refusal(ALICE, "lock", 401) == POOR
    token.send(ALICE, "transfer", BOB, 400)
    assert balances(token, ALICE, BOB) == [600, 400]


def test_nothing_is_not_locked(token: Deployed) -> None:
    assert token.refusal(ALICE, "lock", 0) == "nothing to lock"


def test_a_contract_cannot_lock(chain: Chain) -> None:
    wallet = Forwarder(chain.evm)
    chain.token.send(HOLDER, "transfer", wallet.address, 1_000)
    with pytest.raises(Reverted, match="contracts cannot lock"):
        wallet.send(ALICE, chain.token, "lock", 1_000)
    wallet.send(ALICE, chain.token, "transfer", ALICE, 1_000)
    assert balances(chain.token, ALICE) == [1_000]


def test_locks_are_numbered_and_chained_by_hash(token: Deployed) -> None:
    def word(number: int | str) -> bytes:
        return (int(number, 16) if isinstance(number, str) else number).to_bytes(32, "big")

    token.send(HOLDER, "transfer", BOB, 1_000)
    head = keccak256(word(token.evm.chain_id) + word(token.address))
    assert token.get("lock_head") == head
    for index, (account, amount) in enumerate([(ALICE, 5), (BOB, 700), (ALICE, 5)]):
        receipt = token.send(account, "lock", amount)
        assert token.events(receipt) == [("Locked", index, account.address, amount)]
        head = keccak256(head + word(index) + word(account.address) + word(amount))
        assert token.get("lock_head") == head
        assert token.get("lock_count") == index + 1
