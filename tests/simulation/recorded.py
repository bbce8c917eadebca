"""A Pair whose operations are written down one line each, so that a run can be repeated from the file."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import Error, connection, transaction
from django.test import override_settings

from inframind.archive_storage import archive_storage
from oracle import receipts
from protocol.addresses import checksum
from protocol.errors import ProtocolError
from retention import plan as retention
from retention.kinds import KINDS
from settlement import epoch as settlement_epoch
from staking.models import Event, Node
from staking.services import hold
from staking.services.rankings import rank
from tests.network import node_address
from tests.oracle import machines
from tests.reference.model import Model
from tests.reference.pair import Pair
from tests.reference.participants import NODES, pair
from tests.simulation import backup

# Settled epochs that stay in the database, and one in how many faults "restored" restores: it takes seconds.
RETENTION_EPOCHS = 2
RESTORES = 8
# What a Pair does for a caller; everything else is derived.
RECORDED = ("act", "wait", "work", "beat", "fake", "change_cap", "retire", "settle", "fault")


class Recorded(Pair):
    """Receipts go through the real intake, signed by the nodes; faults happen between two operations."""

    def __init__(self, parameters: dict[str, Any], model: Model) -> None:
        super().__init__(parameters, model)
        self.log: list[str] = []
        self.jobs = self.restores = 0
        # Removed with this object.
        self.folder = tempfile.TemporaryDirectory(prefix="inframind-archive-", ignore_cleanup_errors=True)
        self.archive = self.folder.name

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        return self._writing(name, value) if name in RECORDED else value

    def _writing(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            self.log.append(json.dumps([name, [self._plain(arg) for arg in args], named]))
            return method(*args, **named)

        return call

    def _plain(self, value: Any) -> Any:
        """Cases by their number, sets as lists."""
        if isinstance(value, set):
            return sorted(value)
        for kind, cases in (("slash", self.model.slashes), ("dispute", self.model.disputes)):
            for number, case in enumerate(cases):
                if case is value:
                    return {kind: number}
        return value

    def _object(self, value: Any) -> Any:
        if isinstance(value, dict):
            ((kind, number),) = value.items()
            return (self.model.slashes if kind == "slash" else self.model.disputes)[number]
        return value

    def replay(self, line: str) -> None:
        """Run the operation of one line of the log."""
        name, args, named = json.loads(line)
        values = [self._object(arg) for arg in args]
        if name == "beat":
            values[1] = set(values[1])
        getattr(self, name)(*values, **named)

    # the oracle

    def work(self, number: int, jobs: int, **more: Any) -> None:
        """Signed receipts in one batch, which the oracle sends twice."""
        made: dict[str, Any] = {"credits": 1_000, "latency": 100, "deadline": 2_000, "outcome": "completed",
                                "proof": "valid", "region": "eu-west", **more}  # fmt: skip
        batch = [self._receipt(number, made) for _ in range(jobs)]
        first = receipts.ingest(items=batch, now=self.net.now)
        again = receipts.ingest(items=batch, now=self.net.now)
        assert (first.accepted, again.accepted, again.duplicates) == (jobs, 0, jobs)
        assert not first.rejected
        good = (
            made["outcome"] == "completed"
            and made["proof"] == "valid"
            and made["latency"] <= made["deadline"]
        )
        self.model.jobs += [{**made, "good": good, "node": node_address(number)} for _ in range(jobs)]

    def _receipt(self, number: int, made: dict[str, Any]) -> dict[str, Any]:
        self.jobs += 1
        fields = {
            "node": checksum(node_address(number)), "job_class": "cpu", "region": made["region"],
            "latency_ms": made["latency"], "deadline_ms": made["deadline"], "outcome": made["outcome"],
            "credits": made["credits"],
        }  # fmt: skip
        receipt = machines.unsigned(f"sim-{self.jobs}", 0, at=self.net.now, **fields)
        if made["proof"] == "missing":
            return receipt
        signer = machines.key(number + (1_000 if made["proof"] == "invalid" else 0))
        receipt["signature"] = "0x" + machines.signature(receipt, signer).hex()
        if made["proof"] == "forged":
            receipt["verified_trace_root"] = "0x" + machines.OTHER.hex()
        return receipt

    # faults

    def fault(self, name: str, value: int = 0) -> None:
        """Something that must change nothing: a crash, a lost connection, an empty cache, a hold, another settler."""
        getattr(self, f"_fault_{name}")(value)
        self.comparison.briefly()

    def _fault_settlement_dies(self, step: int) -> None:
        """The worker is killed after a step of a settlement."""
        steps = settlement_epoch.EPOCH_STEPS

        def die(state: object) -> None:
            raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(settlement_epoch, "EPOCH_STEPS", (*steps[: step % len(steps) + 1], die))
            with pytest.raises(KeyboardInterrupt):
                settlement_epoch.settle_epoch(now=self._end())

    def _fault_connection_lost(self, number: int) -> None:
        """The database goes away after an operation's last statement and before its commit."""
        node = Node.objects.order_by("address")[number % len(NODES)]
        with pytest.raises((Error, ProtocolError)):
            self._stake_and_lose(node.address, 3 + number)
        connection.close()

    def _stake_and_lose(self, node: str, amount: int) -> None:
        with transaction.atomic():
            self._stake(node, amount)
            connection.connection.close()

    def _fault_cache_lost(self, value: int) -> None:
        cache.clear()

    def _fault_hold(self, value: int) -> None:
        """Somebody holds settlement, a worker tries, and it is released."""
        assert hold.hold(reason="simulation", now=self.net.now)
        with pytest.raises(hold.Held):
            settlement_epoch.settle_epoch(now=self._end())
        assert hold.release()

    def _fault_settled_twice(self, value: int) -> None:
        """A second worker comes late for an epoch that is settled."""
        number = self.net.epoch.number
        if number > 1:
            with pytest.raises(settlement_epoch.AlreadySettled):
                settlement_epoch.settle_epoch(now=self._end(), number=number - 1)

    def _fault_ranking(self, value: int) -> None:
        """A ranking in between, which moves no money."""
        rank(now=self.net.now)

    def _fault_archived(self, value: int) -> None:
        """Old receipts, heartbeats, rankings, events and inputs are archived and dropped, as far as they may be."""
        Event.objects.filter(dispatched=False).update(dispatched=True)
        epochs = dict.fromkeys((kind.setting for kind in KINDS), RETENTION_EPOCHS)
        storages = {**settings.STORAGES, "archive": archive_storage(self.archive)}
        with override_settings(STORAGES=storages, INFRAMIND_ARCHIVE=self.archive, **epochs):
            while retention.step(now=self.net.now):
                pass

    def _fault_restored(self, value: int) -> None:
        """The database is lost and restored from a backup of this moment."""
        if value % RESTORES == 0:
            backup.restore(backup.dump())
            self.restores += 1

    def _end(self) -> Any:
        return self.net.epoch.end + timedelta(seconds=1)


FAULTS = tuple(name.removeprefix("_fault_") for name in dir(Recorded) if name.startswith("_fault_"))


def recorded_pair() -> Recorded:
    """The people and nodes of the random runs; each node signs with a key of its own."""
    made = pair(kind=Recorded, proposal_threshold=0, proposal_voting_epochs=1)
    for number in NODES:
        Node.objects.filter(address=node_address(number)).update(signing_key=machines.address(number))
    made.log.clear()
    return made


def save(log: list[str], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(line + "\n" for line in log))
