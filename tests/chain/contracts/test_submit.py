"""InfraMindSettlement: anchoring epochs in order, once, and on one history (R52)."""

from __future__ import annotations

import pytest

from protocol.merkle import EMPTY_ROOT
from tests.chain.evm import ACCOUNTS, ALICE, GUARDIAN, MALLORY, ORACLE, OWNER, Account, Deployed, Reverted
from tests.chain.network import EMISSION, NETWORK, NOBODY, Chain, settlement_on

ONE, TWO, THREE = (bytes([number]) * 32 for number in (1, 2, 3))


def node(number: int) -> str:
    return f"0x{number:040x}"


def slashes(count: int, first: int = 1) -> list[tuple[str, int]]:
    return [(node(number), 1_000 * number) for number in range(first, first + count)]


@pytest.fixture
def settlement(chain: Chain) -> Deployed:
    """The settlement contract with one epoch anchored, of root ONE."""
    chain.settlement.send(ORACLE, "submit", 1, EMPTY_ROOT, ONE, EMISSION, [])
    return chain.settlement


def test_a_new_contract_waits_for_the_first_epoch(chain: Chain) -> None:
    settlement = chain.settlement
    assert settlement.get("NETWORK") == NETWORK
    assert settlement.get("FIRST_EPOCH") == 1
    assert settlement.get("DELAY") == 0
    assert settlement.get("last_epoch") == 0
    assert settlement.get("provable_epoch") == 0
    assert settlement.get("emitted") == 0
    assert settlement.get("paused") is False
    assert [settlement.get(role) for role in ("owner", "oracle", "guardian", "pending_owner")] == [
        OWNER.address,
        ORACLE.address,
        GUARDIAN.address,
        NOBODY,
    ]


def test_its_deployment_says_who_has_which_role(chain: Chain) -> None:
    assert chain.settlement.events(chain.settlement.deployment) == [
        ("OwnershipTransferred", NOBODY, OWNER.address),
        ("OracleChanged", ORACLE.address),
        ("GuardianChanged", GUARDIAN.address),
    ]


def test_an_epoch_is_anchored_with_its_root_and_emission(settlement: Deployed) -> None:
    receipt = settlement.send(ORACLE, "submit", 2, ONE, TWO, 7, [])
    assert settlement.events(receipt) == [("EpochSettled", 2, TWO, 7)]
    assert settlement.get("last_epoch") == 2
    assert settlement.get("root_of", 1) == ONE
    assert settlement.get("root_of", 2) == TWO
    assert settlement.get("root_of", 3) == EMPTY_ROOT
    assert settlement.get("emitted") == EMISSION + 7


def test_an_epoch_without_leaves_has_a_root_of_zero(settlement: Deployed) -> None:
    settlement.send(ORACLE, "submit", 2, ONE, EMPTY_ROOT, 0, [])
    settlement.send(ORACLE, "submit", 3, EMPTY_ROOT, THREE, 0, [])
    assert settlement.get("last_epoch") == 3


@pytest.mark.parametrize("sender", [account for account in ACCOUNTS if account is not ORACLE], ids=str)
def test_nobody_but_the_oracle_submits(settlement: Deployed, sender: Account) -> None:
    assert settlement.refusal(sender, "submit", 2, ONE, TWO, 0, []) == "not the oracle"
    assert settlement.refusal(sender, "submit_more", 1, slashes(1)) == "not the oracle"


@pytest.mark.parametrize("epoch", [0, 1, 3, 2**40, 2**255, 2**256 - 1])
def test_only_the_next_epoch_is_accepted(settlement: Deployed, epoch: int) -> None:
    assert settlement.refusal(ORACLE, "submit", epoch, ONE, TWO, 0, []) == "not the next epoch"
    assert settlement.get("last_epoch") == 1


def test_an_epoch_is_not_accepted_twice(settlement: Deployed) -> None:
    assert settlement.refusal(ORACLE, "submit", 1, EMPTY_ROOT, ONE, EMISSION, []) == "not the next epoch"
    assert settlement.get("emitted") == EMISSION


@pytest.mark.parametrize("previous_root", [EMPTY_ROOT, TWO])
def test_another_history_is_refused(settlement: Deployed, previous_root: bytes) -> None:
    assert settlement.refusal(ORACLE, "submit", 2, previous_root, TWO, 0, []) == "another history"


def test_a_first_epoch_follows_no_root(chain: Chain) -> None:
    assert chain.settlement.refusal(ORACLE, "submit", 1, ONE, TWO, 0, []) == "another history"


@pytest.mark.parametrize("emission", [2**63 - EMISSION, 2**63, 2**64, 2**256 - 1])
def test_emissions_beyond_63_bits_in_all_are_refused(settlement: Deployed, emission: int) -> None:
    assert settlement.refusal(ORACLE, "submit", 2, ONE, TWO, emission, []) == "emission too large"
    settlement.send(ORACLE, "submit", 2, ONE, TWO, 2**63 - 1 - EMISSION, [])
    assert settlement.get("emitted") == 2**63 - 1
    assert settlement.get("last_epoch") == 2


@pytest.mark.parametrize("count", [1, 20, 64])
def test_slashes_are_listed_in_events(settlement: Deployed, count: int) -> None:
    receipt = settlement.send(ORACLE, "submit", 2, ONE, TWO, 0, slashes(count))
    slashed = [("Slashed", 2, address, amount) for address, amount in slashes(count)]
    assert settlement.events(receipt) == [("EpochSettled", 2, TWO, 0), *slashed]


def test_more_than_64_slashes_do_not_fit_one_transaction(settlement: Deployed) -> None:
    assert settlement.refusal(ORACLE, "submit", 2, ONE, TWO, 0, slashes(65)) == ""
    assert settlement.get("last_epoch") == 1


@pytest.mark.parametrize(
    "listed",
    [
        [(node(2), 1), (node(1), 1)],
        [(node(2), 1), (node(2), 1)],
        [(node(0), 1)],
        [*slashes(63), (node(63), 1)],
    ],
    ids=["falling", "twice", "zero address", "twice at the end"],
)
def test_slashes_must_rise_by_address(settlement: Deployed, listed: list[tuple[str, int]]) -> None:
    assert settlement.refusal(ORACLE, "submit", 2, ONE, TWO, 0, listed) == "slashes not in order"


def test_a_full_list_is_continued_until_one_is_not_full(settlement: Deployed) -> None:
    settlement.send(ORACLE, "submit", 2, ONE, TWO, 0, slashes(64))
    assert settlement.get("slash_cursor") == node(64)
    settlement.send(ORACLE, "submit_more", 2, slashes(64, first=65))
    assert settlement.get("slash_cursor") == node(128)
    receipt = settlement.send(ORACLE, "submit_more", 2, slashes(1, first=129))
    assert settlement.events(receipt) == [("Slashed", 2, node(129), 129_000)]
    assert settlement.get("slash_cursor") == NOBODY
    assert settlement.refusal(ORACLE, "submit_more", 2, slashes(1, first=130)) == "no list to continue"


def test_a_list_that_was_sent_already_is_refused(settlement: Deployed) -> None:
    settlement.send(ORACLE, "submit", 2, ONE, TWO, 0, slashes(64))
    settlement.send(ORACLE, "submit_more", 2, slashes(64, first=65))
    assert settlement.refusal(ORACLE, "submit_more", 2, slashes(64, first=65)) == "slashes not in order"
    assert settlement.refusal(ORACLE, "submit_more", 2, slashes(1, first=128)) == "slashes not in order"
    assert settlement.refusal(ORACLE, "submit_more", 2, []) == "no slashes"


def test_only_the_latest_epoch_is_continued(settlement: Deployed) -> None:
    settlement.send(ORACLE, "submit", 2, ONE, TWO, 0, slashes(64))
    settlement.send(ORACLE, "submit", 3, TWO, THREE, 0, [])
    assert settlement.get("slash_cursor") == NOBODY
    assert settlement.refusal(ORACLE, "submit_more", 2, slashes(1, first=65)) == "not the latest epoch"
    assert settlement.refusal(ORACLE, "submit_more", 3, slashes(1, first=65)) == "no list to continue"


@pytest.mark.parametrize("count", [0, 1, 63])
def test_a_list_that_was_not_full_is_not_continued(settlement: Deployed, count: int) -> None:
    settlement.send(ORACLE, "submit", 2, ONE, TWO, 0, slashes(count))
    assert settlement.refusal(ORACLE, "submit_more", 2, slashes(1, first=100)) == "no list to continue"


def test_a_new_contract_has_no_list_to_continue(chain: Chain) -> None:
    assert chain.settlement.get("slash_cursor") == NOBODY
    assert chain.settlement.refusal(ORACLE, "submit_more", 0, slashes(1)) == "no list to continue"


def test_a_running_network_can_add_a_contract_later(chain: Chain) -> None:
    settlement = settlement_on(chain.evm, last_epoch=41, last_root=ONE, emitted=5)
    assert settlement.get("FIRST_EPOCH") == 42
    assert settlement.get("root_of", 41) == ONE
    assert settlement.get("provable_epoch") == 41
    assert settlement.refusal(ORACLE, "submit", 42, EMPTY_ROOT, TWO, 1, []) == "another history"
    settlement.send(ORACLE, "submit", 42, ONE, TWO, 1, [])
    assert settlement.get("emitted") == 6
    assert settlement.get("root_of", 40) == EMPTY_ROOT


@pytest.mark.parametrize(
    ("setup", "reason"),
    [
        ({"delay": 30 * 86_400 + 1}, "delay too long"),
        ({"last_epoch": 2**32}, "epoch too large"),
        ({"emitted": 2**63}, "emission too large"),
        ({"last_root": ONE}, "root without epoch"),
    ],
    ids=str,
)
def test_a_contract_that_could_not_work_is_not_deployed(
    chain: Chain, setup: dict[str, int], reason: str
) -> None:
    with pytest.raises(Reverted, match=reason):
        settlement_on(chain.evm, **setup)


def test_a_contract_without_an_owner_is_not_deployed(chain: Chain) -> None:
    with pytest.raises(Reverted, match="no owner"):
        Deployed(
            chain.evm, "InfraMindSettlement", ALICE, NETWORK, NOBODY, ORACLE, GUARDIAN, 0, 0, EMPTY_ROOT, 0
        )


def test_calls_without_meaning_are_refused(settlement: Deployed) -> None:
    for data in (b"", b"\x01", b"\xff\xff\xff\xff", settlement.contract.call("last_epoch")[:3]):
        with pytest.raises(Reverted):
            settlement.evm.send(MALLORY, settlement.address, data)
