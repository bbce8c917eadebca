"""Values in PostgreSQL's binary format; psycopg's conversion from a list takes ten times longer.

Figure: ingest, unsigned batch of 10,000
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from struct import Struct
from typing import Any, Final

import psycopg
from django.db import connection
from psycopg.adapt import Dumper
from psycopg.pq import Format

from postgres.backend import savepoints

_TEXT, _TEXT_ARRAY = 25, 1009
_BYTEA, _BYTEA_ARRAY = 17, 1001
_INT8, _INT8_ARRAY = 20, 1016
# Dimensions, whether there are nulls, type of the elements, their number, index of the first.
_ARRAY_HEADER: Final = Struct(">5i")
_LENGTHS: Final = tuple(length.to_bytes(4, "big") for length in range(512))
_NULL: Final = b"\xff\xff\xff\xff"
_COPY_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_COPY_TRAILER: Final = b"\xff\xff"
_ROWS_PER_WRITE: Final = 1_000


class TextArray(bytes):
    """text[] in binary format; each text is shorter than 512 bytes."""

    @classmethod
    def of(cls, values: Collection[str]) -> TextArray:
        """The array of these texts."""
        return cls(_array(_TEXT, [value.encode() for value in values]))


class BytesArray(bytes):
    """bytea[] in binary format; each value is shorter than 512 bytes."""

    @classmethod
    def of(cls, values: Collection[bytes]) -> BytesArray:
        """The array of these values."""
        return cls(_array(_BYTEA, values))


class BigintArray(bytes):
    """bigint[] in binary format."""

    @classmethod
    def of(cls, values: Collection[int]) -> BigintArray:
        """The array of these numbers."""
        return cls(_array(_INT8, [value.to_bytes(8, "big", signed=True) for value in values]))


def copy_value(value: bytes | None) -> bytes:
    """A value shorter than 512 bytes, or null, as a binary COPY has it: its length, then its bytes."""
    return _NULL if value is None else _LENGTHS[len(value)] + value


def execute(query: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run one statement on this thread's connection with server-side parameters; its rows, if it returns any.

    `values` may hold arrays of this module. Raises what a Django cursor raises.
    """
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        savepoints.send(connection.connection)
        cursor.adapters.register_dumper(TextArray, _TextArrayDumper)
        cursor.adapters.register_dumper(BytesArray, _BytesArrayDumper)
        cursor.adapters.register_dumper(BigintArray, _BigintArrayDumper)
        cursor.execute(query, values)
        return cursor.fetchall() if cursor.description else []


def copy_in(query: str, rows: Iterable[bytes]) -> None:
    """Run a COPY … FROM STDIN (FORMAT BINARY); a row is its number of columns, two bytes, and its `copy_value`s."""
    remaining = iter(rows)
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(query) as copy:
        copy.write(_COPY_HEADER)
        while block := b"".join(islice(remaining, _ROWS_PER_WRITE)):
            copy.write(block)
        copy.write(_COPY_TRAILER)


def _array(element_type: int, values: Collection[bytes]) -> bytes:
    header = _ARRAY_HEADER.pack(1, 0, element_type, len(values), 1)
    return header + b"".join([_LENGTHS[len(value)] + value for value in values])


class _BinaryDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: bytes) -> bytes:
        return obj


class _TextArrayDumper(_BinaryDumper):
    oid = _TEXT_ARRAY


class _BytesArrayDumper(_BinaryDumper):
    oid = _BYTEA_ARRAY


class _BigintArrayDumper(_BinaryDumper):
    oid = _INT8_ARRAY
