"""Refusals of the contract, and contracts of other networks."""

from __future__ import annotations

import pytest

from chain import contracts
from chain.devnet.accounts import FAUCET, GUARDIAN, ORACLE, OWNER, DevelopmentAccount
from chain.devnet.deployment import SETTLEMENT, TOKEN
from chain.models import Anchor, Attempt, ChainStatus
from protocol.signatures import address_of_private_key
from tests.chain.anchoring.line import PASS
from tests.chain.anchoring.network import AnchoringNetwork, root, settle, slash


def test_a_pause_costs_nothing(net: AnchoringNetwork) -> None:
    net.act_now(GUARDIAN, "pause")
    assert net.run(3) == ["paused"] * 3
    assert (net.nonce(), net.attempts()) == (0, [])
    net.act_now(OWNER, "resume")
    net.becomes_final()


def test_a_pause_while_a_transaction_is_on_its_way(net: AnchoringNetwork) -> None:
    net.step()
    raw = "0x" + bytes(net.attempts()[0].raw).hex()
    net.drop()
    net.act_now(GUARDIAN, "pause")
    net.client("eth_sendRawTransaction", raw)
    net.mine()
    assert (net.last_epoch, net.nonce()) == (0, 1)
    assert net.step() == "paused"
    net.act_now(OWNER, "resume")
    net.becomes_final()
    assert [attempt.nonce for attempt in net.attempts(epoch=1)] == [0, 1]


def test_epochs_become_final_during_a_pause(net: AnchoringNetwork) -> None:
    net.run(1)
    net.drop()
    net.act_now(GUARDIAN, "pause")
    net.mine(4)
    assert net.step() == "paused"
    assert net.states() == {1: "final"}


def test_an_account_that_is_not_the_oracle_any_more(net: AnchoringNetwork) -> None:
    net.act_now(OWNER, "set_oracle", FAUCET.address)
    assert net.run(2) == ["not_oracle"] * 2
    assert net.status().problem_data == {"oracle": FAUCET.address, "account": ORACLE.address}
    assert net.nonce() == 0
    net.act_now(OWNER, "set_oracle", ORACLE.address)
    net.becomes_final()


def test_a_node_of_another_chain(net: AnchoringNetwork) -> None:
    net.line.answers["eth_chainId"] = lambda: "0x1"
    assert net.step() == "wrong_chain"
    assert net.status().problem_data == {"host": "node.example", "chain_id": 1, "expected": 31337}
    net.line.mend()
    net.becomes_final()


def test_an_address_without_a_contract(net: AnchoringNetwork) -> None:
    net.configure(settlement="0x" + "11" * 20)
    assert net.step() == "no_contract"
    net.configure(settlement=SETTLEMENT)
    net.becomes_final()


def test_a_contract_that_is_something_else(net: AnchoringNetwork) -> None:
    net.configure(settlement=TOKEN)
    assert net.step() == "foreign_contract"


def test_the_contract_of_another_network(net: AnchoringNetwork) -> None:
    roles = (OWNER.address, ORACLE.address, GUARDIAN.address)
    network = b"another network".ljust(32, b"\0")
    deployment = contracts.load("InfraMindSettlement").deployment(network, *roles, 0, 0, bytes(32), 0)
    transaction = net.client.send(FAUCET, None, deployment, gas=3_000_000)
    net.mine()
    receipt = net.client("eth_getTransactionReceipt", transaction)
    net.configure(settlement=receipt["contractAddress"])
    assert net.step() == "foreign_contract"
    assert net.nonce() == 0


def test_a_database_with_another_history(net: AnchoringNetwork) -> None:
    net.submit(ORACLE, 1, merkle_root="0x" + "99" * 32)
    assert net.run(2) == ["another_history"] * 2
    assert net.status().problem_data == {"epoch": 1}
    assert (net.last_epoch, net.nonce()) == (1, 1)


def test_an_earlier_epoch_with_another_root_is_noticed_before_it_is_final(net: AnchoringNetwork) -> None:
    net.submit(ORACLE, 1, merkle_root="0x" + "99" * 32)
    net.submit(ORACLE, 2, previous="0x" + "99" * 32)
    net.mine(3)
    assert net.step() == "another_history"
    assert net.states() == {1: "mined", 2: "mined"}


def test_a_database_that_is_behind_the_contract(net: AnchoringNetwork) -> None:
    for number in (1, 2, 3, 4):
        net.submit(ORACLE, number)
    assert net.step() == "ahead"
    assert net.status().problem_data == {"epoch": 4}
    settle(4, 5)
    net.becomes_final()


def test_a_restored_backup_goes_on(net: AnchoringNetwork) -> None:
    net.becomes_final()
    for model in (Attempt, Anchor, ChainStatus):
        model.objects.all().delete()
    settle(4, 5)
    net.becomes_final()
    assert [attempt.epoch for attempt in net.attempts()] == [4, 5]


def test_an_account_without_funds(net: AnchoringNetwork) -> None:
    poor = DevelopmentAccount(b"\x07" * 32, address_of_private_key(b"\x07" * 32))
    net.act_now(OWNER, "set_oracle", poor.address)
    net.key = poor.key
    assert net.run(2) == ["no_funds"] * 2
    assert net.status().problem_data["balance"] == 0
    assert net.attempts() == []
    net.client.send(FAUCET, poor.address, value=10**18)
    net.mine()
    net.becomes_final()


def test_an_epoch_without_leaves(net: AnchoringNetwork) -> None:
    settle(4, 5, roots={4: "0x" + "00" * 32})
    net.becomes_final()
    assert net.get("root_of", 4) == bytes(32)


def test_epochs_that_the_owner_revokes_are_submitted_again(net: AnchoringNetwork) -> None:
    net.becomes_final()
    net.act_now(GUARDIAN, "pause")
    net.act_now(OWNER, "revoke", 2, 0)
    assert net.step() == "paused"
    assert net.states() == {1: "final", 2: "final"}
    net.act_now(OWNER, "resume")
    net.run(6)
    assert net.states() == dict.fromkeys((1, 2, 3), "final")
    assert [event[0] for event in net.events()] == [1, 2, 3, 3]
    assert Anchor.objects.get(epoch=3).transaction == net.attempts(epoch=3)[1].hash


def test_an_epoch_that_another_oracle_submitted_after_a_revocation_names_its_transaction(
    net: AnchoringNetwork,
) -> None:
    net.becomes_final()
    net.act_now(GUARDIAN, "pause")
    net.act_now(OWNER, "revoke", 2, 0)
    net.act_now(OWNER, "resume")
    Anchor.objects.filter(epoch=3).delete()
    net.act_now(OWNER, "set_oracle", FAUCET.address)
    transaction = net.submit(FAUCET, 3)
    net.step()
    anchor = Anchor.objects.get(epoch=3)
    assert (anchor.transaction, anchor.block) == (transaction, net.client.number("eth_blockNumber"))


@pytest.mark.parametrize("count", [1, 64, 65, 130])
def test_slashes_go_along_by_rising_address(net: AnchoringNetwork, count: int) -> None:
    slashes = slash(2, count)
    net.becomes_final()
    assert [(node, amount) for _, node, amount in net.events("Slashed")] == slashes
    assert {epoch for epoch, _, _ in net.events("Slashed")} == {2}
    assert [attempt.part for attempt in net.attempts(epoch=2)] == [0, *range(64 - count, 0, 64)]


def test_an_epoch_is_not_final_before_all_its_slashes_are(net: AnchoringNetwork) -> None:
    slash(1, 65)
    net.run(1)
    net.line.lose_transactions = True
    net.run(4)
    assert net.states() == {1: "mined"}
    net.line.mend()
    net.becomes_final()


def test_a_refusal_that_nothing_explains_is_repeated_in_the_contracts_words(net: AnchoringNetwork) -> None:
    net.line.answers["eth_call"] = lambda message, block: (
        net.client("eth_call", {**message, "from": FAUCET.address}, block) if "from" in message else PASS
    )
    assert net.step() == "refused"
    assert net.status().problem_data == {"epoch": 1, "reason": "not the oracle"}
    assert net.attempts() == []
    net.line.mend()
    net.becomes_final()


def test_a_site_without_a_key_follows_what_another_one_submits(net: AnchoringNetwork) -> None:
    net.key = b""
    assert net.step() == "no_key"
    previous = "0x" + "00" * 32
    for number in (1, 2, 3):
        net.submit(ORACLE, number, previous=previous)
        previous = root(number)
    net.becomes_final()
    assert net.attempts() == []


def test_a_network_that_is_given_a_chain_later_begins_after_its_last_epoch(net: AnchoringNetwork) -> None:
    roles = (OWNER.address, ORACLE.address, GUARDIAN.address)
    network = b"inframind-devnet".ljust(32, b"\0")
    arguments = (network, *roles, 0, 2, bytes.fromhex(root(2)[2:]), 7)
    deployment = contracts.load("InfraMindSettlement").deployment(*arguments)
    transaction = net.client.send(FAUCET, None, deployment, gas=3_000_000)
    net.mine()
    net.configure(settlement=net.client("eth_getTransactionReceipt", transaction)["contractAddress"])
    net.run(6)
    assert net.states() == {3: "final"}
    assert (net.status().first_epoch, net.status().last_epoch) == (3, 3)
