"""The network clock: the database's clock, on a devnet plus an offset that commands move (interfaces section 2).

Figure: delegate and undelegate, 8 clients
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from postgres.clock import database_time, measure
from postgres.prepared import Prepared
from protocol.errors import Invalid
from staking.models import EarlyHeartbeat, Epoch, Heartbeat, Network, Node, Ranking, Receipt
from staking.services.epochs import lock_open_epoch, lock_out_writers, start_network

MS = timedelta(milliseconds=1)
READ = Prepared("SELECT clock_timestamp(), (SELECT clock_offset_ms FROM staking_network WHERE id = 1)")
# The latest time that the clock can be moved to: later ones could soon no longer be written.
LAST = datetime(3000, 1, 1, tzinfo=UTC)


def now() -> datetime:
    """The time of the network, UTC: the only clock that rules read. One round trip."""
    wall, offset_ms = read_clock()
    return wall + offset_ms * MS


def read_clock() -> tuple[datetime, int]:
    """Return the database's clock and the network's offset from it in ms, and measure this machine's clock."""
    before = datetime.now(UTC)
    row = READ.row()
    assert row is not None
    measure(row[0], since=before)
    return row[0], row[1] or 0


def advance_to(moment: datetime) -> datetime:
    """Devnet: move the clock forward to `moment`, or leave it where it is past that; the network time then."""
    with transaction.atomic():
        network = _locked_network()
        wall, _ = read_clock()
        offset = -(-(moment - wall) // MS)
        if offset > network.clock_offset_ms:
            Network.objects.filter(id=1).update(clock_offset_ms=offset)
            return wall + offset * MS
        return wall + network.clock_offset_ms * MS


def advance_by(seconds: int) -> datetime:
    """Devnet: move the clock forward by whole seconds. Raises: `invalid` below 1 second, or past the year 3000."""
    if seconds <= 0:
        raise Invalid("Give a number of seconds above 0: the clock only moves forward.")
    with transaction.atomic():
        _locked_network()
        most = (LAST - now()) // timedelta(seconds=1)
        if seconds > most:
            raise Invalid(f"Give at most {most} seconds: the clock stops at the year {LAST:%Y}.")
        Network.objects.filter(id=1).update(clock_offset_ms=F("clock_offset_ms") + seconds * 1000)
        return now()


def start_at(moment: datetime) -> bool:
    """Devnet: start an empty network at 00:00 UTC of `moment`'s day; False when it is not empty.

    Empty: epoch 1 is open and no receipt or heartbeat was ever recorded. Nodes that exist count as registered at
    the start, and rankings computed before are deleted.
    """
    with transaction.atomic():
        start_network(now=database_time())
        lock_out_writers()
        _locked_network()
        epoch = lock_open_epoch()
        if epoch.number != 1 or any(model.objects.exists() for model in (Receipt, Heartbeat, EarlyHeartbeat)):
            return False
        start = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        end = start + timedelta(seconds=epoch.params.epoch_seconds)
        Epoch.objects.filter(number=1).update(start=start, end=end)
        Node.objects.update(registered_at=start)
        Ranking.objects.all().delete()
        Network.objects.filter(id=1).update(clock_offset_ms=-(-(start - read_clock()[0]) // MS))
        return True


def _locked_network() -> Network:
    if settings.INFRAMIND_NETWORK == "production":
        raise Invalid("In production the network clock is the wall clock and cannot be moved.")
    if not Network.objects.exists():
        start_network(now=database_time())
    return Network.objects.select_for_update().get(id=1)
