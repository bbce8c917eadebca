"""The demo network's oracle after the load: sends what its nodes do, tick by tick, through the real ingest.

Every tick sends the receipts and heartbeats of the time since the last one, inside the open epoch. What was sent is
derived from the epoch and the node's number, so a tick that runs twice sends duplicates, which change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache

from inframind.demo import participants, workload
from inframind.demo.participants import Machine
from oracle import heartbeats, receipts
from protocol.addresses import checksum
from staking.models import Node
from staking.services.epochs import OpenEpoch, open_epoch

SENT_UNTIL = "demo:sent_until"
# At most this is sent in one tick, the rest in the next: after a pause or a jump of the clock.
MAX_SLOTS = 60
BATCH = 2_000


def send(*, now: datetime) -> int:
    """Send the work of the demo's nodes up to `now`; return how many items the ingest accepted.

    Does nothing on a network that is not the demo's, and where the open epoch is over or has not begun.
    """
    epoch = open_epoch()
    if epoch is None or not epoch.start <= now < epoch.end:
        return 0
    machines = working_machines()
    if not machines:
        return 0
    slot = timedelta(seconds=epoch.params.heartbeat_slot_seconds)
    since = min(_sent_until(epoch), now)
    until = min(now, since + MAX_SLOTS * slot)
    accepted = sum(
        receipts.ingest(items=batch, now=now).accepted for batch in _receipts(epoch, since, until, machines)
    )
    # The heartbeat of a slot is sent in its middle.
    first = (since + slot / 2 - epoch.start) // slot
    beats = workload.heartbeats(
        epoch.start, until + slot / 2, epoch.params.heartbeat_slot_seconds, machines, first=first
    )
    accepted += sum(
        heartbeats.ingest(items=batch, now=now).accepted for batch in workload.batches(list(beats), BATCH)
    )
    cache.set(SENT_UNTIL, (epoch.number, until), timeout=None)
    return accepted


def working_machines() -> list[Machine]:
    """The nodes of the demo network that still work; none on a network that is not the demo's."""
    machines = {
        participants.machine(number).address: participants.machine(number)
        for number in range(participants.NODES)
    }
    nodes = Node.objects.filter(address__in=machines, banned=False, retired_at=None)
    return [machines[address] for address in nodes.order_by("id").values_list("address", flat=True)]


def _sent_until(epoch: OpenEpoch) -> datetime:
    """The time up to which the open epoch's work was sent; its start when unknown."""
    number, until = cache.get(SENT_UNTIL) or (0, epoch.start)
    return until if number == epoch.number and until >= epoch.start else epoch.start


def _receipts(
    epoch: OpenEpoch, since: datetime, until: datetime, machines: list[Machine]
) -> Iterator[list[dict[str, Any]]]:
    # The times of the jobs are those of all nodes, so that they stay the same when a node stops.
    everyone, seconds = tuple(range(participants.NODES)), epoch.params.epoch_seconds
    items = workload.receipts(
        settings.INFRAMIND_CHAIN_ID, epoch.number, epoch.start, seconds, everyone, since, until
    )
    working = {checksum(machine.address) for machine in machines}
    return workload.batches([item for item in items if item["node"] in working], BATCH)
