"""The receipts and heartbeats that the demo network's oracle sends, one epoch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from inframind.demo import participants
from inframind.demo.participants import Machine
from protocol.addresses import checksum, keccak256
from protocol.signatures import receipt_digest, sign
from protocol.times import unix_ms, write_moment

JOBS = 12
# The epochs that `demo` loads; afterwards the network goes on by the nodes' habits alone.
LOADED_EPOCHS = 60
DEADLINE_MS = 2_000
CLASSES = ("cpu", "public_model", "gpu", "session_model")
# Prices of a node with the average stake, in µIFM: larger nodes get larger jobs, so that what a node earns is in
# proportion to its stake.
AVERAGE_STAKE = 16_000
PRICES = {"cpu": 12_000, "public_model": 20_000, "gpu": 50_000, "session_model": 65_000}


def receipts(
    chain_id: int,
    epoch: int,
    start: datetime,
    seconds: int,
    machines: tuple[int, ...],
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[dict[str, Any]]:
    """Signed receipts of one epoch, spread over it in the order of their times; those in [since, until) alone."""
    jobs = [(job, participants.machine(number)) for job in range(JOBS) for number in machines]
    step = timedelta(seconds=seconds) / len(jobs)
    return [
        _receipt(chain_id, epoch, job, machine, at)
        for place, (job, machine) in enumerate(jobs)
        for at in (start + place * step,)
        if (since is None or since <= at) and (until is None or at < until)
    ]


def heartbeats(
    start: datetime, until: datetime, slot: int, machines: list[Machine], first: int = 0
) -> Iterator[dict[str, Any]]:
    """One heartbeat in each slot in which a node was up, from slot `first`; some nodes are often away."""
    slots = int((until - start).total_seconds()) // slot
    for number in range(first, slots):
        at = write_moment(start + timedelta(seconds=number * slot + slot // 2), timespec="milliseconds")
        for machine in machines:
            if not _away(machine, number):
                yield {"node": checksum(machine.address), "at": at}


def _away(machine: Machine, slot: int) -> bool:
    one_in = {0: 4, 1: 16}.get(machine.number % 23, 97)
    return (slot * 7 + machine.number * 13) % one_in == 0


def _receipt(chain_id: int, epoch: int, job: int, machine: Machine, at: datetime) -> dict[str, Any]:
    dice = keccak256(f"{epoch}/{job}/{machine.number}".encode())
    job_class = CLASSES[dice[0] % (2 if machine.own_stake < 500 else 4)]
    region = participants.REGIONS[(0, 0, 0, 1, 1, 2, 3, 4)[dice[1] % 8]]
    outcome, latency = _fate(epoch, job, machine, dice)
    trace = keccak256(dice)
    body: dict[str, Any] = {
        "job_id": f"demo-{epoch:03}-{machine.number:03}-{job:02}",
        "node": checksum(machine.address),
        "job_class": job_class,
        "region": region,
        "accepted_at": write_moment(at, timespec="milliseconds"),
        "deadline_ms": DEADLINE_MS,
        "latency_ms": latency,
        "outcome": outcome,
        "credits": PRICES[job_class] * participants.intended_stakes()[machine.number] // AVERAGE_STAKE,
        "result_digest": "0x" + dice.hex(),
        "trace_root": "0x" + trace.hex(),
    }
    body["signature"] = "0x" + _signature(chain_id, body, epoch, job, machine, at, dice, trace).hex()
    if job % 6 == 0:
        forged = participants.FORGERS.get(machine.number) == epoch and job == 0
        body["verified_trace_root"] = "0x" + (keccak256(trace) if forged else trace).hex()
    return body


def _fate(epoch: int, job: int, machine: Machine, dice: bytes) -> tuple[str, int]:
    number = machine.number
    latency = machine.latency_ms * (80 + dice[2] % 40) // 100
    low = participants.MARGINAL.get(number) == epoch or epoch in participants.REPEATED.get(number, ())
    if epoch > LOADED_EPOCHS:
        low = number == participants.FAILING
    if low and job % 4 == 0:
        return "timeout", DEADLINE_MS
    if participants.DROPPERS.get(number) == epoch and job == 4:
        return "dropped", latency
    if participants.MISMATCHERS.get(number) == epoch and job < 3:
        return "schema_mismatch", latency
    if int.from_bytes(dice[4:6], "big") % 1000 < machine.faults:
        return "completed", DEADLINE_MS + 400
    if dice[6] == 0:
        return "rejected", 0
    return "completed", latency


def _signature(
    chain_id: int,
    body: dict[str, Any],
    epoch: int,
    job: int,
    machine: Machine,
    at: datetime,
    dice: bytes,
    trace: bytes,
) -> bytes:
    digest = receipt_digest(
        chain_id,
        job_id=body["job_id"],
        node=machine.address,
        job_class=body["job_class"],
        region=body["region"],
        accepted_at=unix_ms(at),
        deadline_ms=body["deadline_ms"],
        latency_ms=body["latency_ms"],
        outcome=body["outcome"],
        credits=body["credits"],
        result_digest=dice,
        trace_root=trace,
    )
    stranger = participants.BAD_SIGNATURES.get(machine.number) == epoch and job == 2
    return sign(digest, participants.key("stranger", machine.number) if stranger else machine.key)


def batches(items: list[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    """The items in their order, at most `size` at a time."""
    return (items[first : first + size] for first in range(0, len(items), size))
