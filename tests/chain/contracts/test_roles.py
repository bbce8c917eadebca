"""InfraMindSettlement: its owner, guardian and oracle, and the pause."""

from __future__ import annotations

import pytest

from protocol.merkle import EMPTY_ROOT
from tests.chain.evm import (
    ACCOUNTS,
    ALICE,
    BOB,
    GUARDIAN,
    MALLORY,
    ORACLE,
    OWNER,
    Account,
    Deployed,
)
from tests.chain.network import EMISSION, NOBODY, Chain, settlement_on

ROOT = b"\x01" * 32
HOUR = 3_600


@pytest.fixture
def settlement(chain: Chain) -> Deployed:
    return chain.settlement


def submit(settlement: Deployed, root: bytes | None = None) -> None:
    """Anchor the next epoch with a root of its own."""
    last = settlement.get("last_epoch")
    root = root or bytes([last + 1]) * 32
    settlement.send(ORACLE, "submit", last + 1, settlement.get("root_of", last), root, EMISSION, [])


@pytest.mark.parametrize("sender", [GUARDIAN, OWNER], ids=str)
def test_guardian_and_owner_pause(settlement: Deployed, sender: Account) -> None:
    assert settlement.events(settlement.send(sender, "pause")) == [("Paused", sender.address)]
    assert settlement.get("paused") is True
    assert settlement.refusal(ORACLE, "submit", 1, EMPTY_ROOT, ROOT, 0, []) == "paused"
    assert settlement.refusal(ORACLE, "submit_more", 0, [(ALICE.address, 1)]) == "paused"
    assert settlement.refusal(OWNER, "pause") == "paused"


@pytest.mark.parametrize("sender", [a for a in ACCOUNTS if a not in (GUARDIAN, OWNER)], ids=str)
def test_nobody_else_pauses(settlement: Deployed, sender: Account) -> None:
    assert settlement.refusal(sender, "pause") == "not the guardian"


def test_only_the_owner_resumes(settlement: Deployed) -> None:
    settlement.send(GUARDIAN, "pause")
    for sender in ACCOUNTS:
        if sender is not OWNER:
            assert settlement.refusal(sender, "resume") == "not the owner"
    assert settlement.events(settlement.send(OWNER, "resume")) == [("Resumed", OWNER.address)]
    assert settlement.refusal(OWNER, "resume") == "not paused"
    submit(settlement)
    assert settlement.get("last_epoch") == 1


def test_a_pause_keeps_all_state(settlement: Deployed) -> None:
    submit(settlement)
    settlement.send(GUARDIAN, "pause")
    settlement.send(OWNER, "resume")
    assert settlement.get("last_epoch") == 1
    assert settlement.get("emitted") == EMISSION


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("set_oracle", [MALLORY]),
        ("set_guardian", [MALLORY]),
        ("transfer_ownership", [MALLORY]),
        ("revoke", [0, 0]),
    ],
)
def test_only_the_owner_administrates(settlement: Deployed, function: str, arguments: list[object]) -> None:
    for sender in ACCOUNTS:
        if sender is not OWNER:
            assert settlement.refusal(sender, function, *arguments) == "not the owner"


def test_a_new_oracle_replaces_the_old_one(settlement: Deployed) -> None:
    assert settlement.events(settlement.send(OWNER, "set_oracle", ALICE)) == [
        ("OracleChanged", ALICE.address)
    ]
    assert settlement.refusal(ORACLE, "submit", 1, EMPTY_ROOT, ROOT, 0, []) == "not the oracle"
    settlement.send(ALICE, "submit", 1, EMPTY_ROOT, ROOT, 0, [])


def test_without_an_oracle_nobody_submits(settlement: Deployed) -> None:
    settlement.send(OWNER, "set_oracle", NOBODY)
    assert settlement.refusal(ORACLE, "submit", 1, EMPTY_ROOT, ROOT, 0, []) == "not the oracle"


def test_a_new_guardian_replaces_the_old_one(settlement: Deployed) -> None:
    receipt = settlement.send(OWNER, "set_guardian", ALICE)
    assert settlement.events(receipt) == [("GuardianChanged", ALICE.address)]
    assert settlement.refusal(GUARDIAN, "pause") == "not the guardian"
    settlement.send(ALICE, "pause")


def test_ownership_passes_in_two_steps(settlement: Deployed) -> None:
    receipt = settlement.send(OWNER, "transfer_ownership", ALICE)
    assert settlement.events(receipt) == [("OwnershipTransferStarted", OWNER.address, ALICE.address)]
    assert settlement.get("owner") == OWNER.address
    assert settlement.get("pending_owner") == ALICE.address
    assert settlement.refusal(ALICE, "resume") == "not the owner"
    receipt = settlement.send(ALICE, "accept_ownership")
    assert settlement.events(receipt) == [("OwnershipTransferred", OWNER.address, ALICE.address)]
    assert settlement.get("owner") == ALICE.address
    assert settlement.get("pending_owner") == NOBODY
    assert settlement.refusal(OWNER, "set_oracle", OWNER) == "not the owner"
    assert settlement.refusal(ALICE, "accept_ownership") == "not the pending owner"


def test_nobody_accepts_what_was_not_offered_to_them(settlement: Deployed) -> None:
    for sender in ACCOUNTS:
        assert settlement.refusal(sender, "accept_ownership") == "not the pending owner"
    settlement.send(OWNER, "transfer_ownership", ALICE)
    assert settlement.refusal(BOB, "accept_ownership") == "not the pending owner"


@pytest.mark.parametrize("instead", [BOB, NOBODY], ids=["another", "nobody"])
def test_an_offer_can_be_withdrawn(settlement: Deployed, instead: Account | str) -> None:
    settlement.send(OWNER, "transfer_ownership", ALICE)
    settlement.send(OWNER, "transfer_ownership", instead)
    assert settlement.refusal(ALICE, "accept_ownership") == "not the pending owner"


def test_an_epoch_is_provable_when_a_later_one_is_anchored(settlement: Deployed) -> None:
    provable = []
    for _ in range(4):
        submit(settlement)
        provable.append(settlement.get("provable_epoch"))
    assert provable == [0, 1, 2, 3]


def test_an_epoch_is_provable_when_the_delay_after_a_later_one_is_over(chain: Chain) -> None:
    settlement = settlement_on(chain.evm, delay=HOUR)
    submit(settlement)
    chain.evm.advance(24 * HOUR)
    assert settlement.get("provable_epoch") == 0
    submit(settlement)
    chain.evm.advance(HOUR - 60)
    assert settlement.get("provable_epoch") == 0
    chain.evm.advance(60)
    assert settlement.get("provable_epoch") == 1


def test_epochs_in_a_burst_wait_together(chain: Chain) -> None:
    settlement = settlement_on(chain.evm, delay=HOUR)
    submit(settlement)
    chain.evm.advance(2 * HOUR)
    for _ in range(5):
        submit(settlement)
    assert settlement.get("last_epoch") == 6
    chain.evm.advance(HOUR)
    assert settlement.get("provable_epoch") == 1
    submit(settlement)
    assert settlement.get("provable_epoch") == 1
    chain.evm.advance(HOUR)
    assert settlement.get("provable_epoch") == 6


def test_an_oracle_gains_nothing_by_submitting_often(chain: Chain) -> None:
    settlement = settlement_on(chain.evm, delay=HOUR)
    anchored_at: dict[int, int] = {}
    for _ in range(40):
        submit(settlement)
        anchored_at[settlement.get("last_epoch")] = chain.evm.now()
        chain.evm.advance(7 * 60)
        provable = settlement.get("provable_epoch")
        assert provable == 0 or chain.evm.now() >= anchored_at[provable + 1] + HOUR


def test_nothing_becomes_provable_during_a_pause(chain: Chain) -> None:
    settlement = settlement_on(chain.evm, delay=HOUR)
    submit(settlement)
    submit(settlement)
    chain.evm.advance(HOUR)
    submit(settlement)
    settlement.send(GUARDIAN, "pause")
    chain.evm.advance(10 * HOUR)
    assert settlement.get("provable_epoch") == 0
    settlement.send(OWNER, "resume")
    assert settlement.get("provable_epoch") == 0
    chain.evm.advance(HOUR)
    assert settlement.get("provable_epoch") == 2


def test_a_pause_takes_nothing_back_that_was_provable(chain: Chain) -> None:
    settlement = settlement_on(chain.evm, delay=HOUR)
    submit(settlement)
    chain.evm.advance(HOUR)
    submit(settlement)
    chain.evm.advance(HOUR)
    settlement.send(GUARDIAN, "pause")
    assert settlement.get("provable_epoch") == 1
    settlement.send(OWNER, "resume")
    assert settlement.get("provable_epoch") == 1


def test_epochs_that_were_not_provable_can_be_revoked_during_a_pause(settlement: Deployed) -> None:
    for _ in range(3):
        submit(settlement)
    assert settlement.refusal(OWNER, "revoke", 2, 2 * EMISSION) == "not paused"
    settlement.send(GUARDIAN, "pause")
    assert settlement.refusal(OWNER, "revoke", 3, 0) == "nothing to revoke"
    assert settlement.refusal(OWNER, "revoke", 1, 0) == "already provable"
    assert settlement.refusal(OWNER, "revoke", 2, 3 * EMISSION + 1) == "emission too large"
    receipt = settlement.send(OWNER, "revoke", 2, 2 * EMISSION)
    assert settlement.events(receipt) == [("EpochsRevoked", 2, 2 * EMISSION)]
    assert settlement.get("last_epoch") == 2
    assert settlement.get("emitted") == 2 * EMISSION
    assert settlement.get("root_of", 3) == EMPTY_ROOT


def test_another_root_takes_the_place_of_a_revoked_one(settlement: Deployed) -> None:
    submit(settlement)
    submit(settlement, root=b"\xbb" * 32)
    settlement.send(GUARDIAN, "pause")
    settlement.send(OWNER, "revoke", 1, EMISSION)
    settlement.send(OWNER, "set_oracle", ALICE)
    settlement.send(OWNER, "resume")
    settlement.send(ALICE, "submit", 2, b"\x01" * 32, b"\xcc" * 32, 5, [])
    assert settlement.get("root_of", 2) == b"\xcc" * 32
    assert settlement.get("emitted") == EMISSION + 5
    assert settlement.get("provable_epoch") == 1


def test_a_revoked_epoch_never_becomes_provable(chain: Chain) -> None:
    settlement = settlement_on(chain.evm, delay=HOUR)
    for _ in range(2):
        submit(settlement)
        chain.evm.advance(HOUR)
    submit(settlement)
    submit(settlement)
    settlement.send(GUARDIAN, "pause")
    settlement.send(OWNER, "revoke", 1, EMISSION)
    settlement.send(OWNER, "resume")
    chain.evm.advance(2 * HOUR)
    assert settlement.get("provable_epoch") == 1
    assert settlement.get("last_epoch") == 1


def test_a_list_of_slashes_ends_with_its_revoked_epoch(settlement: Deployed) -> None:
    full = [(f"0x{number:040x}", 1) for number in range(1, 65)]
    settlement.send(ORACLE, "submit", 1, EMPTY_ROOT, ROOT, 0, full)
    settlement.send(GUARDIAN, "pause")
    settlement.send(OWNER, "revoke", 0, 0)
    settlement.send(OWNER, "resume")
    settlement.send(ORACLE, "submit", 1, EMPTY_ROOT, ROOT, 0, [])
    assert settlement.refusal(ORACLE, "submit_more", 1, [(f"0x{65:040x}", 1)]) == "no list to continue"
