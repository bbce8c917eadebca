"""The development chain beside the site of `make run`."""

from __future__ import annotations

import json
import os
import signal
import socket
from pathlib import Path
from typing import Any

import psutil
import pytest

from chain.rpc import Rpc, RpcUnreachable
from inframind.environment import load
from inframind.supervisor import development_chain
from inframind.supervisor.development_chain import PORT_DISTANCE, DevelopmentChain, is_wanted
from tests.inframind.supervisor.conftest import processes_of, wait_for


def addresses(data_dir: Path) -> dict[str, Any]:
    path = data_dir / "chain" / "addresses.json"
    return json.loads(path.read_text()) if path.exists() else {}


def answers(data_dir: Path) -> bool:
    try:
        return bool(addresses(data_dir)) and Rpc(addresses(data_dir)["rpc"])("eth_chainId") == "0x7a69"
    except RpcUnreachable:
        return False


def test_it_moves_to_a_free_port_and_is_replaced_when_it_dies(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(development_chain, "MIN_PAUSE_SECONDS", 0.1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        environment = {"INFRAMIND_DATA_DIR": str(data_dir), "PORT": str(port - PORT_DISTANCE)}
        chain = DevelopmentChain(load(environment))
        assert chain.watch(os.environ) is None
        wait_for(lambda: answers(data_dir))
    process = next(one for one in processes_of(data_dir) if "chain.devnet" in one.cmdline())
    assert process.nice() > psutil.Process().nice()
    first = addresses(data_dir)
    assert not first["rpc"].endswith(f":{port}")

    process.send_signal(signal.SIGKILL)
    statuses: list[int | None] = []

    def has_ended() -> bool:
        statuses.append(chain.watch(os.environ))
        return statuses[-1] is not None

    wait_for(has_ended)
    assert statuses[-1] == -signal.SIGKILL
    wait_for(lambda: chain.watch(os.environ) is None and answers(data_dir))
    assert addresses(data_dir) == {**first, "rpc": addresses(data_dir)["rpc"]}
    chain.stop(lambda: False)
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
