"""Storage of a development chain: py-evm's key-value pairs, the mempool and settings, in one SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager

# Write-ahead logging: what was committed survives a kill of the process, and a reader never sees half a block.
_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS pair (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pooled (hash BLOB PRIMARY KEY, raw BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Store(MutableMapping[bytes, bytes]):
    """The file of a chain. The caller serializes access; writes inside `transaction` happen together or not at all."""

    # A database as py-evm wants it, but not of its class: its import takes two seconds.

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.executescript(_SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()

    def __getitem__(self, key: bytes) -> bytes:
        row = self._connection.execute("SELECT value FROM pair WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise KeyError(key)
        return bytes(row[0])

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._connection.execute("INSERT OR REPLACE INTO pair VALUES (?, ?)", (key, value))

    def __delitem__(self, key: bytes) -> None:
        self._connection.execute("DELETE FROM pair WHERE key = ?", (key,))

    def exists(self, key: bytes) -> bool:
        return self._connection.execute("SELECT 1 FROM pair WHERE key = ?", (key,)).fetchone() is not None

    __contains__ = exists  # type: ignore[assignment]

    def set(self, key: bytes, value: bytes) -> None:
        self[key] = value

    def delete(self, key: bytes) -> None:
        del self[key]

    def __iter__(self) -> Iterator[bytes]:
        return (row[0] for row in self._connection.execute("SELECT key FROM pair"))

    def __len__(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM pair").fetchone()[0])

    def setting(self, name: str, default: str) -> str:
        """The value of a setting, which is `default` from the first call on."""
        self._connection.execute("INSERT OR IGNORE INTO setting VALUES (?, ?)", (name, default))
        row = self._connection.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return str(row[0])

    def pooled(self) -> list[bytes]:
        """The raw transactions of the mempool, in the order in which they came."""
        return [row[0] for row in self._connection.execute("SELECT raw FROM pooled ORDER BY rowid")]

    def pool(self, transaction_hash: bytes, raw: bytes) -> None:
        self._connection.execute("INSERT OR REPLACE INTO pooled VALUES (?, ?)", (transaction_hash, raw))

    def unpool(self, transaction_hash: bytes) -> None:
        self._connection.execute("DELETE FROM pooled WHERE hash = ?", (transaction_hash,))
