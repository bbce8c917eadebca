"""Steps 1, 8 and 11: an epoch is locked, and when all is done it is settled and the next one opens (S)."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection

from ledger import accounts
from ledger.selectors import balance
from settlement.state import Settlement
from staking.models import Epoch, Network
from staking.services.epochs import EPOCH_LOCK, lock_open_epoch, parameters_in, parameters_of


class NotDue(Exception):
    """The open epoch has not ended yet."""


class Halted(Exception):
    """The last audit found faults, or is still to come: nothing is settled until it finds none (R43)."""


def lock_epoch(work: Settlement) -> None:
    """Step 1. Wait for the writers of the open epoch and keep new ones out; mark it `settling`.

    Raises: Halted, NotDue.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock({EPOCH_LOCK})")
    work.epoch = lock_open_epoch()
    network = Network.objects.get(id=1)
    if network.halted:
        raise Halted
    if work.epoch.end > work.now:
        raise NotDue
    if network.audited < work.number - 1:
        raise Halted
    Epoch.objects.filter(number=work.number).update(status=Epoch.Status.SETTLING)
    work.carry_in = balance(accounts.REWARD_POOL)


def open_next_epoch(work: Settlement) -> None:
    """Steps 8 and 11. Close the books of this epoch and open the next under the parameters then in force.

    What was pending names this epoch, so it is active once another one is open (R13): nothing to write.
    """
    executed = work.executed
    Epoch.objects.filter(number=work.number).update(
        status=Epoch.Status.SETTLED,
        settled_at=work.now,
        carry_in=work.carry_in,
        minted=work.minted,
        pool=work.pool,
        distributed=work.distributed,
        carry=work.carry,
        burned=sum(slash.burned for slash in executed),
        honest=sum(slash.honest for slash in executed),
        returned=sum(slash.returned for slash in executed),
        slashed=sum(slash.slashed for slash in executed),
        totals=work.totals,
        merkle_root=work.merkle_root,
        plan_hash=work.plan_hash,
    )
    number = work.number + 1
    chosen = parameters_in(number)
    length = timedelta(seconds=parameters_of(chosen.digest).epoch_seconds)
    Epoch.objects.create(number=number, start=work.epoch.end, end=work.epoch.end + length, parameters=chosen)
