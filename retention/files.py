"""Archive files: gzip NDJSON in Django's storage `archive`, a folder or a bucket.

The first line describes the file; every other line is one object. The same content makes the same bytes.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from os import SEEK_END
from tempfile import TemporaryFile
from typing import IO, Any

from django.core.files import File
from django.core.files.storage import Storage, storages

from web.storage_errors import storage_errors

SCHEMA = "inframind.archive/1"
LEVEL = 6
CHUNK_BYTES = 1 << 20


class Damaged(Exception):
    """An archive file is missing, is not the one that was written, or cannot be read or written."""


@dataclass(frozen=True, slots=True)
class Written:
    """A file as it was written: lines after the header, bytes, and the SHA-256 of the bytes."""

    rows: int
    size: int
    sha256: str


def storage() -> Storage:
    return storages["archive"]


def write(name: str, header: dict[str, Any], lines: Iterable[bytes]) -> Written:
    """Write a file under `name`, replacing one that a process left behind, and read it back. Raises: Damaged."""
    with TemporaryFile() as scratch:
        rows = _compress(scratch, header, lines)
        return _save(name, scratch, rows)


def copy(name: str, blocks: Iterable[bytes]) -> Written:
    """Write a gzip file that is made already, in blocks. Raises: Damaged."""
    with TemporaryFile() as scratch:
        for block in blocks:
            scratch.write(block)
        return _save(name, scratch, _lines(scratch) - 1)


def _save(name: str, scratch: IO[bytes], rows: int) -> Written:
    size = scratch.tell()
    scratch.seek(0)
    try:
        # A storage would choose another name rather than overwrite.
        storage().delete(name)
        storage().save(name, File(scratch, name))
    except storage_errors() as error:
        raise Damaged(f"{name} cannot be written: {error}") from error
    scratch.seek(0)
    written = Written(rows, size, _digest(scratch))
    verify(name, written.sha256)
    return written


def verify(name: str, digest: str) -> None:
    """Raise Damaged unless the stored file has this SHA-256."""
    try:
        with storage().open(name) as file:
            stored = _digest(file)
    except storage_errors() as error:
        raise Damaged(f"{name} cannot be read: {error}") from error
    if stored != digest:
        raise Damaged(f"{name} has SHA-256 {stored}, not {digest}")


def encode(row: dict[str, Any]) -> bytes:
    """One object as a line, without its end."""
    return json.dumps(row, separators=(",", ":"), ensure_ascii=False, default=str).encode()


def _lines(file: IO[bytes]) -> int:
    """Lines of a gzip file that ends here; it is at its end again afterwards."""
    file.seek(0)
    with gzip.GzipFile(fileobj=file, mode="rb") as content:
        lines = sum(1 for _ in content)
    file.seek(0, SEEK_END)
    return lines


def _compress(file: IO[bytes], header: dict[str, Any], lines: Iterable[bytes]) -> int:
    rows = 0
    # No time and no name in the file: written again, it is the same.
    with gzip.GzipFile("", "wb", LEVEL, file, mtime=0) as out:
        out.write(encode({"schema": SCHEMA, **header}) + b"\n")
        for line in lines:
            out.write(line + b"\n")
            rows += 1
    return rows


def _digest(file: Any) -> str:
    digest = sha256()
    while chunk := file.read(CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()
