"""The files of a fleet: the real one where it is at hand (GENTD26 names its folder), else a small one made up."""

from __future__ import annotations

import os
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from protocol.addresses import checksum
from tests.oracle import machines
from tests.oracle.files import HEARTBEATS, NODES, RECEIPTS, write

ROOT = Path(__file__).resolve().parents[2]
REAL = Path(os.environ.get("GENTD26", ROOT.parent / "shared" / "data" / "gentd26"))
REGIONS = ("eu-west", "us-east", "ap-south")
FLEET = 12


def folder(made_in: Path) -> Path:
    """Return the folder of `nodes`, `day-heartbeats`, `day-receipts` and `history-receipts`, each a `.csv.gz`."""
    return REAL if REAL.is_dir() else _made(made_in)


def _made(where: Path) -> Path:
    dice = random.Random(26)
    fleet = [
        (checksum(machines.address(n)), checksum(f"0x{n % 5 + 1:040x}"), REGIONS[n % 3], f"made {n}")
        for n in range(FLEET)
    ]
    day = datetime(2022, 9, 11, tzinfo=UTC)
    minutes = [
        (node[0], day + timedelta(minutes=m))
        for m in range(70, 1_440, 3)
        for node in fleet
        if dice.random() < 0.8
    ]
    write(where / "nodes.csv.gz", NODES, fleet)
    write(where / "day-heartbeats.csv.gz", HEARTBEATS, [(node, machines.rfc3339(at)) for node, at in minutes])
    write(where / "day-receipts.csv.gz", RECEIPTS, _jobs(dice, fleet, day, 1, 2_000))
    write(
        where / "history-receipts.csv.gz", RECEIPTS, _jobs(dice, fleet, day + timedelta(days=800), 6, 3_000)
    )
    return where


def _jobs(
    dice: random.Random, fleet: list[tuple[str, ...]], day: datetime, days: int, count: int
) -> list[list[object]]:
    step = timedelta(days=days) / (count + 1)
    outcomes = ("completed",) * 30 + ("timeout", "rejected", "dropped", "schema_mismatch")
    return [
        [
            f"made-{day:%Y}-{number:05}", dice.choice(fleet)[0], "gpu", dice.choice(REGIONS),
            machines.rfc3339(day + step * number), 2_000, dice.randrange(200, 2_100), dice.choice(outcomes), 30_000,
        ]
        for number in range(1, count + 1)
    ]  # fmt: skip
