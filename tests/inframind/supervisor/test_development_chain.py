"""The development chain beside the site of `make run`."""

from __future__ import annotations

import json
import signal
import socket
from pathlib import Path
from typing import Any

import psutil
import pytest

from chain.rpc import Rpc, RpcUnreachable
from inframind.environment import load
from inframind.supervisor.development_chain import is_wanted
from tests.inframind.supervisor.conftest import Running, processes_of, wait_for
from tests.inframind.supervisor.test_up import UP, becomes_ready, get, left_over


def chain_process(running: Running) -> psutil.Process | None:
    children = psutil.Process(running.process.pid).children()
    return next((child for child in children if "chain.devnet" in child.cmdline()), None)


def addresses(data_dir: Path) -> dict[str, Any]:
    path = data_dir / "chain" / "addresses.json"
    return json.loads(path.read_text()) if path.exists() else {}


def answers(data_dir: Path) -> bool:
    try:
        return bool(addresses(data_dir)) and Rpc(addresses(data_dir)["rpc"])("eth_chainId") == "0x7a69"
    except RpcUnreachable:
        return False


def test_it_starts_after_the_site_and_is_replaced_when_it_dies(run, data_dir, plain_environment):
    running = run({**plain_environment, "INFRAMIND_CHAIN_EMBEDDED": "on"}, *UP)
    running.says("Ctrl-C stops everything.")
    becomes_ready(running)
    wait_for(lambda: answers(data_dir))
    first = chain_process(running)
    assert first is not None
    assert first.nice() > psutil.Process(running.process.pid).nice()
    contracts = addresses(data_dir)["settlement"], addresses(data_dir)["token"]

    first.send_signal(signal.SIGKILL)
    running.says("The development chain ended by itself (-9) and is started again; the site goes on.")
    assert get(plain_environment, "/readyz")[0] == 200
    wait_for(lambda: chain_process(running) not in (None, first) and answers(data_dir))
    assert (addresses(data_dir)["settlement"], addresses(data_dir)["token"]) == contracts

    running.signal(signal.SIGTERM)
    assert running.ends() == 0, running.said
    assert left_over(data_dir) == []


def test_a_taken_port_moves_it_to_a_free_one(run, data_dir, plain_environment):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        running = run({**plain_environment, "INFRAMIND_CHAIN_EMBEDDED": "on", "PORT": str(port - 545)}, *UP)
        wait_for(lambda: answers(data_dir) or running.process.poll() is not None)
        assert running.process.poll() is None, running.said
        assert not addresses(data_dir)["rpc"].endswith(f":{port}")
        running.signal(signal.SIGTERM)
        assert running.ends() == 0
    assert processes_of(data_dir) == []


SECRETS = {
    "INFRAMIND_NETWORK": "production",
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "INFRAMIND_CHAIN_ID": "4217",
    "INFRAMIND_PROXIES": "1",
    "ALLOWED_HOSTS": "staking.example",
    "DATABASE_URL": "postgres://app:pw@db/inframind",
    "REDIS_URL": "rediss://cache:6379/0",
}
OTHER_CHAIN = {
    "INFRAMIND_CHAIN_RPC": "https://node.example",
    "INFRAMIND_CHAIN_SETTLEMENT": "0x" + "1a" * 20,
}


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, True),
        ({"INFRAMIND_CHAIN_EMBEDDED": "off"}, False),
        (OTHER_CHAIN, False),
        (SECRETS, False),
        ({**SECRETS, **OTHER_CHAIN}, False),
    ],
)
def test_it_is_for_a_devnet_that_names_no_other_chain(environment, wanted):
    assert is_wanted(load(environment)) is wanted
