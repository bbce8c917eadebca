"""The demo network's oracle: signs receipts one epoch ahead, in a process of its own."""

from __future__ import annotations

import os
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing import get_context
from types import TracebackType
from typing import Any

from django.conf import settings

from inframind.demo import workload
from inframind.demo.participants import Machine
from inframind.supervisor.processes import follow_parent
from staking.services.epochs import OpenEpoch

Items = list[dict[str, Any]]
Wanted = tuple[int, datetime, int, tuple[int, ...]]


@dataclass
class Oracle:
    """Answers with the receipts and heartbeats of an epoch; whole epochs are prepared while others settle."""

    _pool: ProcessPoolExecutor = field(
        # Not forked: a copy of this process would share its connection to the database.
        default_factory=lambda: ProcessPoolExecutor(
            1,
            mp_context=get_context("spawn"),
            initializer=follow_parent,
            initargs=(os.getpid(),),
        )
    )
    _ahead: dict[Wanted, Future[Items]] = field(default_factory=dict)

    def __enter__(self) -> Oracle:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def receipts(self, epoch: OpenEpoch, seconds: int, machines: list[Machine]) -> Items:
        """Signed receipts of the first `seconds` of an epoch."""
        numbers = tuple(machine.number for machine in machines)
        request = self._ask((epoch.number, epoch.start, seconds, numbers))
        self._ask((epoch.number + 1, epoch.end, epoch.params.epoch_seconds, numbers))
        return request.result()

    def heartbeats(self, epoch: OpenEpoch, until: datetime, machines: list[Machine]) -> Items:
        """One heartbeat in each slot up to `until` in which a node was up."""
        return list(workload.heartbeats(epoch.start, until, epoch.params.heartbeat_slot_seconds, machines))

    def _ask(self, wanted: Wanted) -> Future[Items]:
        if wanted not in self._ahead:
            self._ahead[wanted] = self._pool.submit(workload.receipts, settings.INFRAMIND_CHAIN_ID, *wanted)
        return self._ahead[wanted]
