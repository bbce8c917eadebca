"""Sixty epochs of a small network, in the order in which they would have happened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from inframind.devnet.demo import story, work
from inframind.devnet.demo.cast import Machine
from inframind.epoch import settle_epoch
from staking.protocol.errors import Conflict
from staking.services import clock, heartbeats, receipts
from staking.services.epochs import OpenEpoch
from staking.services.rankings import rank
from staking.settlement.live import open_epoch

EPOCHS = 60
# Before these the oracle heard nobody: a full record of every slot of sixty epochs adds time and nothing to see.
HEARD_EPOCHS = 6
RANKED_EPOCHS = 14
BATCH = 5_000


def build(progress: Callable[[int], None]) -> None:
    """Make the demo network on an empty devnet; `progress` hears how many epochs are done.

    Raises: `conflict` when anything was recorded before.
    """
    wall = clock.now()
    first_day = wall - timedelta(days=EPOCHS)
    if not clock.start_at(first_day):
        raise Conflict("The network has a history already: the demo network needs an empty one.")
    machines = story.begin(clock.now())
    for number in range(1, EPOCHS + 1):
        epoch = _open()
        assert epoch.number == number
        story.act(number, epoch.start + (epoch.end - epoch.start) / 4, machines)
        _work(epoch, machines, epoch.end, heard=number > EPOCHS - HEARD_EPOCHS)
        clock.advance_to(epoch.end)
        settle_epoch(now=epoch.end, number=number)
        if number > EPOCHS - RANKED_EPOCHS:
            rank(now=epoch.end)
        progress(number)
    clock.advance_to(wall)
    epoch = _open()
    story.act(epoch.number, max(wall, epoch.start), machines)
    _work(epoch, machines, wall, heard=True)
    rank(now=clock.now())


def _work(epoch: OpenEpoch, machines: list[Machine], until: datetime, *, heard: bool) -> None:
    """Send the epoch's work up to `until` through the ingest that the oracle uses."""
    seconds = int((until - epoch.start).total_seconds())
    if seconds < epoch.params.heartbeat_slot_seconds:
        return
    batch = list(work.receipts(epoch.number, epoch.start, seconds, machines))
    for first in range(0, len(batch), BATCH):
        receipts.ingest(items=batch[first : first + BATCH], now=until)
    if heard:
        beats = list(work.heartbeats(epoch.start, until, epoch.params.heartbeat_slot_seconds, machines))
        for first in range(0, len(beats), BATCH):
            heartbeats.ingest(items=beats[first : first + BATCH], now=until)


def _open() -> OpenEpoch:
    epoch = open_epoch()
    assert epoch is not None
    return epoch
