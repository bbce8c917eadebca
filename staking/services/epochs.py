"""The open epoch and its lock, which every writing service takes first.

Figure: delegate and undelegate, 8 clients
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from json import dumps
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction

from postgres.clock import database_time, require_agreement
from postgres.prepared import Prepared
from protocol.parameters import DEFAULTS, Parameters, apply_changes, from_json, to_json
from staking.models import Epoch, Network, ParameterSet

LOCK = Prepared("SELECT * FROM staking_lock_epoch()")
EPOCH_LOCK = "hashtext('staking_epoch'), 0"
NO_GENESIS = "this database holds no network yet. Run `manage.py genesis FILE` once (docs/operations.md)."


@dataclass(frozen=True, slots=True)
class EpochParameters:
    """The number of the open epoch and the parameters that it is settled under."""

    number: int
    params: Parameters


@dataclass(frozen=True, slots=True)
class OpenEpoch(EpochParameters):
    """The open epoch with its bounds and the version of its parameters."""

    start: datetime
    end: datetime
    version: int


def lock_open_epoch() -> OpenEpoch:
    """Share-lock the open epoch to the end of the transaction, starting the network when it is new (R4).

    What is written under the lock falls whole into this epoch: settlement waits for it, and it for settlement.
    Raises: ClockSkew when this machine's clock was last seen to differ too much from the database's.
    """
    require_agreement()
    row = _locked_row()
    if row is None:
        start_network(now=database_time())
        row = _locked_row()
    assert row is not None
    number, start, end, version, digest = row
    return OpenEpoch(number, parameters_of(digest), start, end, version)


def start_network(*, now: datetime) -> None:
    """Devnet: open epoch 1 at `now` under the first parameters (R4); on a running network nothing happens.

    INFRAMIND_PARAMETERS overrides the defaults here and only here (interfaces section 2).
    Raises: `parameter_out_of_bounds` when an override is not inside the bounds, ImproperlyConfigured in production,
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
    """Keep one version of the parameters, in force from the opening of `from_epoch` (section 3)."""
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
    """The parameters behind a version's digest; content never changes, so it is read once a process."""
    return from_json(ParameterSet.objects.filter(digest=digest).values_list("values", flat=True)[0])


def parameters_in(epoch: int) -> ParameterSet:
    """The version in force at the opening of `epoch`: the newest of those scheduled till then."""
    return ParameterSet.objects.filter(from_epoch__lte=epoch).latest("version")


def _locked_row() -> tuple[int, datetime, datetime, int, str] | None:
    row: tuple[int, datetime, datetime, int, str] | None = LOCK.row()
    return row


def _digest(values: dict[str, Any]) -> str:
    return sha256(dumps(values, sort_keys=True).encode()).hexdigest()
