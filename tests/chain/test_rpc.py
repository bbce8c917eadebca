"""The JSON-RPC client against nodes that answer well, badly, late and not at all."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from chain.abi import encode, selector
from chain.rpc import Rpc, RpcRefused, RpcUnreachable


class Node:
    """A node that sends back one prepared body to every request, and remembers the requests."""

    def __init__(self) -> None:
        self.body: Any = None
        self.requests: list[dict[str, Any]] = []
        self.silent = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/v2/secret-key"

    def _handler(node: Node) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                node.requests.append(request)
                if node.body is None:
                    node.silent.wait(5)
                    return
                body = node.body
                if isinstance(body, dict):
                    body = json.dumps({"jsonrpc": "2.0", "id": request["id"], **body})
                data = body.encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@pytest.fixture
def node() -> Iterator[Node]:
    node = Node()
    thread = threading.Thread(target=node.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield node
    node.silent.set()
    node.server.shutdown()
    thread.join()
    node.server.server_close()


@pytest.fixture
def rpc(node: Node) -> Iterator[Rpc]:
    with Rpc(node.url, timeout=2) as rpc:
        yield rpc


def test_a_result_is_returned(node: Node, rpc: Rpc) -> None:
    node.body = {"result": {"number": "0x5"}}
    assert rpc("eth_getBlockByNumber", "latest", False) == {"number": "0x5"}
    assert node.requests == [
        {"jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": ["latest", False]}
    ]


def test_null_is_a_result(node: Node, rpc: Rpc) -> None:
    node.body = {"result": None}
    assert rpc("eth_getTransactionReceipt", "0x00") is None


def test_every_request_has_a_number_of_its_own(node: Node, rpc: Rpc) -> None:
    node.body = {"result": "0x1"}
    for _ in range(3):
        rpc("eth_chainId")
    assert [request["id"] for request in node.requests] == [1, 2, 3]


def test_an_error_is_a_refusal_with_its_code(node: Node, rpc: Rpc) -> None:
    node.body = {"error": {"code": -32000, "message": "nonce too low"}}
    with pytest.raises(RpcRefused, match="nonce too low") as refusal:
        rpc("eth_sendRawTransaction", "0x")
    assert refusal.value.code == -32000
    assert refusal.value.reason is None


def test_the_reason_of_a_revert_is_read_from_its_data(node: Node, rpc: Rpc) -> None:
    data = selector("Error(string)") + encode(["string"], ["not the oracle"])
    node.body = {"error": {"code": 3, "message": "execution reverted", "data": "0x" + data.hex()}}
    with pytest.raises(RpcRefused) as refusal:
        rpc("eth_call", {}, "latest")
    assert refusal.value.reason == "not the oracle"


@pytest.mark.parametrize("data", ["0x", "0x08c379a0", "0x08c379a0ff", "zz", None, 5, {"a": 1}])
def test_a_revert_without_a_reason_has_none(node: Node, rpc: Rpc, data: Any) -> None:
    node.body = {"error": {"code": 3, "message": "execution reverted", "data": data}}
    with pytest.raises(RpcRefused) as refusal:
        rpc("eth_call", {}, "latest")
    assert refusal.value.reason is None


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>502 Bad Gateway</html>",
        "[]",
        "null",
        '"0x1"',
        {},
        {"id": 77, "result": "0x1"},
        {"error": {"code": -32603, "message": "internal error"}},
        {"error": {"message": "without a code"}},
        {"error": "a sentence"},
    ],
    ids=str,
)
def test_an_answer_that_says_nothing_is_no_answer(node: Node, rpc: Rpc, body: Any) -> None:
    node.body = body
    with pytest.raises(RpcUnreachable):
        rpc("eth_chainId")


def test_a_silent_node_times_out(node: Node) -> None:
    with Rpc(node.url, timeout=0.1) as rpc, pytest.raises(RpcUnreachable, match="did not answer eth_chainId"):
        rpc("eth_chainId")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://no-such-host.invalid/", "no url", "ftp://x/", ""]
)
def test_a_node_that_is_not_there_is_unreachable(url: str) -> None:
    with Rpc(url, timeout=2) as rpc, pytest.raises(RpcUnreachable):
        rpc("eth_chainId")


def test_no_message_shows_a_providers_key(node: Node) -> None:
    url = node.url.replace("http://", "http://user:password@")
    with Rpc(url, timeout=0.1) as rpc:
        with pytest.raises(RpcUnreachable) as error:
            rpc("eth_chainId")
        assert "secret-key" not in str(error.value)
        assert "password" not in str(error.value)
        assert rpc.host == f"127.0.0.1:{node.server.server_port}"
        assert error.value.__suppress_context__


def test_no_log_shows_a_providers_key(node: Node, rpc: Rpc, caplog: pytest.LogCaptureFixture) -> None:
    node.body = {"result": "0x1"}
    with caplog.at_level("DEBUG", logger=""):
        rpc("eth_chainId")
    assert "secret-key" not in caplog.text
