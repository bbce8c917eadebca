"""Savepoints share a round trip with the next statement, and hold what Django's hold."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection, transaction

from postgres.batched_reads import batched_reads
from postgres.binary_copy import TextArray, copy_in, execute
from postgres.prepared import Prepared
from staking.models import Counter
from tests.round_trips import round_trips

pytestmark = pytest.mark.django_db(transaction=True)

ADD = Prepared("INSERT INTO staking_counter (name, last) VALUES (%(name)s, 1) RETURNING name")


def add(name: str) -> None:
    Counter.objects.create(name=name, last=1)


def names() -> list[str]:
    return list(Counter.objects.order_by("name").values_list("name", flat=True))


def copied(name: str) -> None:
    text = name.encode()
    row = b"\0\2" + len(text).to_bytes(4, "big") + text + b"\0\0\0\x08" + (1).to_bytes(8, "big")
    copy_in("COPY staking_counter (name, last) FROM STDIN (FORMAT BINARY)", [row])


def several(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO staking_counter (name, last) VALUES (%s, 1)", [(name,)])


def read_in_a_batch(name: str) -> None:
    with batched_reads() as reads:
        present = reads.submit(names)
    assert present.result() == ["outer"]
    add(name)


def read_by_a_cursor_of_the_server(name: str) -> None:
    assert [row.name for row in Counter.objects.iterator(chunk_size=1)] == ["outer"]
    add(name)


def sent_with_binary_values(name: str) -> None:
    sql = "INSERT INTO staking_counter (name, last) SELECT name, 1 FROM unnest(%(names)s::text[]) AS n(name)"
    execute(sql, {"names": TextArray.of([name])})


WRITES: list[Callable[[str], Any]] = [
    add,
    lambda name: ADD.row(name=name),
    copied,
    several,
    read_in_a_batch,
    read_by_a_cursor_of_the_server,
    sent_with_binary_values,
]


@pytest.mark.parametrize("write", WRITES)
def test_a_block_that_fails_undoes_what_was_written_inside_however_it_was_sent(write) -> None:
    with transaction.atomic():
        add("outer")
        with suppress(ZeroDivisionError), transaction.atomic():
            write("inner")
            raise ZeroDivisionError
        assert names() == ["outer"]
        add("after")
    assert names() == ["after", "outer"]


@pytest.mark.parametrize("write", WRITES)
def test_a_block_that_ends_well_is_committed_with_the_outer_one(write) -> None:
    with transaction.atomic():
        add("outer")
        with transaction.atomic():
            write("inner")
    assert names() == ["inner", "outer"]


def test_a_statement_that_fails_first_in_a_block_is_undone_alone() -> None:
    with transaction.atomic():
        add("outer")
        with pytest.raises(IntegrityError), transaction.atomic():
            add("outer")
        with pytest.raises(IntegrityError), transaction.atomic():
            ADD.row(name="outer")
        add("after")
    assert names() == ["after", "outer"]


def test_a_value_that_cannot_be_sent_loses_no_savepoint() -> None:
    with transaction.atomic():
        add("outer")
        with pytest.raises((DataError, ValueError)), transaction.atomic():
            add("a NUL \0")
        add("after")
    assert names() == ["after", "outer"]


def test_a_block_undoes_the_blocks_inside_it() -> None:
    with transaction.atomic():
        add("outer")
        with suppress(ZeroDivisionError), transaction.atomic():
            with transaction.atomic():
                add("inmost")
            with transaction.atomic():
                pass
            raise ZeroDivisionError
        with suppress(ZeroDivisionError), transaction.atomic(), transaction.atomic():
            raise ZeroDivisionError
        assert names() == ["outer"]
    assert names() == ["outer"]


def test_savepoints_that_wait_end_with_their_transaction() -> None:
    with suppress(ZeroDivisionError), transaction.atomic():
        add("outer")
        with transaction.atomic():
            add("inner")
        raise ZeroDivisionError
    assert names() == []
    with transaction.atomic(), transaction.atomic():
        pass
    add("after")
    assert names() == ["after"]


def test_the_statement_is_logged_without_the_savepoint_and_keeps_its_row_count() -> None:
    add("one")
    connection.force_debug_cursor = True
    try:
        with transaction.atomic(), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE staking_counter SET last = %s", [2])
            assert cursor.rowcount == 1
    finally:
        connection.force_debug_cursor = False
    logged = [query["sql"] for query in connection.queries_log]
    connection.queries_log.clear()
    assert [sql for sql in logged if "staking_counter" in sql] == ["UPDATE staking_counter SET last = 2"]


def test_blocks_inside_a_transaction_cost_no_round_trip() -> None:
    def run() -> int:
        with round_trips() as counted, transaction.atomic():
            names()
            with transaction.atomic(), transaction.atomic():
                names()
            with transaction.atomic():
                pass
        return counted.trips

    run()
    # BEGIN, two reads, COMMIT.
    assert run() == 4
