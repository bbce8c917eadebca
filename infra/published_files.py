"""The published files of an epoch: gzip, one JSON object a line."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import Any

from infra.client import Api, path
from infra.refusals import Refused

GZIP = b"\x1f\x8b"
# The version of the file of receipts.
SCHEMA = 1


def lines_of(api: Api, epoch: int, name: str) -> Iterator[bytes]:
    """The lines of `epochs/N/<name>`. Raises Refused, also for a file that is cut off or damaged."""
    content = api.download(path("epochs", epoch, name))
    return iter(_decompressed(content, name).splitlines())


def receipts_in(lines: Iterator[bytes], epoch: int) -> Iterator[dict[str, Any]]:
    """The receipts of an epoch, after the header. Raises Refused for a file that is another's, cut off or damaged."""
    header = _json(next(lines, b""), 1)
    if header.get("type") != "header" or header.get("schema") != SCHEMA or header.get("epoch") != epoch:
        raise Refused("bad_file", f"Line 1 of the receipts is no header of schema {SCHEMA} of epoch {epoch}.")
    count = 0
    for line in lines:
        count += 1
        yield _json(line, count + 1)
    if header.get("lines") != count:
        raise Refused(
            "bad_file",
            f"The receipts were cut off: {header.get('lines')} follow the header, the file has {count}.",
        )


def _decompressed(content: bytes, name: str) -> bytes:
    if not content.startswith(GZIP):
        return content
    stream = zlib.decompressobj(31)
    try:
        plain = stream.decompress(content) + stream.flush()
    except zlib.error:
        raise Refused("bad_file", f"The file of {name} is damaged: it cannot be decompressed.") from None
    if not stream.eof:
        raise Refused("bad_file", f"The file of {name} was cut off.")
    if stream.unused_data:
        raise Refused("bad_file", f"The file of {name} goes on after its end.")
    return plain


def _json(line: bytes, number: int) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Refused("bad_file", f"Line {number} of the receipts is no JSON object.")
    return value
