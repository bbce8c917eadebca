"""Reads that share round trips."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from django.db import DataError, NotSupportedError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.utils import translation

from postgres.batched_reads import batched_reads
from postgres.prepared import Prepared
from staking.models import Epoch, Node
from tests.network import Network, node_address
from tests.round_trips import round_trips

pytestmark = pytest.mark.django_db(transaction=True)


def value(number: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::int", [number])
        return int(cursor.fetchone()[0])


def two(number: int) -> tuple[int, int]:
    return value(number), value(number + 1)


def divided(number: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 / %s", [number])
        return int(cursor.fetchone()[0])


def columns() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 AS one, 2 AS two")
        return [column.name for column in cursor.description]


def together(*functions: Callable[[], object]) -> None:
    with batched_reads() as reads:
        for function in functions:
            reads.submit(function)


def test_as_many_round_trips_as_the_longest_of_the_reads_has_statements() -> None:
    with round_trips() as counted, batched_reads() as reads:
        singles = [reads.submit(value, number) for number in range(20)]
        pair = reads.submit(two, 100)
    assert [single.result() for single in singles] == list(range(20))
    assert pair.result() == (100, 101)
    assert counted.trips == 2


def test_models_are_read_as_outside() -> None:
    network = Network()
    for number in (1, 2, 3):
        network.node(number)
    with batched_reads() as reads:
        nodes = reads.submit(lambda: list(Node.objects.select_related("pool").order_by("address")))
        first = reads.submit(Node.objects.get, address=node_address(1))
        epochs = reads.submit(Epoch.objects.count)
        names = reads.submit(columns)
    assert [node.pool.tokens for node in nodes.result()] == [0, 0, 0]
    assert first.result() == nodes.result()[0]
    assert (epochs.result(), names.result()) == (1, ["one", "two"])


def test_a_batch_in_a_read_joins_the_outer_one() -> None:
    def inner() -> list[int]:
        with batched_reads() as reads:
            values = [reads.submit(value, number) for number in (1, 2)]
        return [one.result() for one in values]

    with round_trips() as counted, batched_reads() as reads:
        nested, beside = reads.submit(inner), reads.submit(value, 3)
    assert (nested.result(), beside.result(), counted.trips) == ([1, 2], 3, 1)


def test_a_read_sees_the_language_of_the_request() -> None:
    with translation.override("de"), batched_reads() as reads:
        language = reads.submit(translation.get_language)
    assert language.result() == "de"


def test_the_first_failure_is_raised_and_the_connection_goes_on() -> None:
    ended = []

    def beside() -> None:
        try:
            two(1)
        finally:
            ended.append(True)

    with pytest.raises(DataError, match="division by zero"):
        together(partial(divided, 0), beside)
    assert ended == [True]
    assert value(7) == 7


def test_inside_a_transaction_all_reads_are_part_of_it() -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL application_name = 'inside'")
        with batched_reads() as reads:
            name = reads.submit(_application_name)
        assert name.result() == "inside"
    assert _application_name() != "inside"


def _application_name() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('application_name')")
        return str(cursor.fetchone()[0])


def test_a_transaction_cannot_begin_in_a_batch() -> None:
    def write() -> None:
        with transaction.atomic():
            value(1)

    with pytest.raises(TransactionManagementError, match="cannot begin"):
        together(write)
    with transaction.atomic(), pytest.raises(TransactionManagementError, match="cannot begin"):
        together(write)
    assert value(2) == 2


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM staking_ranking",
        "WITH gone AS (DELETE FROM staking_ranking RETURNING id) SELECT count(*) FROM gone",
        "SELECT id FROM staking_ranking FOR UPDATE",
        "SELECT id FROM staking_ranking FOR KEY SHARE",
    ],
)
def test_a_statement_that_writes_or_locks_is_refused(statement: str) -> None:
    def write() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    with pytest.raises(NotSupportedError, match="reads only"):
        together(write)


def test_many_statements_at_once_are_refused() -> None:
    def write() -> None:
        with connection.cursor() as cursor:
            cursor.executemany("DELETE FROM staking_ranking WHERE id = %s", [(1,), (2,)])

    with pytest.raises(NotSupportedError, match="reads only"):
        together(write)


def test_a_prepared_statement_cannot_run_in_a_batch() -> None:
    statement = Prepared("SELECT 1 WHERE %(one)s = 1")
    statement.row(one=1)
    with pytest.raises(TransactionManagementError, match="batch"), batched_reads() as reads:
        reads.submit(statement.row, one=1)
    assert statement.row(one=1) == (1,)
