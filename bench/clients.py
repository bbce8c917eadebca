"""Clients as processes: each repeats one action for some seconds and prints how often it ran.

    python -m bench.clients ACT NUMBER SECONDS

An act is a function in this module's ACTS that gets the number of the client and yields after each operation.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

Act = Callable[[int], Iterator[None]]
SPREAD = 1_000


def run(act: str, clients: int, seconds: float, environment: dict[str, str]) -> float:
    """Return the operations a second of all client processes together; they start at the same moment."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.clients", act, str(number), str(seconds)],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(clients)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    total = 0.0
    for process in processes:
        output, _ = process.communicate()
        assert process.returncode == 0, output
        total += float(output)
    return total


def address(kind: int, number: int) -> str:
    """A wallet or node of the benchmark."""
    return f"0x{kind:02x}{number:038x}"


def _post(number: int) -> Iterator[None]:
    import random
    from datetime import UTC, datetime

    from ledger import accounts
    from ledger.posting import post

    dice = random.Random(number)
    at = datetime.now(UTC)
    while True:
        giver, taker = dice.sample(range(SPREAD), 2)
        moves = {accounts.wallet(address(1, giver)): -1, accounts.wallet(address(1, taker)): 1}
        post(kind="bench", moves=moves, at=at, epoch=1)
        yield


def _delegate(number: int) -> Iterator[None]:
    yield from _in_and_out(number, lambda turn: address(2, (number * 131 + turn) % SPREAD))


def _delegate_hot(number: int) -> Iterator[None]:
    yield from _in_and_out(number, lambda turn: address(2, 0))


def _in_and_out(number: int, choose: Callable[[int], str]) -> Iterator[None]:
    from datetime import UTC, datetime

    from delegation.services.positions import delegate, undelegate

    turn = 0
    while True:
        node, wallet = choose(turn), address(1, (number * 113 + turn) % SPREAD)
        delegate(node=node, amount=2_000_000, wallet=wallet, now=datetime.now(UTC))
        yield
        undelegate(node=node, amount=1_000_000, wallet=wallet, now=datetime.now(UTC))
        yield
        turn += 1


ACTS: dict[str, Act] = {"post": _post, "delegate": _delegate, "delegate_hot": _delegate_hot}


def main() -> None:
    import django

    django.setup()
    act, number, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    operations = ACTS[act](number)
    next(operations)
    print("ready", flush=True)
    sys.stdin.readline()
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        next(operations)
        done += 1
    print(done / (time.perf_counter() - began))


if __name__ == "__main__":
    main()
