"""How an epoch is settled: the page to read first.

Everything happens in one database transaction, exactly once per epoch however often and by however many
workers it is asked, and after any crash either whole or not at all (S).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import structlog
from django.db import connection, transaction

from settlement.audit import audit
from settlement.epoch_lifecycle import Halted, NotDue, lock_epoch, open_next_epoch
from settlement.measurement import gather_nodes, measure_performance
from settlement.redelegations import carry_out_redelegations
from settlement.refunds import refund_pending_delegations
from settlement.report import write_report
from settlement.reputation import update_standing
from settlement.rewards import distribute_rewards
from settlement.slashes import create_slashes, detect_offences, execute_slashes
from settlement.state import Settlement
from settlement.votes import close_proposals, count_disputes
from staking.models import Epoch, Network

EPOCH_STEPS: tuple[Callable[[Settlement], None], ...] = (
    lock_epoch,  # 1   wait for writers, `settling`
    gather_nodes,  # 2   every node with its pool and accumulators
    measure_performance,  # 2   SLA, uptime, latency, scarcity, Q
    distribute_rewards,  # 3   weights, pool, rewards, splits
    detect_offences,  # 4   what the epoch shows of each node
    refund_pending_delegations,  # 4   who came in that very epoch gets it back
    create_slashes,  # 4   bases, windows, cooldowns and bans
    count_disputes,  # 5   outcomes of the votes that end now
    execute_slashes,  # 5   those due, undisputed or upheld
    close_proposals,  # 6   count, pass, execute
    carry_out_redelegations,  # 7   from pool to pool
    update_standing,  # 9   penalty, reputation
    write_report,  # 10  rows, totals, Merkle root
    open_next_epoch,  # 8 and 11  pending stake is active, `settled`, the next epoch is open
)

AUDIT_LOCK = "hashtext('inframind_audit'), 0"

log = structlog.get_logger(__name__)


def settle_epoch(*, now: datetime, number: int | None = None) -> Settlement | None:
    """Settle the open epoch once its end has passed `now` (network time).

    With `number`, only that epoch: None when it was settled meanwhile. Raises: NotDue, Halted.
    """
    work = Settlement(now=now)
    with transaction.atomic():
        for step in EPOCH_STEPS:
            step(work)
            if step is lock_epoch and number is not None and work.number != number:
                transaction.set_rollback(True)
                return None
    log.info("epoch settled", epoch=work.number, distributed=work.distributed, carry=work.carry)
    _check_books()
    return work


def settle_due(*, now: datetime, until: int | None = None) -> Iterator[Settlement]:
    """Settle every epoch whose end has passed, oldest first, each in its own transaction (R43)."""
    while True:
        number = Epoch.objects.filter(status=Epoch.Status.OPEN).values_list("number", flat=True).first()
        if number is None or (until is not None and number > until):
            return
        try:
            work = settle_epoch(now=now, number=number)
        except NotDue:
            return
        except Halted:
            # A fault that was mended since then lets settlement go on, and so does an audit that a worker died before.
            if _check_books():
                raise
            continue
        if work is not None:
            yield work


def _check_books() -> list[str]:
    """Run the set-based audit; faults stop the next settlement and raise an alarm, reading goes on (R43).

    Workers that come at once wait for the first of them, and take what it found for theirs.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_advisory_xact_lock({AUDIT_LOCK})")
        settled = Epoch.objects.latest("number").number - 1
        network = Network.objects.get(id=1)
        if network.audited == settled and not network.halted:
            return []
        faults = audit()
        Network.objects.filter(id=1).update(halted=faults, audited=settled)
    if faults:
        log.critical("the audit found faults: settlement is halted", faults=faults)
    return faults
