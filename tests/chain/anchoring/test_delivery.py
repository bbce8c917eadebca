"""Transactions that get lost, wait, cost more, or meet others."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from chain.devnet.accounts import FAUCET, ORACLE, OWNER
from chain.fees import GWEI
from chain.models import Anchor, Attempt
from chain_sync import anchors
from tests.chain.anchoring.line import PASS
from tests.chain.anchoring.network import AnchoringNetwork, settle


def test_epochs_are_anchored_in_order_and_once(net: AnchoringNetwork) -> None:
    net.becomes_final()
    assert [attempt.epoch for attempt in net.attempts()] == [1, 2, 3]
    assert net.nonce() == 3
    for anchor, attempt in zip(Anchor.objects.order_by("epoch"), net.attempts(), strict=True):
        receipt = net.client("eth_getTransactionReceipt", attempt.hash)
        assert (anchor.transaction, anchor.block) == (attempt.hash, int(receipt["blockNumber"], 16))
        assert anchor.block_hash == receipt["blockHash"]


def test_an_epoch_is_final_with_the_required_confirmations_and_not_before(net: AnchoringNetwork) -> None:
    net.step()
    net.mine()
    for confirmations in (1, 2, 3):
        net.step()
        assert net.states()[1] == "mined", confirmations
        net.drop()
        net.mine()
    net.step()
    assert net.states()[1] == "final"


def test_an_answer_that_is_lost_after_the_transaction_was_accepted(net: AnchoringNetwork) -> None:
    net.line.lose_answers = True
    assert net.step() == "unreachable"
    net.line.mend()
    net.becomes_final()
    assert len(net.attempts()) == 3


def test_a_node_that_confirms_a_transaction_and_loses_it(net: AnchoringNetwork) -> None:
    net.line.lose_transactions = True
    assert net.step() == "submitted"
    net.mine()
    net.line.mend()
    assert net.step() == "submitted"
    net.mine()
    assert net.last_epoch == 1
    net.becomes_final()
    assert len(net.attempts()) == 3


def test_a_mempool_that_is_emptied(net: AnchoringNetwork) -> None:
    net.step()
    net.drop()
    net.becomes_final()
    assert len(net.attempts()) == 3


@pytest.mark.parametrize(
    ("before", "after", "stored"),
    [("eth_getBalance", "", 0), ("eth_sendRawTransaction", "", 1), ("", "eth_sendRawTransaction", 1)],
    ids=["before it is stored", "before it is broadcast", "after it is broadcast"],
)
def test_a_process_that_is_killed(net: AnchoringNetwork, before: str, after: str, stored: int) -> None:
    net.line.kill_before, net.line.kill_after = before, after
    net.killed_step()
    assert len(net.attempts()) == stored
    net.becomes_final()
    assert len(net.attempts()) == 3


def test_a_transaction_that_became_too_cheap_is_replaced(net: AnchoringNetwork) -> None:
    net.step()
    net.base_fee(30 * GWEI)
    assert net.last_epoch == 0
    net.run(1)
    assert net.last_epoch == 1
    first, second = net.attempts(epoch=1)
    assert first.nonce == second.nonce
    assert second.max_fee * 100 >= first.max_fee * 115
    assert second.tip * 100 >= first.tip * 115
    net.becomes_final()


def test_a_node_that_refuses_a_cheap_transaction_when_it_is_sent_again(net: AnchoringNetwork) -> None:
    """Broadcasting it for ever would loop: it is replaced although the node does not have it."""
    net.line.refuse_cheap = True
    net.step()
    net.drop()
    net.base_fee(30 * GWEI)
    assert net.step() == "submitted"
    first, second = net.attempts(epoch=1)
    assert second.max_fee >= 30 * GWEI > first.max_fee
    net.mine()
    assert net.last_epoch == 1
    net.becomes_final()
    assert len(net.attempts()) == 4


def test_a_cheap_transaction_is_refused_at_once_and_replaced_with_the_next_block(
    net: AnchoringNetwork,
) -> None:
    net.line.refuse_cheap = True
    head = net.client("eth_getBlockByNumber", "latest", False)
    net.base_fee(30 * GWEI)
    # The submitter still sees the cheaper block before.
    net.line.answers["eth_getBlockByNumber"] = lambda number, full: head if number == "latest" else PASS
    assert net.step() == "submitted"
    net.mine()
    assert net.last_epoch == 0
    net.line.answers.clear()
    net.run(2)
    assert net.last_epoch >= 1
    net.becomes_final()


def test_the_first_version_is_mined_after_it_was_replaced(net: AnchoringNetwork) -> None:
    net.step()
    for _ in range(3):
        net.drop()
        net.mine()
    net.step()
    first, _ = net.attempts(epoch=1)
    net.drop()
    net.client("eth_sendRawTransaction", "0x" + bytes(first.raw).hex())
    net.mine()
    net.becomes_final()
    assert Anchor.objects.get(epoch=1).transaction == first.hash


def test_epochs_wait_while_gas_costs_more_than_the_limit(net: AnchoringNetwork) -> None:
    net.base_fee(300 * GWEI)
    assert net.run(3) == ["fee_ceiling"] * 3
    assert (net.last_epoch, net.nonce(), net.attempts()) == (0, 0, [])
    net.base_fee(0)
    net.mine(40)
    net.becomes_final()


def test_a_fee_rises_no_further_than_the_limit(net: AnchoringNetwork) -> None:
    net.configure(max_fee=4 * GWEI)
    net.line.lose_transactions = True
    outcomes = net.run(20)
    assert outcomes[-1] == "fee_ceiling"
    fees = [attempt.max_fee for attempt in net.attempts()]
    assert len(fees) < 8
    assert max(fees) <= 4 * GWEI
    net.line.mend()
    assert net.step() == "fee_ceiling"
    net.mine()
    assert net.last_epoch == 1, "the dearest attempt is still broadcast"
    net.becomes_final()


def test_a_transaction_for_another_epoch_is_kept_alive_at_the_limit(net: AnchoringNetwork) -> None:
    """Its nonce is the next one: nothing else can be mined before it."""
    net.run(2)
    net.step()
    net.configure(max_fee=net.attempts()[-1].max_fee)
    net.drop()
    Attempt.objects.filter(epoch=3).update(epoch=7)
    assert net.step() == "fee_ceiling"
    net.mine()
    assert net.nonce() == 3


def test_two_sites_with_one_key(net: AnchoringNetwork) -> None:
    other = net.other_database()
    for _ in range(8):
        net.step()
        with other:
            net.step()
        net.mine()
    assert [event[0] for event in net.events()] == [1, 2, 3]
    net.becomes_final()
    with other:
        net.becomes_final()


def test_another_oracle_submits_the_epoch_first(net: AnchoringNetwork) -> None:
    net.step()
    net.drop()
    net.act_now(OWNER, "set_oracle", FAUCET.address)
    taken = net.submit(FAUCET, 1)
    net.act_now(OWNER, "set_oracle", ORACLE.address)
    net.becomes_final()
    assert Anchor.objects.get(epoch=1).transaction == taken


def test_an_epoch_that_was_anchored_long_ago_by_others(net: AnchoringNetwork) -> None:
    net.submit(ORACLE, 1)
    seen = net.client.number("eth_blockNumber") + 3
    net.mine(3)
    with patch.object(anchors, "SEARCHED_BLOCKS", 3):
        net.becomes_final()
    anchor = Anchor.objects.get(epoch=1)
    assert (anchor.transaction, anchor.block) == ("", seen)


def test_a_nonce_that_was_used_elsewhere(net: AnchoringNetwork) -> None:
    net.step()
    net.drop()
    net.client.send(ORACLE, nonce=0, value=1)
    net.mine()
    net.becomes_final()
    assert [attempt.nonce for attempt in net.attempts()] == [0, 1, 2, 3]


def test_another_transaction_with_the_nonce_of_the_next_epoch_is_outbid(net: AnchoringNetwork) -> None:
    net.step()
    waiting = net.attempts()[0]
    settle(4, 4)
    # As after a reorganisation: the nonce is that of an attempt for another epoch.
    waiting.epoch = 9
    waiting.save()
    net.step()
    assert net.attempts(epoch=1)[0].max_fee * 100 >= waiting.max_fee * 115
    net.mine()
    assert net.last_epoch == 1
