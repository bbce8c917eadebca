"""Steps 1 and 15: lock the epoch, and open the next one (S)."""

from __future__ import annotations

from datetime import timedelta

from ledger import accounts
from ledger.selectors import balance
from settlement.state import Settlement
from staking.models import Epoch, Network
from staking.services.early_heartbeats import take_early_heartbeats
from staking.services.epochs import lock_open_epoch, lock_out_writers, parameters_in, parameters_of
from staking.services.hold import require_not_held


class NotDue(Exception):
    """The open epoch has not ended yet."""


class AlreadySettled(Exception):
    """Another worker has settled the epoch."""


class Halted(Exception):
    """The last audit found faults or has not run yet: nothing is settled until an audit finds none (R43)."""


def lock_epoch(settlement: Settlement) -> None:
    """Step 1. Wait for the writers of the open epoch, keep new ones out, and set the epoch to `settling`.

    Raises: AlreadySettled, Halted, Held, NotDue.
    """
    lock_out_writers()
    settlement.epoch = lock_open_epoch()
    if settlement.expected not in (None, settlement.number):
        raise AlreadySettled
    network = Network.objects.get(id=1)
    if network.halted:
        raise Halted
    if settlement.epoch.end > settlement.now:
        raise NotDue
    require_not_held()
    if network.audited < settlement.number - 1:
        raise Halted
    Epoch.objects.filter(number=settlement.number).update(status=Epoch.Status.SETTLING)
    settlement.carry_in = balance(accounts.REWARD_POOL)


def open_next_epoch(settlement: Settlement) -> None:
    """Step 15. Set the epoch to `settled` and open the next one under the parameters then in force.

    Pending stake names the epoch in which it was added, so it is active from now on without being written (R13).
    """
    executed = settlement.executed
    Epoch.objects.filter(number=settlement.number).update(
        status=Epoch.Status.SETTLED,
        settled_at=settlement.now,
        carry_in=settlement.carry_in,
        minted=settlement.minted,
        pool=settlement.pool,
        distributed=settlement.distributed,
        carry=settlement.carry,
        burned=sum(slash.burned for slash in executed),
        honest=sum(slash.honest for slash in executed),
        returned=sum(slash.returned for slash in executed),
        slashed=sum(slash.slashed for slash in executed),
        totals=settlement.totals,
        merkle_root=settlement.merkle_root,
        plan_hash=settlement.plan_hash,
        journal_last=settlement.journal.number,
        journal_hash="0x" + settlement.journal.hash.hex(),
    )
    number = settlement.number + 1
    parameters = parameters_in(number)
    length = timedelta(seconds=parameters_of(parameters.digest).epoch_seconds)
    start = settlement.epoch.end
    Epoch.objects.create(number=number, start=start, end=start + length, parameters=parameters)
    take_early_heartbeats(number)
