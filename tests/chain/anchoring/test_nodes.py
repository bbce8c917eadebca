"""Nodes that do not answer, lag, have no new blocks, or report wrong data."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from chain.abi import encode
from chain.devnet.deployment import SETTLEMENT
from chain.fees import GWEI
from chain.models import ChainStatus
from chain.rpc import RpcRefused
from tests.chain.anchoring.line import PASS, Killed, Line
from tests.chain.anchoring.network import CONTRACT, AnchoringNetwork, root, settle


def test_a_node_that_is_away_and_comes_back(net: AnchoringNetwork) -> None:
    settle(4, 8)
    net.line.down = True
    assert net.run(3) == ["unreachable"] * 3
    net.line.down = False
    net.becomes_final()
    assert [attempt.epoch for attempt in net.attempts()] == list(range(1, 9))


def test_a_node_that_lags_is_not_believed(net: AnchoringNetwork) -> None:
    settle(4, 6)
    net.run(3)
    old = net.client("eth_getBlockByNumber", "latest", False)
    net.mine(8)
    net.step()
    states, count = net.states(), len(net.attempts())
    net.line.answers["eth_getBlockByNumber"] = lambda number, full: old if number == "latest" else PASS
    assert net.step() == "lagging"
    assert (net.states(), len(net.attempts())) == (states, count)
    net.line.mend()
    net.becomes_final()


def test_a_node_that_lost_the_newest_final_block_lags(net: AnchoringNetwork) -> None:
    net.becomes_final()
    checkpoint = net.status().checkpoint
    assert checkpoint is not None
    net.line.answers["eth_getBlockByNumber"] = lambda number, full: (
        None if number == hex(checkpoint) else PASS
    )
    assert net.step() == "lagging"
    assert net.status().reorganized_at is None


def test_a_chain_without_new_blocks_is_not_used(net: AnchoringNetwork) -> None:
    net.now += timedelta(hours=1)
    assert net.step() == "asleep"
    assert net.attempts() == []
    net.configure(max_head_age=None)
    net.becomes_final()


def test_receipts_that_lie_anchor_nothing(net: AnchoringNetwork) -> None:
    net.line.answers["eth_getTransactionReceipt"] = lambda _: {
        "status": "0x1",
        "blockNumber": "0x1",
        "blockHash": "0x" + "00" * 32,
    }
    net.line.lose_transactions = True
    net.run(4)
    assert net.states() == {}
    net.line.mend()
    net.becomes_final()


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("eth_chainId", None),
        ("eth_chainId", "31337"),
        ("eth_getBlockByNumber", {"number": "0x1"}),
        ("eth_getBlockByNumber", {"number": "0x1", "hash": "0x1", "timestamp": "0xffffffffffffffffff"}),
        ("eth_getBlockByNumber", {"number": hex(1 << 63), "hash": "0x" + "11" * 32, "timestamp": "0x1"}),
        ("eth_getBlockByNumber", None),
        ("eth_getCode", 7),
        ("eth_call", "0x12"),
        ("eth_call", ["0x"]),
        ("eth_getTransactionCount", "x"),
        ("eth_getTransactionCount", hex(1 << 63)),
        ("eth_getBalance", "0x" + "f" * 5_000),
        ("eth_estimateGas", {}),
        ("eth_getTransactionReceipt", "0x"),
        ("eth_getTransactionReceipt", {"status": "0x1", "blockNumber": "0x1", "blockHash": "0x" + "1" * 70}),
        ("eth_getLogs", [{}]),
    ],
)
def test_malformed_answers_are_no_answers(net: AnchoringNetwork, method: str, answer: Any) -> None:
    net.run(1)
    if method == "eth_getLogs":
        net.attempts()[0].delete()
    ChainStatus.objects.update(settlement="")
    net.line.answers[method] = lambda *_: answer
    assert net.step() == "unreachable"
    net.line.mend()
    assert net.step() == "submitted"
    assert net.states() == {1: "mined"}


@pytest.mark.parametrize(
    "method",
    [
        "eth_chainId",
        "eth_getBlockByNumber",
        "eth_call",
        "eth_getTransactionCount",
        "eth_getBalance",
        "eth_getCode",
        "eth_getTransactionReceipt",
        "eth_getTransactionByHash",
    ],
)
@pytest.mark.parametrize(
    ("code", "data"), [(3, None), (-32000, "0x08c379a0" + encode(["string"], ["x"]).hex())]
)
def test_a_method_that_reverts_is_a_problem_of_the_node(
    net: AnchoringNetwork, method: str, code: int, data: str | None
) -> None:
    """Whatever text comes with it: the database cannot store every one."""

    def reverted(*_: Any) -> Any:
        raise RpcRefused(code, "\0 no \ud800" + "x" * 1_000, data)

    net.run(1)
    net.step()
    net.line.answers[method] = reverted
    if method == "eth_call":
        ChainStatus.objects.update(settlement=SETTLEMENT)
    elif method == "eth_getCode":
        ChainStatus.objects.update(settlement="")
    elif method == "eth_getTransactionReceipt":
        net.mine()
    elif method == "eth_getBalance":
        net.drop()
        net.mine(4)
    assert net.step() == "node_error"
    assert len(net.status().problem_data["detail"]) <= 300
    net.line.mend()
    net.becomes_final()


@pytest.mark.parametrize("function", ["last_epoch", "emitted", "provable_epoch", "FIRST_EPOCH"])
def test_a_figure_of_the_contract_that_cannot_be_is_no_answer(net: AnchoringNetwork, function: str) -> None:
    net.becomes_final()
    ChainStatus.objects.update(settlement="")
    call = "0x" + CONTRACT.call(function).hex()
    net.line.answers["eth_call"] = lambda message, block: (
        "0x" + "00" * 23 + "80" + "00" * 8 if message["data"] == call else PASS
    )
    assert net.step() == "unreachable"
    net.line.mend()
    net.becomes_final()


def test_an_error_of_the_node_is_not_taken_for_a_refusal_of_the_contract(net: AnchoringNetwork) -> None:
    def limited(*_: Any) -> Any:
        raise RpcRefused(-32005, "rate limited")

    for method in ("eth_call", "eth_getBalance", "eth_estimateGas"):
        net.line.answers = {method: limited}
        assert net.step() == "node_error"
        assert net.status().problem_data == {"host": "node.example", "detail": "rate limited"}
    assert net.attempts() == []
    net.line.mend()
    net.becomes_final()


def test_a_node_without_a_suggestion_for_tips(net: AnchoringNetwork) -> None:
    def unknown(*_: Any) -> Any:
        raise RpcRefused(-32601, "the method does not exist")

    net.line.answers["eth_maxPriorityFeePerGas"] = unknown
    net.becomes_final()
    assert net.attempts()[0].tip == GWEI


def test_every_epoch_is_anchored_despite_random_faults(net: AnchoringNetwork) -> None:
    dice = random.Random(1)
    settle(4, 8)
    for _ in range(50):
        net.line.mend()
        net.client("devnet_setBaseFeeFloor", "0x0")
        throw = dice.random()
        net.line.down = throw < 0.08
        net.line.lose_transactions = 0.08 <= throw < 0.16
        net.line.lose_answers = 0.16 <= throw < 0.24
        if 0.24 <= throw < 0.30:
            net.client("devnet_setBaseFeeFloor", hex(40 * GWEI))
        if 0.30 <= throw < 0.36:
            place = dice.choice(["kill_before", "kill_after"])
            setattr(net.line, place, dice.choice(["eth_getBalance", "eth_sendRawTransaction"]))
        try:
            net.step()
        except Killed:
            continue
        if throw > 0.9:
            net.client("devnet_reorganize", dice.randrange(1, 4), dice.random() < 0.5)
        else:
            net.mine()
        if 0.5 < throw < 0.54:
            net.drop()
    net.line.mend()
    net.client("devnet_setBaseFeeFloor", "0x0")
    net.becomes_final()


def lying(net: AnchoringNetwork) -> Line:
    """A node that says, at every block, that the first epoch is anchored."""
    line = Line(net.client)
    last_epoch = "0x" + CONTRACT.call("last_epoch").hex()
    first_root = "0x" + CONTRACT.call("root_of", 1).hex()
    lies = {last_epoch: f"0x{1:064x}", first_root: root(1)}
    line.answers["eth_call"] = lambda message, block: (
        lies.get(message["data"], PASS) if message["to"] == SETTLEMENT else PASS
    )
    return line


def test_a_second_node_exposes_one_that_lies_consistently(net: AnchoringNetwork) -> None:
    honest, net.line = net.line, lying(net)
    net.second = honest
    assert "nodes_disagree" in net.run(6)
    assert net.states() == {1: "mined"}
    assert net.status().problem_data["other"] == "second.example"
    net.line = honest
    net.becomes_final()


def test_a_second_node_that_lies_is_exposed_by_the_first(net: AnchoringNetwork) -> None:
    net.second = lying(net)
    net.run(3)
    assert "nodes_disagree" in net.run(4)
    assert net.states()[2] == "mined"
    net.second = Line(net.client)
    net.becomes_final()


def test_two_nodes_that_agree(net: AnchoringNetwork) -> None:
    net.second = Line(net.client)
    net.becomes_final()


@pytest.mark.parametrize("fault", ["down", "behind"])
def test_epochs_are_not_final_while_the_second_node_is_silent_or_behind(
    net: AnchoringNetwork, fault: str
) -> None:
    net.second = Line(net.client)
    net.second.down = fault == "down"
    if fault == "behind":
        net.second.answers["eth_getBlockByNumber"] = lambda *_: None
    outcomes = net.run(8)
    assert outcomes[-1] == "second_node"
    assert net.last_epoch == 3, "submitting goes on"
    assert set(net.states().values()) == {"mined"}
    net.second.mend()
    net.becomes_final()


def test_a_second_node_on_another_branch_is_noticed(net: AnchoringNetwork) -> None:
    net.second = Line(net.client)
    net.second.answers["eth_getBlockByNumber"] = lambda number, full: {
        **net.client("eth_getBlockByNumber", number, full),
        "hash": "0x" + "12" * 32,
    }
    assert "nodes_disagree" in net.run(8)
    assert "final" not in net.states().values()
