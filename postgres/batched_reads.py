"""Independent reads that share round trips to the database.

    with batched_reads() as reads:
        slashes = reads.submit(slashes_of, node)
        events = reads.submit(events_of, node, limit=12)
    show(slashes.result(), events.result())

Each function runs in a greenlet of its own until it needs the rows of a statement. When all of them wait, the
statements of all are sent at once, equal ones once, and each goes on with its rows. So the number of round trips is
that of the function with the most statements, not the sum. A function that has a batch itself joins the outer one.

Reads only: a transaction cannot begin or end inside, and `Prepared` statements cannot run there.

docs/reliability.md counts the round trips of pages and endpoints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from typing import Generic, ParamSpec, TypeVar

from django.db import connection
from greenlet import GreenletExit, getcurrent

from postgres.backend.batches import BatchedRead, fetch

Params = ParamSpec("Params")
Value = TypeVar("Value")


class Read(Generic[Value]):
    """The result of a function, once the batch has ended."""

    _value: Value

    def result(self) -> Value:
        return self._value


class Reads:
    """Collects the functions of a batch."""

    def __init__(self) -> None:
        self._running: list[BatchedRead] = []

    def submit(
        self, function: Callable[Params, Value], *args: Params.args, **named: Params.kwargs
    ) -> Read[Value]:
        """Run `function` with the others when the block ends."""
        read: Read[Value] = Read()

        def run() -> None:
            read._value = function(*args, **named)

        running = BatchedRead(run)
        # Translations and what the request caches belong to the context.
        running.gr_context = copy_context()
        self._running.append(running)
        return read

    def run(self) -> None:
        """Run all to their ends. Raises what the first that fails raises; the others are ended then."""
        outer = getcurrent()
        try:
            while self._running:
                for running in self._running:
                    running.parent = outer
                    running.switch()
                self._running = [running for running in self._running if not running.dead]
                if isinstance(outer, BatchedRead):
                    outer.cursors = [cursor for running in self._running for cursor in running.cursors]
                    if outer.cursors:
                        outer.wait()
                else:
                    self._fetch()
        finally:
            self._end()

    def _fetch(self) -> None:
        cursors = [cursor for running in self._running for cursor in running.cursors]
        with connection.wrap_database_errors:
            fetch(cursors)

    def _end(self) -> None:
        for running in self._running:
            with suppress(GreenletExit):
                running.throw(GreenletExit)


@contextmanager
def batched_reads() -> Iterator[Reads]:
    """Run the reads that are submitted in the block, when it ends, in the round trips of the longest of them."""
    reads = Reads()
    yield reads
    connection.ensure_connection()
    reads.run()
