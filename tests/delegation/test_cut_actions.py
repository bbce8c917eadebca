"""Actions whose statement, connection or response fails: each runs completely or not at all."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection

from delegation.api import money
from delegation.services import earnings, positions, unbondings
from ledger import accounts
from ledger.models import Transaction
from protocol.amounts import MICRO
from settlement.audit import audit
from staking.models import Unbonding
from tests.network import Network
from tests.wallets import ANNA, NORTH, OLGA, Caller

pytestmark = pytest.mark.django_db(transaction=True)

BLOCKED = "SELECT pid FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
ACTS: dict[str, Callable[[Network], Any]] = {
    "delegate": lambda net: positions.delegate(node=NORTH, amount=5 * MICRO, wallet=ANNA, now=net.now),
    "undelegate": lambda net: positions.undelegate(node=NORTH, amount=5 * MICRO, wallet=ANNA, now=net.now),
    "compound": lambda net: earnings.compound(node=NORTH, wallet=ANNA, now=net.now),
    "cancel_unbonding": lambda net: unbondings.cancel(
        unbonding=Unbonding.objects.filter(status="open").latest("id").pk, wallet=ANNA, now=net.now
    ),
}


@pytest.fixture
def net(transactional_db: None, settings: Any) -> Network:
    """ANNA delegates to NORTH, has earned on it, and has 3 IFM unbonding."""
    settings.INFRAMIND_RATE_LIMITS = False
    net = Network(site=True)
    net.node(NORTH, OLGA, 1_000)
    net.fund(ANNA, 1_000)
    positions.delegate(node=NORTH, amount=100 * MICRO, wallet=ANNA, now=net.now)
    net.settle(worked=[NORTH])
    net.settle(worked=[NORTH])
    positions.undelegate(node=NORTH, amount=3 * MICRO, wallet=ANNA, now=net.now)
    return net


def beside() -> psycopg.Connection[Any]:
    """Another session, with the rights of an administrator: the application may not end sessions."""
    other = psycopg.connect(**connection.get_connection_params())
    other.execute("SET ROLE NONE")
    return other


def blocked_by(other: psycopg.Connection[Any], waiting: Future[Any]) -> int:
    """The session that waits for `other`, as soon as it does."""
    while not waiting.done():
        row = other.execute(BLOCKED).fetchone()
        if row is not None:
            return int(row[0])
    raise AssertionError(f"it did not wait: {waiting.result()}")


def posted(kind: str) -> int:
    return Transaction.objects.filter(kind=kind, actor=ANNA).count()


def state() -> str:
    assert connection.connection is not None
    return str(connection.connection.info.transaction_status.name)


def tried(kind: str, net: Network) -> tuple[str, str]:
    try:
        ACTS[kind](net)
    except OperationalError:
        return "cut", state()
    return "done", state()


@pytest.mark.parametrize("cut", ["pg_cancel_backend", "pg_terminate_backend"])
def test_a_cut_in_the_last_statement_leaves_nothing(net: Network, cut: str) -> None:
    for kind in ACTS:
        before = posted(kind)
        with ThreadPoolExecutor(1) as pool, beside() as other:
            other.execute("SELECT FROM ledger_account WHERE name = %s FOR UPDATE", [accounts.pool(NORTH)])
            trying = pool.submit(tried, kind, net)
            other.execute(f"SELECT {cut}(%s)", [blocked_by(other, trying)])
            assert trying.result() == ("cut", "IDLE"), kind
            assert (posted(kind), audit()) == (before, []), kind
            other.rollback()
            assert pool.submit(tried, kind, net).result() == ("done", "IDLE"), kind
            pool.submit(lambda: connection.close()).result()
        assert (posted(kind), audit()) == (before + 1, []), kind


def test_who_waits_too_long_for_a_lock_leaves_nothing(net: Network) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '30ms'")
    for kind in ACTS:
        before = posted(kind)
        with beside() as other:
            other.execute("SELECT FROM ledger_account WHERE name = %s FOR UPDATE", [accounts.pool(NORTH)])
            assert tried(kind, net) == ("cut", "IDLE"), kind
        assert posted(kind) == before, kind
        assert tried(kind, net) == ("done", "IDLE"), kind
        assert (posted(kind), audit()) == (before + 1, []), kind
    connection.close()


def test_a_connection_cut_between_both_trips_leaves_nothing(
    net: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue = positions.issue

    def cut(*arguments: Any) -> None:
        assert connection.connection is not None
        with beside() as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])
        issue(*arguments)

    monkeypatch.setattr(positions, "issue", cut)
    with pytest.raises(OperationalError):
        ACTS["delegate"](net)
    monkeypatch.undo()
    assert (posted("delegate"), net.figures(ANNA).available) == (1, 900 * MICRO)
    ACTS["delegate"](net)
    assert (posted("delegate"), net.figures(ANNA).available, audit()) == (2, 895 * MICRO, [])


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The database goes away between an act and the reading of its answer, till this is undone."""

    def away(_: Any) -> Any:
        raise OperationalError("the server is gone")

    monkeypatch.setattr(money, "node_json", away)
    return monkeypatch


def test_an_act_under_a_key_goes_with_its_answer(net: Network, unread: pytest.MonkeyPatch) -> None:
    anna, path, body = Caller(ANNA), f"nodes/{NORTH}/delegate", {"amount": "5"}
    answer = anna.post(path, body, HTTP_IDEMPOTENCY_KEY="k")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert net.figures(ANNA).available == 900 * MICRO
    unread.undo()
    first, again = (anna.post(path, body, HTTP_IDEMPOTENCY_KEY="k") for _ in range(2))
    assert (first.status_code, again.content) == (201, first.content)
    assert (posted("delegate"), net.figures(ANNA).available) == (2, 895 * MICRO)


def test_an_act_without_a_key_stays_and_its_lost_answer_does_not_deny_it(
    net: Network, unread: pytest.MonkeyPatch
) -> None:
    answer = Caller(ANNA).post(f"nodes/{NORTH}/delegate", {"amount": "5"})
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "whether this was done is not known" in answer.json()["detail"]
    assert (posted("delegate"), net.figures(ANNA).available) == (2, 895 * MICRO)
