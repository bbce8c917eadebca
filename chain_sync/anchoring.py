"""The tick that anchors epochs: runs the submitter when it is due, and stores the problem."""

from __future__ import annotations

from datetime import datetime, timedelta
from time import monotonic

import structlog
from django.db import transaction
from django.db.models.functions import Now

from chain.configuration import ChainConfiguration, chain_configuration
from chain.models import Anchor, Attempt, ChainStatus, MirrorCursor
from chain.problems import Problem, halts, problem_since, sentence
from chain_sync.anchors import differences
from chain_sync.epoch_reports import last_settled
from chain_sync.nodes import nodes_of
from chain_sync.observation import SettlementContract
from chain_sync.oracle_account import oracle_account
from chain_sync.submissions import OTHER_SUBMISSION
from chain_sync.submitter import Submitter
from postgres.advisory_lock import try_lock
from staking.models import Epoch

log = structlog.get_logger(__name__)

LOCK = "chain_anchoring"
# A tick goes on for so long while the chain takes one epoch after the other.
TICK_SECONDS = 20.0
BUSY = timedelta(seconds=5)
# With nothing to anchor; and while a node is away or a person has to act.
IDLE, TROUBLED = timedelta(seconds=60), timedelta(seconds=30)
# Problems after which nothing new is known of the contract.
NO_NEWS = frozenset({"unreachable", "node_error", "lagging", "asleep"})


def anchor_due(*, now: datetime) -> bool:
    """Anchor what is waiting, when it is time to look at the chain again (`now` is wall time).

    Returns False when there is no chain, nothing is due, or another process is at it.
    """
    configuration = chain_configuration()
    if configuration is None or not Epoch.objects.exists():
        return False
    status = ChainStatus.objects.get_or_create(id=1)[0]
    if not _is_due(status, now):
        return False
    with try_lock(LOCK) as locked:
        if not locked:
            return False
        status.refresh_from_db()
        problem = _run(configuration, status, now)
        _store(status, problem, now)
    return True


def check_chain(configuration: ChainConfiguration, *, now: datetime) -> ChainStatus:
    """The status of the chain as it is now; sends and stores nothing. Raises: Problem."""
    status = ChainStatus.objects.filter(id=1).first() or ChainStatus()
    # The contract is verified again.
    status.settlement = ""
    _submitter(configuration).check(status, now=now)
    return status


def verify_anchors() -> list[str]:
    """Return a sentence for each epoch that differs between contract and database, or why they cannot be compared."""
    configuration = chain_configuration()
    if configuration is None or not Anchor.objects.filter(state=Anchor.State.FINAL).exists():
        return []
    node, _ = nodes_of(configuration)
    sentences: list[str] = []
    try:
        head = node.block("latest")
        if head is None:
            raise Problem("unreachable", detail=f"{node.host} has no newest block")
        contract = SettlementContract(node, configuration.settlement)
        contract.require(head)
        for difference in differences(contract, head):
            sentences.append(difference)
    except Problem as problem:
        sentences.append(sentence(problem.code, problem.data))
    return sentences


def accept_chain() -> bool:
    """Take the chain as it is now, after a reorganisation of final blocks or on another chain with the same id.

    Epochs that the contract does not have are submitted again; deposits that were read are compared all the same.
    An epoch with other slashes or another emission becomes final as it is. Returns False while a tick is under way,
    which would store its own view of the chain over this one.
    """
    with try_lock(LOCK) as locked:
        if locked:
            _accept()
    return locked


def _accept() -> None:
    with transaction.atomic():
        status = ChainStatus.objects.select_for_update().get_or_create(id=1)[0]
        if status.problem in OTHER_SUBMISSION:
            _accept_submission(status)
            return
        status.genesis_hash = status.checkpoint_hash = ""
        status.head, status.checkpoint, status.reorganized_at, status.due_at = 0, None, None, None
        status.save()
        Anchor.objects.update(state=Anchor.State.MINED, final_at=None, block_hash="")
        # They are of the other branch, and their nonces may be free again.
        Attempt.objects.all().delete()
        MirrorCursor.objects.update(recheck=True)


def _accept_submission(status: ChainStatus) -> None:
    anchor = Anchor.objects.filter(epoch=status.problem_data["epoch"], state=Anchor.State.MINED)
    anchor.update(state=Anchor.State.FINAL, final_at=Now())
    status.due_at = None
    status.save(update_fields=["due_at"])


def _is_due(status: ChainStatus, now: datetime) -> bool:
    if status.due_at is None or now >= status.due_at:
        return True
    return not status.problem and last_settled() > status.last_epoch


def _run(configuration: ChainConfiguration, status: ChainStatus, now: datetime) -> Problem | None:
    """Step until nothing changes; returns the problem, if any."""
    until = monotonic() + TICK_SECONDS
    try:
        submitter = _submitter(configuration)
        submitted = -1
        while monotonic() < until:
            outcome = submitter.step(status, now=now)
            if outcome == "done" or status.last_epoch == submitted:
                break
            submitted = status.last_epoch
    except Problem as problem:
        return problem
    return None


def _submitter(configuration: ChainConfiguration) -> Submitter:
    node, second = nodes_of(configuration)
    try:
        return Submitter(configuration, node, second, oracle_account(configuration))
    except Problem as problem:
        # Without the key the chain is followed all the same.
        return Submitter(configuration, node, second, None, no_account=problem)


def _store(status: ChainStatus, problem: Problem | None, now: datetime) -> None:
    if problem is not None and problem.code in NO_NEWS and halts(status.problem):
        # Nothing new is known of the contract, so a problem that a person has to solve stays.
        problem = Problem(status.problem, **status.problem_data)
    code, data = (problem.code, problem.data) if problem else ("", {})
    status.problem_since = problem_since(status, code, now)
    if code != status.problem:
        if code:
            log.warning("epochs cannot be anchored", problem=code, reason=sentence(code, data))
        else:
            log.info("epochs are anchored again")
    status.problem, status.problem_data = code, data
    if code == "deep_reorganization" and status.reorganized_at is None:
        status.reorganized_at = now
    status.due_at = now + (TROUBLED if code else _pause(status))
    status.save()


def _pause(status: ChainStatus) -> timedelta:
    mined = Anchor.objects.filter(state=Anchor.State.MINED).exists()
    return BUSY if mined or last_settled() > status.last_epoch else IDLE
