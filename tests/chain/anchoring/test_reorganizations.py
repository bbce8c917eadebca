"""Blocks that are replaced by others."""

from __future__ import annotations

from chain.models import Anchor
from chain_sync.anchoring import accept_chain
from tests.chain.anchoring.network import AnchoringNetwork


def test_a_transaction_that_waits_again_is_not_sent_twice(net: AnchoringNetwork) -> None:
    net.run(1)
    net.step()
    net.drop()
    assert net.states() == {1: "mined"}
    net.client("devnet_reorganize", 1, True)
    assert net.last_epoch == 0
    net.becomes_final()
    assert len(net.attempts(epoch=1)) == 1


def test_a_transaction_that_is_lost_is_sent_again(net: AnchoringNetwork) -> None:
    net.run(3)
    assert net.last_epoch == 3
    assert 1 in net.states()
    net.client("devnet_reorganize", 3)
    assert net.last_epoch == 0
    net.step()
    assert net.states() == {}
    net.becomes_final()


def test_a_transaction_that_moves_to_another_block(net: AnchoringNetwork) -> None:
    net.run(1)
    net.step()
    net.drop()
    before = Anchor.objects.get(epoch=1)
    raw = "0x" + bytes(net.attempts(epoch=1)[0].raw).hex()
    net.client("devnet_reorganize", 2, False, [raw])
    net.step()
    after = Anchor.objects.get(epoch=1)
    assert (after.state, after.transaction) == ("mined", before.transaction)
    assert after.block == before.block - 1
    assert after.block_hash != before.block_hash
    net.becomes_final()


def test_final_epochs_that_are_lost_halt_until_a_person_accepts_the_chain(net: AnchoringNetwork) -> None:
    net.becomes_final()
    net.client("devnet_reorganize", 12)
    assert net.last_epoch == 0
    assert net.run(4) == ["deep_reorganization"] * 4
    assert net.last_epoch == 0, "nothing is sent until a person has looked"
    assert net.states() == dict.fromkeys((1, 2, 3), "final")
    # However the chain goes on.
    net.mine(30)
    assert net.step() == "deep_reorganization"
    assert net.status().reorganized_at is not None
    accept_chain()
    net.becomes_final()


def test_a_reorganisation_of_final_blocks_halts_even_when_the_epochs_are_still_there(
    net: AnchoringNetwork,
) -> None:
    net.becomes_final()
    raw = ["0x" + bytes(attempt.raw).hex() for attempt in net.attempts()]
    net.client("devnet_reorganize", 12, False, raw)
    assert net.last_epoch == 3
    assert net.step() == "deep_reorganization"
    accept_chain()
    net.becomes_final()
    assert net.nonce() == 3, "nothing had to be sent again"


def test_a_shallow_reorganisation_after_the_epochs_were_final(net: AnchoringNetwork) -> None:
    net.becomes_final()
    net.client("devnet_reorganize", 3)
    assert net.step() == "done"
    assert net.states() == dict.fromkeys((1, 2, 3), "final")


def test_another_chain_with_the_same_id(net: AnchoringNetwork) -> None:
    net.becomes_final()
    net.line.answers["eth_getBlockByNumber"] = lambda number, full: (
        {**net.client("eth_getBlockByNumber", number, full), "hash": "0x" + "12" * 32}
        if number == "0x0"
        else net.client("eth_getBlockByNumber", number, full)
    )
    assert net.step() == "other_chain"
    accept_chain()
    assert net.step() == "done"
