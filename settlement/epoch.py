"""The settlement of an epoch: the steps in their order.

All steps run in one database transaction. An epoch is settled exactly once, however often and by however many workers
it is attempted, and after a crash either completely or not at all (S).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import structlog
from django.db import connection, transaction
from django.db.models.functions import Now

from settlement.audit import audit
from settlement.epoch_lifecycle import AlreadySettled, Halted, NotDue, lock_epoch, open_next_epoch
from settlement.exits import execute_exits
from settlement.measurement import measure_performance, read_nodes
from settlement.redelegations import execute_redelegations
from settlement.refunds import refund_pending_delegations
from settlement.report import write_report
from settlement.reputation import update_reputation
from settlement.rewards import distribute_rewards
from settlement.slashes import create_slashes, detect_offences, execute_slashes
from settlement.state import Settlement
from settlement.votes import close_proposals, count_dispute_votes
from staking.models import Network
from staking.services.epochs import open_epoch

EPOCH_STEPS: tuple[Callable[[Settlement], None], ...] = (
    lock_epoch,  # 1   wait for writers, set `settling`
    read_nodes,  # 2   every node with its pool and accumulators
    measure_performance,  # 3   SLA, uptime, latency, scarcity, Q
    distribute_rewards,  # 4   weights, pool, rewards, splits
    detect_offences,  # 5   the offences of every node
    refund_pending_delegations,  # 6   return delegations made in the epoch of an offence
    create_slashes,  # 7   bases, windows, cooldowns and bans
    count_dispute_votes,  # 8   outcomes of the votes that end with the epoch
    execute_slashes,  # 9   those due, undisputed or upheld
    close_proposals,  # 10  count votes, execute what is due
    execute_redelegations,  # 11  from pool to pool
    update_reputation,  # 12  ranking penalty, reputation
    execute_exits,  # 13  tokens to custody, sums that the tree proves
    write_report,  # 14  rows, totals, Merkle root
    open_next_epoch,  # 15  set `settled`, activate pending stake, open the next epoch
)

AUDIT_LOCK = "hashtext('inframind_audit'), 0"

log = structlog.get_logger(__name__)


def settle_epoch(*, now: datetime, number: int | None = None) -> Settlement:
    """Settle the open epoch, which must have ended by `now` (network time), and audit the books after it.

    `number`: the epoch to settle, None for whichever is open. Raises: AlreadySettled, NotDue, Halted, Held.
    """
    settlement = Settlement(now=now, expected=number)
    with transaction.atomic():
        for step in EPOCH_STEPS:
            step(settlement)
    log.info(
        "epoch settled",
        epoch=settlement.number,
        distributed=settlement.distributed,
        carry=settlement.carry,
    )
    _audit_books()
    return settlement


def settle_due(*, now: datetime, until: int | None = None) -> Iterator[Settlement]:
    """Settle every epoch that has ended, oldest first, each in its own transaction (R43).

    `until`: the last epoch to settle. Raises: Halted, Held.
    """
    while (epoch := open_epoch()) is not None and (until is None or epoch.number <= until):
        try:
            yield settle_epoch(now=now, number=epoch.number)
        except NotDue:
            return
        except AlreadySettled:
            continue
        except Halted:
            # The fault may be corrected since then, or a worker was killed before its audit.
            if _audit_books():
                raise


def _audit_books() -> list[str]:
    """Audit the last settled epoch once, and halt settlement when there are faults, which are returned (R43).

    Other workers wait for the first one and use its result.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_advisory_xact_lock({AUDIT_LOCK})")
        epoch = open_epoch()
        assert epoch is not None
        network = Network.objects.get(id=1)
        if network.audited == epoch.number - 1 and not network.halted:
            return []
        faults = audit()
        Network.objects.filter(id=1).update(halted=faults, audited=epoch.number - 1, audited_at=Now())
    if faults:
        log.critical("settlement is halted: the audit found faults", faults=faults)
    return faults
