"""Load the demo network: sixty epochs, in the order in which they would have happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection

from inframind.demo import actions, workload
from inframind.demo.participants import Machine
from inframind.demo.receipt_signer import Oracle
from oracle import heartbeats, receipts
from protocol.errors import Conflict
from protocol.parameters import DEFAULTS, Parameters, apply_changes
from settlement.epoch import settle_epoch
from staking.services import clock
from staking.services.epochs import OpenEpoch, open_epoch, open_network
from staking.services.rankings import rank, rank_due
from staking.services.unbondings import release_due

EPOCHS = workload.LOADED_EPOCHS
# Emission in proportion to the stakes: half of the nodes pay their delegators between 8 and 20 percent a year.
PARAMETERS = {"emission_per_epoch": "800"}
# Heartbeats are sent in the last epochs only: those of all sixty would take long and show nothing.
HEARD_EPOCHS = 6
RANKED_EPOCHS = 14
BATCH = 5_000


def build(progress: Callable[[int], None]) -> None:
    """Make the demo network on an empty devnet; `progress` is called with the number of settled epochs.

    Raises: `conflict` when anything was recorded before.
    """
    wall = clock.now()
    chain_id = settings.INFRAMIND_CHAIN_ID
    open_network(kind="devnet", chain_id=chain_id, params=parameters(), start=wall, now=wall)
    length = timedelta(seconds=_open().params.epoch_seconds)
    if not clock.start_at(wall - EPOCHS * length):
        raise Conflict("The network has a history already: the demo network needs an empty one.")
    with _commits_that_do_not_wait(), Oracle() as oracle:
        machines = actions.begin(clock.now())
        for number in range(1, EPOCHS + 1):
            _live_through(_open(), machines, oracle)
            progress(number)
        clock.advance_to(wall)
        epoch = _open()
        actions.act(epoch.number, max(wall, epoch.start), machines)
        _work(epoch, machines, oracle, min(wall, epoch.end), heard=True)
    # From here on the network's clock is the wall clock, which went on meanwhile.
    clock.advance_to(datetime.now(UTC))
    # The last commit waits for the disk, and with it for all before it.
    rank_due(now=clock.now())


def parameters() -> Parameters:
    """The demo network's parameters. Raises: the error of a bad value in INFRAMIND_PARAMETERS."""
    return apply_changes(DEFAULTS, {**PARAMETERS, **settings.INFRAMIND_PARAMETERS})


def _live_through(epoch: OpenEpoch, machines: list[Machine], oracle: Oracle) -> None:
    number = epoch.number
    actions.act(number, epoch.start + (epoch.end - epoch.start) / 4, machines)
    _work(epoch, machines, oracle, epoch.end, heard=number > EPOCHS - HEARD_EPOCHS)
    clock.advance_to(epoch.end)
    settle_epoch(now=epoch.end, number=number)
    release_due(now=epoch.end)
    if number > EPOCHS - RANKED_EPOCHS:
        rank(now=epoch.end)


def _work(epoch: OpenEpoch, machines: list[Machine], oracle: Oracle, until: datetime, *, heard: bool) -> None:
    """Send the epoch's work up to `until` through the ingest that the oracle uses."""
    seconds = int((until - epoch.start).total_seconds())
    if seconds < epoch.params.heartbeat_slot_seconds:
        return
    for batch in workload.batches(oracle.receipts(epoch, seconds, machines), BATCH):
        receipts.ingest(items=batch, now=until)
    if heard:
        for batch in workload.batches(oracle.heartbeats(epoch, until, machines), BATCH):
            heartbeats.ingest(items=batch, now=until)


@contextmanager
def _commits_that_do_not_wait() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = 'off'")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET synchronous_commit")


def _open() -> OpenEpoch:
    epoch = open_epoch()
    assert epoch is not None
    return epoch
