"""The story of docs/vectors, on the engine and on the plain model side by side."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from oracle.receipts import ingest
from protocol.addresses import checksum
from staking.models import EpochInputs
from staking.selectors.epoch_inputs import receipts_of
from staking.selectors.replay import published
from staking.services.exits import request_exit
from tests.chain.deposits import mirrored
from tests.network import HOUR, node_address, operator, wallet
from tests.oracle import machines
from tests.reference import settlement
from tests.reference.model import Model
from tests.reference.pair import Pair

FOLDER = Path(__file__).parents[2] / "docs" / "vectors"
IFM = 1_000_000
EPOCHS = 7
# The epoch whose receipts are stored too.
SIGNED = 7
RECEIPTS = FOLDER / f"epoch-{SIGNED}.receipts.ndjson"
DAY_SLOTS = 288
FIRST, SECOND, THIRD, FOURTH = (node_address(number) for number in (1, 2, 3, 4))


def story() -> Iterator[tuple[int, Pair]]:
    """Settle one epoch after the other; yields its number and both networks as they are after it."""
    pair = Pair({}, Model())
    for number in (1, 2, 3, 4):
        # Nodes 3 and 4 have one operator; 2 is custodial.
        region = "us-east" if number == 4 else "eu-west"
        pair.node(number, run_by=min(number, 3), custodial=number == 2, region=region)
    for address in [wallet(number) for number in (1, 2, 3)] + [operator(number) for number in (1, 2, 3)]:
        pair.fund(address, 20_000 * IFM)
    for number, act in enumerate((_stake, _work, _offend, _dispute, _vote), 1):
        act(pair)
        pair.settle()
        yield number, pair
    # The model knows nothing of exits: rows are compared from here on, and not what wallets have.
    for number, act in enumerate((_exit, _sign), 6):
        act(pair)
        pair.net.settle()
        settlement.settle(pair.model)
        yield number, pair


def vector_of(number: int) -> tuple[str, dict[str, Any]]:
    """The inputs of a settled epoch as text, and its report: rows, figures and totals, in µIFM."""
    content = gzip.decompress(bytes(EpochInputs.objects.get(epoch=number).content)).decode()
    report = published(number)
    rows = {address: report.rows[address] for address in sorted(report.rows)}
    totals = {name: value for name, value in report.totals.items() if name != "late"}
    return _numbered(content), {"epoch": number, "figures": report.figures, "totals": totals, "rows": rows}


def stored(number: int) -> tuple[str, dict[str, Any]]:
    """The vector of an epoch in docs/vectors."""
    inputs, report = _files(number)
    return inputs.read_text(), json.loads(report.read_text())


def receipts_of_epoch(number: int) -> str:
    """What `GET epochs/N/receipts` publishes, decompressed."""
    return gzip.decompress(b"".join(receipts_of(number))).decode()


def stored_receipts() -> str:
    """The receipts in docs/vectors."""
    return RECEIPTS.read_text()


def write(number: int) -> None:
    """Write the vector of a settled epoch to docs/vectors."""
    (inputs, report), (text, figures) = _files(number), vector_of(number)
    inputs.write_text(text)
    report.write_text(json.dumps(figures, indent=1) + "\n")
    if number == SIGNED:
        RECEIPTS.write_text(receipts_of_epoch(number))


def _files(number: int) -> tuple[Path, Path]:
    return FOLDER / f"epoch-{number}.inputs.ndjson", FOLDER / f"epoch-{number}.report.json"


def _numbered(text: str) -> str:
    """The inputs with slashes and redelegations numbered in their order, whatever ids the database chose."""
    lines = [json.loads(line) for line in text.splitlines()]
    for kind in ("slash", "redelegation"):
        ids = sorted(line["id"] for line in lines if line["type"] == kind)
        places = {id_: place for place, id_ in enumerate(ids, 1)}
        for line in lines:
            if line["type"] == kind:
                line["id"] = places[line["id"]]
            elif line["type"] == "dispute" and kind == "slash":
                line["slash"] = places[line["slash"]]
    return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)


def _stake(pair: Pair) -> None:
    for node, amount in ((FIRST, 2_000), (SECOND, 1_000), (THIRD, 10_000), (FOURTH, 700)):
        pair.act("stake", node, amount * IFM)
    for node, number, amount in ((FIRST, 1, 3_000), (FIRST, 2, 1_000), (SECOND, 2, 4_000), (THIRD, 3, 777)):
        pair.act("delegate", node, wallet(number), amount * IFM)


def _work(pair: Pair) -> None:
    for number, jobs, latency in ((1, 40, 80), (2, 30, 120), (3, 60, 95), (4, 12, 300)):
        pair.work(number, jobs, credits=250_000 + number, latency=latency)
        pair.beat(number, set(range(DAY_SLOTS - 20 * number)))
    pair.work(4, 3, region="ap-south", outcome="timeout")
    pair.work(3, 4, outcome="rejected")


def _offend(pair: Pair) -> None:
    """Node 2 drops a job and signs one wrongly, while stake of it comes and goes; node 4 misses its deadlines."""
    pair.act("delegate", SECOND, wallet(3), 500 * IFM)
    pair.act("undelegate", SECOND, wallet(2), 500 * IFM)
    for number, jobs in ((1, 35), (2, 20), (3, 50)):
        pair.work(number, jobs, credits=300_000, latency=70 + 11 * number)
    pair.work(2, 1, outcome="dropped")
    pair.work(2, 1, proof="invalid")
    pair.work(4, 12, latency=5_000)


def _dispute(pair: Pair) -> None:
    """One slash of node 2 is disputed; delegations move, that of node 2 does not."""
    pair.act("dispute", next(slash for slash in pair.model.slashes if slash.offence == "dropout"))
    pair.act("redelegate", FIRST, THIRD, wallet(1), 1_234 * IFM)
    pair.act("redelegate", SECOND, THIRD, wallet(2), 10 * IFM)
    for number in (1, 3):
        pair.work(number, 25, credits=200_000, latency=90)


def _vote(pair: Pair) -> None:
    for number, choice in ((1, "overturn"), (3, "overturn"), (2, "uphold")):
        pair.act("vote", pair.model.disputes[0], wallet(number), choice)
    pair.work(1, 150, credits=100_000, latency=60)
    pair.work(3, 20, credits=900_000, latency=61)


def _exit(pair: Pair) -> None:
    """A wallet leaves for the chain; rows do not change by it."""
    pair.work(1, 10)
    mirrored(wallet=wallet(1), amount=5_000 * IFM, index=0, now=pair.net.now)
    request_exit(wallet=wallet(1), amount=6_000 * IFM + 1, now=pair.net.now)


def _sign(pair: Pair) -> None:
    """Node 1 signs its receipts and replaces its key after an hour; one is sent late, one signed with the old key."""
    opened, changed = pair.net.now, pair.net.now + HOUR
    pair.net.change(FIRST, signing_key=machines.address(1))
    _receipts(pair, ("first", 1, opened, {}), ("timeout", 1, opened, {"outcome": "timeout"}))
    pair.wait(3_600)
    pair.net.change(FIRST, signing_key=machines.address(2))
    _receipts(
        pair,
        ("late", 2, changed - HOUR / 2, {}),
        ("second", 2, changed, {"latency_ms": 60, "credits": 2**53 + 1}),
        ("old key", 1, changed, {"proof": "invalid"}),
        ("no signature", None, changed, {"proof": "missing"}),
        ("rejected", 2, changed, {"outcome": "rejected"}),
    )


def _receipts(pair: Pair, *jobs: tuple[str, int | None, datetime, dict[str, Any]]) -> None:
    """Send receipts of node 1, each with its job, the machine whose key signs, its time, and what is particular."""
    items = []
    for job, by, at, particular in jobs:
        proof = particular.pop("proof", "valid")
        fields = {"node": checksum(FIRST), "at": at, **particular}
        items.append(
            machines.unsigned(job, **fields) if by is None else machines.signed(job, by=by, **fields)
        )
        made = items[-1]
        pair.model.jobs.append(
            {
                "node": FIRST,
                "proof": proof,
                "credits": made["credits"],
                "latency": made["latency_ms"],
                "deadline": made["deadline_ms"],
                "outcome": made["outcome"],
                "region": made["region"],
                "good": proof == "valid" and made["outcome"] == "completed",
            }
        )
    assert ingest(items=items, now=pair.net.now).accepted == len(items)
