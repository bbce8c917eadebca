"""CSV files with a header, plain or gzip, that are checked to their last line before a row of them is used."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

GZIP_MAGIC = b"\x1f\x8b"
Line = tuple[int, dict[str, str]]


class BadFile(Exception):
    """The file is invalid; the message says where and why. No row was imported."""


class Table:
    """Rows of one CSV file by line number, each with exactly the given columns, in whatever order.

    Raises BadFile, here and while rows are read: no such file, another column, a line with more or fewer cells,
    a broken or truncated gzip, text that is not UTF-8.
    """

    def __init__(self, path: str, columns: Sequence[str]) -> None:
        self.path = Path(path)
        self.columns = columns
        self.rows = sum(1 for _ in self.lines())

    def lines(self) -> Iterator[Line]:
        """Every row with its line number."""
        number = 0
        try:
            with self._opened() as text:
                for number, cells in self._cells(text):
                    yield number, cells
        except (OSError, EOFError, zlib.error, UnicodeError, csv.Error) as error:
            raise BadFile(f"{self.path}: {_reason(error, number)}") from error

    def _cells(self, text: IO[str]) -> Iterator[Line]:
        reader = csv.reader(text, strict=True)
        names = next(reader, [])
        self._check_columns(names)
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(names):
                problem = f"{len(cells)} columns instead of {len(names)}"
                raise BadFile(f"{self.path}: line {reader.line_num} has {problem}: is the file cut off?")
            yield reader.line_num, dict(zip(names, cells, strict=True))

    def _check_columns(self, names: list[str]) -> None:
        missing = [name for name in self.columns if name not in names]
        strange = [name for name in names if name not in self.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        for fault, which in (("lacks", missing), ("has the unknown", strange), ("has twice the", twice)):
            if which:
                expected = ",".join(self.columns)
                raise BadFile(
                    f"{self.path}: the first line {fault} column {which[0]!r}; it should be {expected}"
                )

    @contextmanager
    def _opened(self) -> Iterator[IO[str]]:
        with self.path.open("rb") as raw:
            packed = raw.read(2) == GZIP_MAGIC
            raw.seek(0)
            plain = gzip.GzipFile(fileobj=raw) if packed else raw
            with io.TextIOWrapper(io.BufferedReader(plain), encoding="utf-8-sig", newline="") as text:
                yield text


def _reason(error: Exception, line: int) -> str:
    where = f"after line {line}" if line else "at its start"
    if isinstance(error, gzip.BadGzipFile | zlib.error):
        return f"the gzip is broken {where}"
    if isinstance(error, EOFError):
        return f"the gzip is cut off {where}"
    if isinstance(error, UnicodeError):
        return f"the text is not UTF-8 {where}"
    if isinstance(error, csv.Error):
        return f"the CSV is broken {where}: {error}"
    return f"cannot be read: {error.strerror or error}" if isinstance(error, OSError) else str(error)
