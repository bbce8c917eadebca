#!/usr/bin/env python3
"""Runs the tests of the contracts at full length: on py-evm, and on anvil where node and npm are there.

Both must pass, and both must use the same gas. On anvil the submitter delivers epochs, replaces and meets a pause, too.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "@foundry-rs/anvil@1.7.1"
NODE_MODULES = ROOT / ".data" / "anvil"
STEPS = "10000"
# Tests of the submitter that need nothing of the development chain's own.
SUBMITTER = [
    "test_delivery.py::test_epochs_are_anchored_in_order_and_once",
    "test_delivery.py::test_a_transaction_that_became_too_cheap_is_replaced",
    "test_delivery.py::test_a_mempool_that_is_emptied",
    "test_contract.py::test_a_pause_costs_nothing",
    "test_contract.py::test_a_pause_while_a_transaction_is_on_its_way",
    "test_slash_lists.py::test_an_epoch_with_other_slashes_halts_before_it_is_final",
]


def main(arguments: list[str]) -> int:
    status, gas = _test("py-evm", {"CHAIN_WALK_STEPS": STEPS}, arguments)
    if shutil.which("npm") is None:
        print("anvil: skipped, because npm is not installed")
        return status
    anvil = _install()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    node = subprocess.Popen([str(anvil), "--port", str(port), "--silent"])
    try:
        _wait_for(port)
        environment = {"CHAIN_TEST_NODE": f"http://127.0.0.1:{port}"}
        other_status, other_gas = _test("anvil", environment, arguments)
        print("anvil, the submitter:", flush=True)
        names = [f"tests/chain/anchoring/{name}" for name in SUBMITTER]
        command = [sys.executable, "-m", "pytest", "-q", "-m", "", *names]
        other_status |= subprocess.run(
            command, cwd=ROOT, env={**os.environ, **environment}, check=False
        ).returncode
    finally:
        node.terminate()
        node.wait()
    if gas != other_gas:
        print("The two EVMs do not agree on gas:", *sorted(gas ^ other_gas), sep="\n")
        return 1
    return status or other_status


def _test(name: str, environment: dict[str, str], arguments: list[str]) -> tuple[int, set[str]]:
    """The exit status of the tests on an EVM, and the lines of its gas table."""
    print(f"{name}:", flush=True)
    command = [sys.executable, "-m", "pytest", "tests/chain/contracts", "-m", "", "-q", "-s", *arguments]
    run = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "CHAIN_GAS": "1", **environment},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    lines = []
    for line in run.stdout:
        print(line, end="", flush=True)
        lines.append(line)
    return run.wait(), set(re.findall(r"\| .* \|$", "".join(lines), re.MULTILINE))


def _install() -> Path:
    anvil = NODE_MODULES / "node_modules" / ".bin" / "anvil"
    if not anvil.exists():
        NODE_MODULES.mkdir(parents=True, exist_ok=True)
        command = [
            "npm",
            "install",
            "--silent",
            "--no-audit",
            "--no-fund",
            "--prefix",
            str(NODE_MODULES),
            PACKAGE,
        ]
        subprocess.run(command, check=True)
    return anvil


def _wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit("anvil did not start")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
