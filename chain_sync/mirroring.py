"""The tick that credits deposits: runs the mirror when the chain has a new block, and stores the problem."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import structlog
from django.core.cache import cache

from chain.configuration import ChainConfiguration, chain_configuration
from chain.models import MirrorCursor
from chain.problems import Problem, problem_since, sentence
from chain.selectors import PENDING_DEPOSITS_KEY, PENDING_DEPOSITS_SECONDS, PendingDeposit
from chain_sync.lock_events import Lock
from chain_sync.mirror import Mirror
from chain_sync.nodes import nodes_of
from postgres.advisory_lock import try_lock
from staking.models import Epoch

log = structlog.get_logger(__name__)

LOCK = "chain_mirror"


def mirror_due(*, wall: datetime, now: datetime) -> bool:
    """Credit deposits when the chain has a new block (`wall`: this machine's time, `now`: network time).

    Returns False when there is no token contract, nothing is new, or another process is at it.
    """
    configuration = chain_configuration()
    if configuration is None or not configuration.token or not Epoch.objects.exists():
        return False
    node, _ = nodes_of(configuration)
    with suppress(Problem):
        # Most ticks end here, without a lock.
        if _is_unchanged(node.block("latest")):
            return False
    with try_lock(LOCK) as locked:
        return locked and _run(configuration, wall, now)


def verify_deposits(*, wall: datetime) -> str | None:
    """Return the fault of the credited deposits against the chain, or why they cannot be compared; else None (R56)."""
    configuration = chain_configuration()
    if configuration is None or not configuration.token:
        return None
    try:
        Mirror(configuration, *nodes_of(configuration)).verify(wall=wall)
    except Problem as problem:
        return sentence(problem.code, problem.data)
    return None


def _run(configuration: ChainConfiguration, wall: datetime, now: datetime) -> bool:
    node, second = nodes_of(configuration)
    try:
        pending = Mirror(configuration, node, second).run(wall=wall, now=now)
    except Problem as problem:
        _store(problem, wall)
    else:
        _store(None, wall)
        _publish(pending)
    return True


def _is_unchanged(head: object) -> bool:
    """True if the last run had nothing left to do at this block."""
    return MirrorCursor.objects.filter(
        id=1, problem="", recheck=False, head_hash=getattr(head, "hash", "")
    ).exists()


def _store(problem: Problem | None, wall: datetime) -> None:
    cursor = MirrorCursor.objects.filter(id=1).first()
    if cursor is None:
        # Before the first run nothing was credited that could be wrong; the submitter reports the same chain.
        if problem is not None:
            log.warning(
                "deposits cannot be read", problem=problem.code, reason=sentence(problem.code, problem.data)
            )
        return
    code, data = (problem.code, problem.data) if problem else ("", {})
    cursor.problem_since = problem_since(cursor, code, wall)
    if code not in ("", cursor.problem):
        log.warning("deposits cannot be read", problem=code, reason=sentence(code, data))
    cursor.problem, cursor.problem_data = code, data
    cursor.save(update_fields=["problem", "problem_data", "problem_since"])


def _publish(pending: list[Lock]) -> None:
    """Store deposits that are not final in the cache, for pages."""
    shown = [
        PendingDeposit(lock.index, lock.wallet, lock.amount, lock.transaction, lock.block) for lock in pending
    ]
    cache.set(PENDING_DEPOSITS_KEY, shown, timeout=PENDING_DEPOSITS_SECONDS)
