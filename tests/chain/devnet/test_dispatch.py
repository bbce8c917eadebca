"""The development node's JSON-RPC: requests, batches, notifications, and input of every wrong form."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.devnet.accounts import FAUCET
from chain.devnet.deployment import TOKEN
from chain.devnet.dispatch import MAX_BATCH
from chain.rpc import RpcRefused
from tests.chain.devnet.client import SOMEBODY, Client, start


@pytest.fixture(scope="module")
def shared() -> Client:
    """A node whose state these tests do not depend on."""
    return start()


def answer(client: Client, request: Any) -> Any:
    body = request if isinstance(request, bytes) else json.dumps(request).encode()
    data = client.dispatcher.answer(body)
    return json.loads(data) if data else None


def code(client: Client, request: Any) -> int:
    return int(answer(client, request)["error"]["code"])


def request(number: Any, method: str = "eth_chainId", *params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


@pytest.mark.parametrize("number", [1, "a", None, 1.5, 0])
def test_an_answer_has_the_id_of_its_request(shared: Client, number: Any) -> None:
    assert answer(shared, request(number)) == {"jsonrpc": "2.0", "id": number, "result": "0x7a69"}


def test_params_may_be_left_out(shared: Client) -> None:
    assert answer(shared, {"jsonrpc": "2.0", "id": 1, "method": "net_version"})["result"] == "31337"


def test_a_batch_is_answered_in_order(shared: Client) -> None:
    batch = [request(1), request(2, "no_such"), request(3, "eth_blockNumber"), 5]
    answers = answer(shared, batch)
    assert [item["id"] for item in answers] == [1, 2, 3, None]
    assert [item.get("error", {}).get("code") for item in answers] == [None, -32601, None, -32600]


def test_notifications_are_not_answered(shared: Client) -> None:
    notification = {"jsonrpc": "2.0", "method": "eth_chainId"}
    assert answer(shared, notification) is None
    assert answer(shared, [notification, notification]) is None
    assert [item["id"] for item in answer(shared, [notification, request(4)])] == [4]


@pytest.mark.parametrize("size", [0, MAX_BATCH + 1])
def test_a_batch_has_a_size(shared: Client, size: int) -> None:
    assert code(shared, [request(1)] * size) == -32600


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"NaN",
        b'{"id": Infinity}',
        b"1" * 5_000,
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'["' + b"]" * 100_000 + b'",' + b"[" * 100_000,
        b'["\\"]' + b"]" * 100_000 + b'",' + b"[" * 100_000,
        ("[" * 100_000).encode("utf-16"),
    ],
    ids=lambda body: str(body[:12]),
)
def test_a_body_that_is_not_json_is_refused(shared: Client, body: bytes) -> None:
    assert code(shared, body) == -32700


@pytest.mark.parametrize(
    "body",
    [
        None,
        5,
        "eth_chainId",
        {},
        {"jsonrpc": "1.0", "id": 1, "method": "eth_chainId"},
        {"jsonrpc": "2.0", "id": 1, "method": 5},
        {"jsonrpc": "2.0", "id": {}, "method": "eth_chainId"},
        {"jsonrpc": "2.0", "id": 1},
    ],
    ids=str,
)
def test_json_that_is_no_request_is_refused(shared: Client, body: Any) -> None:
    assert code(shared, body) == -32600


@pytest.mark.parametrize(
    "method", ["eth_sendTransaction", "eth_sign", "personal_unlockAccount", "__init__", "", "x" * 10_000]
)
def test_unknown_methods_are_named(shared: Client, method: str) -> None:
    error = answer(shared, request(1, method))["error"]
    assert error["code"] == -32601
    assert error["message"] == f"the method {method[:100]} does not exist/is not available"


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("eth_chainId", ["surplus"]),
        ("eth_getBalance", []),
        ("eth_getBalance", ["0x12"]),
        ("eth_getBalance", [SOMEBODY, "newest"]),
        ("eth_getBalance", [SOMEBODY, {}]),
        ("eth_getBalance", [SOMEBODY, {"blockHash": "0x12"}]),
        ("eth_getBalance", [SOMEBODY, {"blockNumber": {"blockNumber": "0x1"}}]),
        ("eth_getBalance", [SOMEBODY, []]),
        ("eth_getBalance", [SOMEBODY, True]),
        ("eth_getBlockByNumber", ["0xg", False]),
        ("eth_getBlockByNumber", ["latest", "yes"]),
        ("eth_getBlockByHash", ["latest", False]),
        ("eth_getStorageAt", [SOMEBODY, "0x" + "1" * 65]),
        ("eth_getTransactionByHash", ["0x1234"]),
        ("eth_sendRawTransaction", ["no hex"]),
        ("eth_sendRawTransaction", ["0x1"]),
        ("eth_sendRawTransaction", [None]),
        ("eth_call", ["0x"]),
        ("eth_call", [{"to": "0x12"}]),
        ("eth_call", [{"to": TOKEN, "data": "0xabc"}]),
        ("eth_call", [{"to": TOKEN, "gas": -1}]),
        ("eth_call", [{"to": TOKEN, "authorizationList": []}]),
        ("eth_call", [{"to": TOKEN}, "latest", {SOMEBODY: {"balance": "0x1"}}]),
        ("eth_getLogs", ["all"]),
        ("eth_getLogs", [{"fromblock": "0x1"}]),
        ("eth_getLogs", [{"address": [TOKEN, 5]}]),
        ("eth_getLogs", [{"topics": "0x12"}]),
        ("eth_getLogs", [{"topics": [None] * 5}]),
        ("eth_getLogs", [{"topics": ["0x12"]}]),
        ("eth_getLogs", [{"topics": [{}]}]),
        ("eth_feeHistory", [0, "latest"]),
        ("eth_feeHistory", [1_025, "latest"]),
        ("eth_feeHistory", [1, "latest", "all"]),
        ("devnet_faucet", [5]),
        ("devnet_reorganize", [1, "yes"]),
        ("devnet_reorganize", [1, True, "0x"]),
        ("evm_setAutomine", [1]),
        ("evm_mine", [-1]),
        ("evm_mine", [1.0]),
    ],
    ids=str,
)
def test_parameters_of_the_wrong_form_are_refused(shared: Client, method: str, params: list[Any]) -> None:
    assert code(shared, request(1, method, *params)) == -32602


@pytest.mark.parametrize(
    ("method", "params", "sentence"),
    [
        ("eth_getBalance", [SOMEBODY, "0xffff"], "header not found"),
        ("eth_getBalance", [SOMEBODY, {"blockHash": "0x" + "ab" * 32}], "header not found"),
        ("eth_call", [{"to": TOKEN}, "0xffff"], "header not found"),
        ("eth_feeHistory", [1, "0xffff"], "header not found"),
        ("evm_mine", [0], "between 1 and 1000 blocks can be mined at once"),
        ("evm_mine", [10**9], "between 1 and 1000 blocks can be mined at once"),
        ("eth_call", [{"from": SOMEBODY, "to": TOKEN, "value": 2**255}], None),
    ],
    ids=str,
)
def test_what_is_not_there_is_refused(
    shared: Client, method: str, params: list[Any], sentence: str | None
) -> None:
    error = answer(shared, request(1, method, *params))["error"]
    assert error["code"] == -32000
    assert sentence is None or error["message"] == sentence


def test_named_params_are_refused(shared: Client) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBalance", "params": {"address": SOMEBODY}}
    assert code(shared, body) == -32602


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**260)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        ["latest", "pending", "earliest", "finalized", "0x", "0x0", "0x1", TOKEN, FAUCET.address]
    )
    | st.binary(max_size=40).map(lambda data: "0x" + data.hex())
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["from", "to", "data", "value", "gas", "blockHash", "blockNumber", "address", "topics"]
            )
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=6,
)


@given(st.data())
def test_no_input_makes_the_node_fail(shared: Client, data: st.DataObject) -> None:
    methods = sorted(shared.dispatcher._methods.keys() - {"evm_mine", "devnet_reorganize"})
    for method in data.draw(st.lists(st.sampled_from(methods), min_size=4, max_size=8)):
        params = data.draw(st.lists(JSON, max_size=3))
        answered = answer(shared, request(1, method, *params))
        assert answered.get("error", {}).get("code") != -32603, (method, params)


def test_the_node_goes_on_after_a_refusal(shared: Client) -> None:
    with pytest.raises(RpcRefused):
        shared("eth_getBalance", "0x12")
    assert shared("eth_chainId") == "0x7a69"
