"""Cost of exits, proofs and replays, compared with the settlement that produced them."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from typing import Any

import psutil
import pytest
from django.db import connection, transaction
from django.test import Client

from bench import fleet
from bench.floors import ratio, rounds
from chain.configuration import ChainConfiguration
from chain.devnet.deployment import SETTLEMENT, TOKEN
from chain.models import Deposit
from chain.node import Node as ChainNode
from chain_sync.mirror import Mirror
from ledger import accounts
from ledger.posting import post
from protocol.addresses import checksum
from settlement.epoch import EPOCH_STEPS, settle_epoch
from settlement.exits import execute_exits
from settlement.state import Settlement
from staking.models import Epoch, Exit, Node
from staking.selectors.replay import replay
from tests.chain.anchoring.line import Line
from tests.chain.anchoring.many_locks import report_locks
from tests.chain.devnet.client import CHAIN_ID, start
from tests.network import Network

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

NODE_COUNT, RECEIPT_COUNT, EXIT_COUNT, ROUNDS = 10_000, 1_000_000, 1_000, 7
IDLE_GATE, EXITS_GATE, REPLAY_GATE, PROOF_GATE_MS = 0.05, 1.10, 2.0, 5.0
PROOFS, DEPOSIT_COUNT, DEPOSITS_GATE, CONFIRMATIONS = 200, 1_000, 10.0, 4
WALLET = "0x" + "a1" * 20
CONFIGURATION = ChainConfiguration(
    rpc_urls=("http://node.example",), chain_id=CHAIN_ID, settlement=SETTLEMENT, token=TOKEN, start_block=0,
    confirmations=CONFIRMATIONS, max_fee=10**11, max_head_age=None,
)  # fmt: skip


def test_exits_cost_little_of_a_settlement(say: Callable[[str], None]) -> None:
    epoch = fleet.open_large_epoch(nodes=NODE_COUNT, receipts=RECEIPT_COUNT)
    fleet.open_rewards(epoch.start)
    idle = median(step / whole for step, whole in (settle(epoch) for _ in range(ROUNDS)))
    say(f"step of exits, none there: {100 * idle:.2f} % of the settlement (gate {100 * IDLE_GATE:.0f} %)")
    exits, none = rounds(ROUNDS, lambda: settle(epoch, exits=EXIT_COUNT)[1], lambda: settle(epoch)[1])
    grown = ratio(exits, none)
    say(f"{EXIT_COUNT:,} exits against none: {grown:.2f} x the time (gate {EXITS_GATE})")
    assert idle <= IDLE_GATE
    assert grown <= EXITS_GATE


def test_replay_and_proofs(say: Callable[[str], None], settings: Any, live_server: Any) -> None:
    epoch = fleet.open_large_epoch(nodes=NODE_COUNT, receipts=RECEIPT_COUNT)
    fleet.open_rewards(epoch.start)
    settled = processor_seconds(lambda: settle_epoch(now=epoch.end))
    replayed = median(processor_seconds(lambda: check(epoch.number)) for _ in range(3))
    say(f"replay of {NODE_COUNT:,} nodes: {replayed:.1f} s of processor time, {replayed / settled:.2f} x its settlement"
        f" (gate {REPLAY_GATE})")  # fmt: skip
    assert replayed <= REPLAY_GATE * settled
    settings.INFRAMIND_RATE_LIMITS = False
    verified = client_seconds("verify", str(epoch.number), "--url", live_server.url)
    say(f"infra verify of {NODE_COUNT:,} nodes, the whole command: {verified:.1f} s of processor time, "
        f"{verified / settled:.2f} x the settlement (gate {REPLAY_GATE})")  # fmt: skip
    assert verified <= REPLAY_GATE * settled
    # The suite compares every answer with the schema.
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if not name.startswith("tests.")]
    nodes = [checksum(node) for node in Node.objects.values_list("address", flat=True)[:PROOFS]]
    paths = ("/healthz", "/api/v1/epochs/1/proof/{}", "/epochs/1/proof/{}/")
    reader = Client()
    floor, proof, page = (
        median(request_seconds(reader, path.format(node)) for node in nodes) for path in paths
    )
    above = 1000 * (proof - floor)
    say(f"a proof: {1000 * proof:.1f} ms of processor time, {above:.1f} above the least that the site answers"
        f" (gate {PROOF_GATE_MS}); its page: {1000 * page:.1f} ms")  # fmt: skip
    assert above <= PROOF_GATE_MS


def test_a_thousand_deposits(say: Callable[[str], None]) -> None:
    network, line = Network(), Line(start())
    line("evm_mine", CONFIRMATIONS)
    report_locks(line, WALLET, DEPOSIT_COUNT)
    mirror = Mirror(CONFIGURATION, ChainNode(line, "node.example"), None)
    spent = processor_seconds(lambda: mirror.run(wall=datetime.now(UTC), now=network.now))
    assert Deposit.objects.count() == DEPOSIT_COUNT
    say(f"{DEPOSIT_COUNT:,} deposits mirrored: {spent:.1f} s of processor time (gate {DEPOSITS_GATE:.0f})")
    assert spent <= DEPOSITS_GATE


def settle(epoch: Epoch, *, exits: int = 0) -> tuple[float, float]:
    """Seconds of the step of exits and of all steps; all of it is rolled back."""
    settlement = Settlement(now=epoch.end)
    whole = step_of_exits = 0.0
    with transaction.atomic():
        if exits:
            request(exits, epoch)
        for step in EPOCH_STEPS:
            began = time.perf_counter()
            step(settlement)
            took = time.perf_counter() - began
            whole += took
            step_of_exits += took if step is execute_exits else 0.0
        assert len(settlement.exits) == exits
        transaction.set_rollback(True)
    return step_of_exits, whole


def request(count: int, epoch: Epoch) -> None:
    """Create exits of 1 IFM, each of a different wallet, as their requests would."""
    amount = 1_000_000
    moves = {accounts.ISSUANCE: -count * amount, accounts.EXITS: count * amount}
    posted = post(kind="bench", moves=moves, at=epoch.start, epoch=epoch.number)
    Exit.objects.bulk_create(
        Exit(
            wallet=f"0x04{number:038d}", amount=amount, epoch=epoch.number, requested_at=epoch.start,
            transaction=posted,
        )
        for number in range(count)
    )  # fmt: skip


def check(number: int) -> None:
    assert replay(number) == []


def client_seconds(*arguments: str) -> float:
    """Processor time of a run of `infra` that found no difference."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "infra", *arguments], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def request_seconds(reader: Client, path: str) -> float:
    return processor_seconds(lambda: reader.get(path))


def processor_seconds(act: Callable[[], object]) -> float:
    """Processor time of this process and of its session's process on the server."""
    connection.ensure_connection()
    server = psutil.Process(connection.connection.info.backend_pid)

    def used() -> float:
        times = server.cpu_times()
        return time.process_time() + times.user + times.system

    before = used()
    act()
    return used() - before
