"""The development chain as a process of its own: HTTP, restarts, kills, and starts that cannot work."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from chain import contracts
from chain.devnet.__main__ import main
from chain.devnet.accounts import FAUCET
from chain.devnet.deployment import SETTLEMENT, TOKEN
from chain.rpc import Rpc, RpcRefused, RpcUnreachable
from chain.transactions import Transaction, sign

ROOT = Path(__file__).resolve().parents[3]
SOMEBODY = "0x" + "11" * 20
CPU_SECONDS = 3
MEMORY = 100 << 20


class Process:
    """A development chain on a directory; ends with SIGTERM, or is killed."""

    def __init__(self, data_dir: Path, *arguments: str) -> None:
        self.data_dir = data_dir
        environment = {name: value for name, value in os.environ.items() if not name.startswith("INFRAMIND_")}
        command = [
            sys.executable,
            "-m",
            "chain.devnet",
            "--data-dir",
            str(data_dir),
            "--port",
            "0",
            *arguments,
        ]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def ready(self) -> Process:
        """Wait until the chain answers."""
        assert self.process.stdout is not None
        self.greeting = self.process.stdout.readline()
        assert self.greeting, self.process.communicate()[1]
        self.addresses = json.loads((self.data_dir / "addresses.json").read_text())
        self.url = self.addresses["rpc"]
        self.rpc = Rpc(self.url)
        return self

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        self.process.communicate(timeout=30)
        return self.process.returncode

    def head(self) -> dict[str, Any]:
        block = self.rpc("eth_getBlockByNumber", "latest", False)
        assert isinstance(block, dict)
        return block


def refusal(data_dir: Path, *arguments: str) -> str:
    """The sentence with which a start is given up; it is written to standard error, and the status is 1."""
    try:
        main(["--data-dir", str(data_dir), "--port", "0", *arguments])
    except SystemExit as given_up:
        return str(given_up.code)
    raise AssertionError("it started")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    process = Process(
        tmp_path_factory.mktemp("chain") / "data", "--test-methods", "--block-time", "0.05"
    ).ready()
    yield process
    assert process.end() == 0


CLIENT = httpx.Client(trust_env=False)


def post(process: Process, content: bytes = b"{}", **headers: str) -> httpx.Response:
    return CLIENT.post(process.url, content=content, headers=headers)


CHAIN_ID = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}).encode()


def test_it_starts_with_little_time_and_memory(running: Process) -> None:
    usage = psutil.Process(running.process.pid)
    times = usage.cpu_times()
    assert times.user + times.system < CPU_SECONDS + 1
    assert float(running.greeting.split("(")[1].split()[0]) <= CPU_SECONDS
    assert usage.memory_info().rss <= MEMORY


def test_its_file_says_where_everything_is(running: Process) -> None:
    assert running.addresses["settlement"] == SETTLEMENT
    assert running.addresses["token"] == TOKEN
    assert running.addresses["chain_id"] == 31337 == int(running.rpc("eth_chainId"), 16)
    assert f"http://127.0.0.1:{running.url.rpartition(':')[2]}" == running.url
    assert len(running.rpc("eth_getCode", SETTLEMENT, "latest")) > 1_000


def test_a_transaction_becomes_final(running: Process) -> None:
    sent = running.rpc("devnet_faucet", SOMEBODY, 7)
    receipt = running.rpc("eth_getTransactionReceipt", sent["tokens"])
    deadline = time.monotonic() + 20
    while int(running.rpc("eth_getBlockByNumber", "finalized", False)["number"], 16) < int(
        receipt["blockNumber"], 16
    ):
        assert time.monotonic() < deadline


def test_many_clients_at_once(running: Process) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: post(running, CHAIN_ID).json()["result"], range(200)))
    assert answers == ["0x7a69"] * 200


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:8000",
        "http://127.0.0.1:8000",
        "https://[::1]",
        "chrome-extension://nkbihfbeogaeaoeh",
    ],
)
def test_pages_of_this_machine_and_wallets_may_call(running: Process, origin: str) -> None:
    answer = post(running, CHAIN_ID, origin=origin)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == origin
    wanted = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    preflight = CLIENT.options(running.url, headers={"origin": origin} | wanted)
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-headers"] == "Content-Type"


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://localhost.evil.example",
        "http://evil.example#localhost",
        "",
        "http://1270001",
    ],
)
def test_web_sites_may_not_call(running: Process, origin: str) -> None:
    answer = post(running, CHAIN_ID, origin=origin, **{"content-type": "text/plain"})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers
    assert "result" not in answer.text


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8545", "localhost.evil.example", "0.0.0.0", ""]
)
def test_a_foreign_name_of_this_machine_is_refused(running: Process, host: str) -> None:
    assert post(running, CHAIN_ID, host=host).status_code == 403


def raw(process: Process, *parts: bytes) -> bytes:
    """Send bytes, and return the response up to the end of the connection."""
    with socket.create_connection(
        ("127.0.0.1", int(process.url.rpartition(":")[2])), timeout=10
    ) as connection:
        for part in parts:
            connection.sendall(part)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while piece := connection.recv(65_536):
            received += piece
        return received


def test_requests_of_the_wrong_form_are_refused(running: Process) -> None:
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\n"
    assert b" 413 " in raw(running, head + b"Content-Length: 1048577\r\n\r\n")
    assert b" 411 " in raw(running, head + b"\r\n")
    assert b" 411 " in raw(running, head + b"Content-Length: -1\r\n\r\n")
    assert b" 411 " in raw(running, head + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
    assert b" 405 " in raw(running, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert b" 501 " in raw(running, b"PUT / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert b"HTTP/1.1 200" not in raw(running, head + b"Content-Length: 50\r\n\r\n{")
    assert b" 400 " in raw(running, b"nonsense\r\n\r\n")
    for body in (b"x" * (1 << 20), b"[" * (1 << 20), b'["' + b"]" * (1 << 19) + b'",' + b"[" * (1 << 18)):
        assert post(running, body).json()["error"]["code"] == -32700
    assert running.rpc("eth_chainId") == "0x7a69"


def test_a_connection_serves_several_requests(running: Process) -> None:
    request = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (
        len(CHAIN_ID),
        CHAIN_ID,
    )
    assert raw(running, request * 3).count(b"0x7a69") == 3


def balance(process: Process, account: str) -> int:
    data = "0x" + contracts.load("IFM").call("balanceOf", account).hex()
    return int(process.rpc("eth_call", {"to": TOKEN, "data": data}, "latest"), 16)


def test_nothing_is_lost_when_it_is_killed(tmp_path: Path) -> None:
    process = Process(tmp_path, "--chain-id", "4242", "--block-time", "0.001").ready()
    first, sent = process.addresses, []

    def work() -> None:
        with suppress(RpcUnreachable):
            while True:
                sent.append(process.rpc("devnet_faucet", SOMEBODY, 1)["tokens"])

    # In the middle of work: all that was answered is mined, and the chain goes on.
    with ThreadPoolExecutor() as pool:
        working = pool.submit(work)
        while len(sent) < 5:
            assert not working.done()
        assert process.end(signal.SIGKILL) == -signal.SIGKILL
    assert refusal(tmp_path) == f"The chain in {tmp_path} has the id 4242, not 31337."
    process = Process(tmp_path, "--chain-id", "4242", "--no-automine", "--test-methods").ready()
    assert {**process.addresses, "rpc": None} == {**first, "rpc": None}
    for transaction in sent:
        assert process.rpc("eth_getTransactionReceipt", transaction)["status"] == "0x1"
    assert balance(process, SOMEBODY) in (len(sent), len(sent) + 1)
    process.rpc("devnet_faucet", SOMEBODY, 10**6)
    process.rpc("evm_mine")
    assert balance(process, SOMEBODY) > 10**6

    # With a transaction in the mempool: it is mined after the next start.
    head = process.head()
    nonce = int(process.rpc("eth_getTransactionCount", FAUCET.address, "pending"), 16)
    waiting = sign(Transaction(4242, nonce, 10**9, 10**11, 50_000, SOMEBODY, 1, b""), FAUCET.key)
    process.rpc("eth_sendRawTransaction", "0x" + waiting.raw.hex())
    assert process.end(signal.SIGKILL) == -signal.SIGKILL
    process = Process(tmp_path, "--chain-id", "4242", "--block-time", "0.05").ready()
    assert process.rpc("eth_getBlockByHash", head["hash"], False) == head
    deadline = time.monotonic() + 20
    while process.rpc("eth_getTransactionReceipt", waiting.hash) is None:
        assert time.monotonic() < deadline
    for method in ("evm_mine", "devnet_reorganize", "devnet_dropTransactions", "evm_setAutomine"):
        with pytest.raises(RpcRefused) as error:
            process.rpc(method)
        assert error.value.code == -32601
    assert process.end(signal.SIGINT) == 0


def test_starts_that_cannot_work_say_why(running: Process, tmp_path: Path) -> None:
    directory = running.data_dir
    assert refusal(directory) == f"Another development chain runs on {directory}."
    (tmp_path / "file").write_text("")
    assert "cannot be used: Not a directory" in refusal(tmp_path / "file" / "data")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "chain.sqlite").write_bytes(b"no database at all" * 100)
    assert "holds no chain that can be read" in refusal(tmp_path / "broken")
    port = running.url.rpartition(":")[2]
    sentence = refusal(tmp_path / "port", "--port", port)
    assert sentence == f"Port {port} of 127.0.0.1 cannot be used: Address already in use."
