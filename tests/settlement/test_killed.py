"""Exactly once per epoch, by however many workers, and after any crash whole or not at all (S): real processes."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from ledger.models import Transaction
from settlement import epoch as epoch_module
from settlement.audit import audit
from settlement.epoch_lifecycle import Halted
from settlement.state import Settlement
from staking.models import Epoch, Node, NodeEpoch, Slash
from staking.models import Network as NetworkRow
from tests.network import Network

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]
EPOCHS = 14
PATIENCE_SECONDS = 60
WAITING = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
STEPS = len(epoch_module.EPOCH_STEPS) - 1


@pytest.fixture
def due(transactional_db: None) -> datetime:
    """Many epochs that nobody settled, with work and an offence in the first; answers with a time past them all."""
    net = Network(epoch_seconds=3_600, heartbeat_slot_seconds=600, unbonding_seconds=10_800)
    nodes = [net.node(number, own=1_000 * number) for number in range(1, 5)]
    for number, node in enumerate(nodes, 1):
        net.delegate(node, number, 100)
        net.work(node)
    net.redelegate(nodes[0], nodes[1], 1, 10)
    net.work(nodes[2], 1, outcome="dropped")
    net.work(nodes[3], 1, proof="invalid")
    return net.epoch.start + EPOCHS * (net.epoch.end - net.epoch.start)


def settle_all(now: datetime) -> None:
    for _ in epoch_module.settle_due(now=now):
        pass


def forked(work: Callable[[], None]) -> int:
    """A child process with a database connection of its own; ends without any of the parent's cleaning up."""
    connection.close()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return child


@contextmanager
def halting_before(step: int, pipe: int) -> Iterator[None]:
    """Count the steps that begin, all but the locking one; before this one say so and wait for what comes."""
    begun = itertools.count(1)

    def counted(run: Callable[[Settlement], None]) -> Callable[[Settlement], None]:
        def begin(work: Settlement) -> None:
            if next(begun) == step:
                os.write(pipe, b".")
                signal.pause()
            run(work)

        return begin

    steps = epoch_module.EPOCH_STEPS
    epoch_module.EPOCH_STEPS = (steps[0], *(counted(run) for run in steps[1:]))
    try:
        yield
    finally:
        epoch_module.EPOCH_STEPS = steps


@contextmanager
def halting_before_the_audit(pipe: int) -> Iterator[None]:
    """Report when the first audit begins, and wait to be killed."""

    def begin() -> list[str]:
        os.write(pipe, b".")
        signal.pause()
        return []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(epoch_module, "audit", begin)
        yield


def halted(step: int, now: datetime) -> int:
    """A worker that settles and stands still in the middle, holding the epoch: its process id."""
    return standing(lambda pipe: halting_before(step, pipe), now)


def standing(halting: Callable[[int], AbstractContextManager[None]], now: datetime) -> int:
    hear, tell = os.pipe()

    def work() -> None:
        with halting(tell):
            settle_all(now)

    child = forked(work)
    os.close(tell)
    assert os.read(hear, 1) == b"."
    os.close(hear)
    return child


def wait_until_one_waits() -> None:
    """Until a worker waits for another one's lock."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return
    raise AssertionError("nobody waits")


def kill(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL


def all_is_whole() -> int:
    """Every epoch is settled with all its rows or not at all; answers with the number of the open one."""
    number = Epoch.objects.get(status="open").number
    assert Epoch.objects.filter(status="settled").count() == number - 1 == Epoch.objects.count() - 1
    assert NodeEpoch.objects.count() == 4 * (number - 1)
    assert Transaction.objects.filter(kind="mint").count() == number - 1
    assert audit(since=0) == []
    return number


def test_killed_in_the_middle_ten_times_over(due: datetime) -> None:
    """Each life settles one epoch, begins the next and dies in it, a step further than the former."""
    for life in range(10):
        kill(halted(STEPS + 1 + life, due))
        assert all_is_whole() == life + 2
    settle_all(due)
    assert all_is_whole() == EPOCHS + 1
    assert Slash.objects.filter(status="executed").count() == 2


def test_killed_in_each_step_nothing_has_happened(due: datetime) -> None:
    before = Transaction.objects.count()
    for step in range(1, STEPS + 1):
        kill(halted(step, due))
        assert all_is_whole() == 1
        assert Transaction.objects.count() == before


def test_three_workers_at_once_settle_each_epoch_once(due: datetime) -> None:
    children = [forked(lambda: settle_all(due)) for _ in range(3)]
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    assert all_is_whole() == EPOCHS + 1


def test_one_of_two_workers_dies_and_the_other_goes_on(due: datetime) -> None:
    dying = halted(STEPS // 2, due)
    other = forked(lambda: settle_all(due))
    kill(dying)
    assert os.waitpid(other, 0)[1] == 0
    assert all_is_whole() == EPOCHS + 1


def test_killed_before_the_audit_the_next_worker_begins_with_it(due: datetime) -> None:
    kill(standing(halting_before_the_audit, due))
    Node.objects.filter(self_stake__gt=0).update(self_stake=F("self_stake") + 1)
    with pytest.raises(Halted):
        settle_all(due)
    assert Epoch.objects.get(status="open").number == 2, (
        "what is off was found before the second epoch is settled"
    )
    assert NetworkRow.objects.get().halted != []
    Node.objects.filter(self_stake__gt=0).update(self_stake=F("self_stake") - 1)
    settle_all(due)
    assert all_is_whole() == EPOCHS + 1


def test_no_other_worker_settles_on_before_the_audit_is_done(due: datetime) -> None:
    auditing = standing(halting_before_the_audit, due)
    other = forked(lambda: settle_all(due))
    wait_until_one_waits()
    assert all_is_whole() == 2
    kill(auditing)
    assert os.waitpid(other, 0)[1] == 0
    assert all_is_whole() == EPOCHS + 1
    assert NetworkRow.objects.get().audited == EPOCHS


def test_two_commands_at_once(due: datetime, process_environment: dict[str, str]) -> None:
    """`manage.py settle` twice, as an operator and beat may do: each epoch is printed once."""
    NetworkRow.objects.update(clock_offset_ms=-((timezone.now() - due) // timedelta(milliseconds=1)))
    connection.close()
    command = [sys.executable, "manage.py", "settle"]
    runs = [
        subprocess.Popen(command, cwd=ROOT, env=process_environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    lines = [line for run in runs for line in run.communicate()[0].splitlines() if line.startswith("epoch ")]
    assert [run.returncode for run in runs] == [0, 0]
    assert sorted(int(line.split()[1]) for line in lines) == list(range(1, EPOCHS + 1))
    assert all_is_whole() == EPOCHS + 1
