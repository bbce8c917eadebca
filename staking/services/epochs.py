"""The open epoch and its lock, which every writing service takes first.

Figure: delegate and undelegate, 8 clients
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from json import dumps
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction

from postgres.clock import database_time, require_agreement
from postgres.prepared import Prepared
from protocol.parameters import DEFAULTS, Parameters, apply_changes, from_json, to_json
from protocol.pending import newest_epoch
from staking.models import Epoch, Network, ParameterSet


class EpochRow(NamedTuple):
    """The columns of `staking_lock_epoch`."""

    number: int
    epoch_start: datetime
    epoch_end: datetime
    version: int
    digest: str


# Every request and every operation reads it; to build this query takes the ORM four times as long as to run it.
OPEN = """
SELECT e.number, e.start, e."end", e.parameters_id, v.digest
FROM staking_epoch e JOIN staking_parameterset v ON v.version = e.parameters_id WHERE e.status <> 'settled'
"""
LOCK = Prepared(f"SELECT {', '.join(EpochRow._fields)} FROM staking_lock_epoch()", EpochRow)
# The key of the advisory lock: services take it shared, a settlement exclusively.
EPOCH_LOCK = "hashtext('staking_epoch'), 0"
MICROSECOND = timedelta(microseconds=1)
NO_GENESIS = "this database holds no network yet. Run `manage.py genesis FILE` once (docs/operations.md)."


@dataclass(frozen=True, slots=True)
class EpochParameters:
    """The number of an epoch, the parameters under which it is settled, and its end."""

    number: int
    params: Parameters
    end: datetime

    def newest(self, now: datetime) -> int:
        """Number of the newest epoch that has begun by the clock: stake counts as made in it (R13).

        Later than the open epoch only while settlement is late.
        """
        length = timedelta(seconds=self.params.epoch_seconds)
        return newest_epoch(self.number, (now - self.end) // MICROSECOND, length // MICROSECOND)


@dataclass(frozen=True, slots=True)
class OpenEpoch(EpochParameters):
    """The open epoch with its bounds [start, end) and the version of its parameters."""

    start: datetime
    version: int


def open_epoch() -> OpenEpoch | None:
    """The epoch that is not settled yet, read without a lock; None before the network's first start (R4)."""
    with connection.cursor() as cursor:
        cursor.execute(OPEN)
        row = cursor.fetchone()
    return None if row is None else _open_epoch(EpochRow(*row))


def lock_open_epoch() -> OpenEpoch:
    """Share-lock the open epoch to the end of the transaction, and start the network if it is new (R4).

    Everything written under the lock belongs to this epoch: settlement waits for the writers, they for settlement.
    Raises: ClockSkew when this machine's clock was last seen to differ too much from the database's.
    """
    require_agreement()
    row = LOCK.row()
    if row is None:
        start_network(now=database_time())
        row = LOCK.row()
    assert row is not None
    return _open_epoch(row)


def lock_out_writers() -> None:
    """Wait for everybody who writes in the open epoch, and lock new ones out to the end of the transaction.

    Take it before any other lock of the transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock({EPOCH_LOCK})")


def start_network(*, now: datetime) -> None:
    """Devnet: open epoch 1 at `now` under the first parameters (R4); does nothing on a network that has started.

    INFRAMIND_PARAMETERS overrides the defaults here and nowhere else (interfaces section 2).
    Raises: `parameter_out_of_bounds` when an override is outside the bounds, ImproperlyConfigured in production,
    where `genesis` starts the network.
    """
    if Epoch.objects.exists():
        return
    if settings.INFRAMIND_NETWORK == "production":
        raise ImproperlyConfigured(NO_GENESIS)
    params = apply_changes(DEFAULTS, settings.INFRAMIND_PARAMETERS)
    open_network(kind="devnet", chain_id=settings.INFRAMIND_CHAIN_ID, params=params, start=now, now=now)


def open_network(
    *, kind: str, chain_id: int, params: Parameters, start: datetime, now: datetime, genesis: str = ""
) -> bool:
    """Write what network this database holds, its first parameters and epoch 1; False when it holds one already.

    `start` is cut to whole milliseconds. `genesis`: SHA-256 of the genesis file.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('staking_start'), 0)")
        if Epoch.objects.exists():
            return False
        Network.objects.create(id=1, kind=kind, chain_id=chain_id, genesis=genesis)
        first = store_parameters(version=1, params=params, from_epoch=1, proposal=None, now=now)
        start = start.replace(microsecond=start.microsecond // 1000 * 1000)
        end = start + timedelta(seconds=params.epoch_seconds)
        Epoch.objects.create(number=1, start=start, end=end, parameters=first)
        return True


def store_parameters(
    *, version: int, params: Parameters, from_epoch: int, proposal: int | None, now: datetime
) -> ParameterSet:
    """Save a version of the parameters, in force from the opening of `from_epoch` (section 3)."""
    values = to_json(params)
    return ParameterSet.objects.create(
        version=version,
        from_epoch=from_epoch,
        values=values,
        digest=_digest(values),
        proposal=proposal,
        created_at=now,
    )


@lru_cache(maxsize=256)
def parameters_of(digest: str) -> Parameters:
    """The parameters with this digest, which never change: read once per process."""
    return from_json(ParameterSet.objects.filter(digest=digest).values_list("values", flat=True)[0])


def parameters_in(epoch: int) -> ParameterSet:
    """The version in force at the opening of `epoch`: the newest of those scheduled for it or earlier."""
    return ParameterSet.objects.filter(from_epoch__lte=epoch).latest("version")


def _open_epoch(row: EpochRow) -> OpenEpoch:
    return OpenEpoch(row.number, parameters_of(row.digest), row.epoch_end, row.epoch_start, row.version)


def _digest(values: dict[str, Any]) -> str:
    return sha256(dumps(values, sort_keys=True).encode()).hexdigest()
