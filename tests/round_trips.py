"""Round trips to the database, counted in the protocol itself: each ends with ReadyForQuery."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


class Counter:
    """`trips`: how many there were, once the block has ended. `messages`: the trace of libpq."""

    trips = 0
    messages = ""


@contextmanager
def round_trips() -> Iterator[Counter]:
    """Count the round trips of this thread's connection, those of BEGIN and COMMIT included."""
    connection.ensure_connection()
    server = connection.connection.pgconn
    counter = Counter()
    with tempfile.TemporaryFile() as messages:
        server.trace(messages.fileno())
        try:
            yield counter
        finally:
            server.untrace()
            messages.seek(0)
            counter.messages = messages.read().decode(errors="replace")
            counter.trips = counter.messages.count("ReadyForQuery")
