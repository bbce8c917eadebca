"""Files of receipts: a JSON list, an object with `receipts`, or one JSON object a line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from infra.refusals import Refused


def read(file: Path) -> list[Any]:
    """The receipts of a file, of the standard input for "-", in their order. Raises `file_invalid`."""
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused("file_invalid", f"{file} cannot be read: {error}.") from None
    return parse(text, str(file))


def parse(text: str, name: str) -> list[Any]:
    """The receipts of a text. Raises `file_invalid`, with the line of the first error."""
    try:
        whole = json.loads(text)
    except ValueError:
        return _lines(text, name)
    if isinstance(whole, dict) and isinstance(whole.get("receipts"), list):
        return list(whole["receipts"])
    return whole if isinstance(whole, list) else [whole]


def _lines(text: str, name: str) -> list[Any]:
    receipts = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                receipts.append(json.loads(line))
            except ValueError as error:
                raise Refused("file_invalid", f"{name}, line {number}, is not JSON: {error}.") from None
    return receipts
