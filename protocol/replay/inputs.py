"""The published inputs of an epoch: one JSON object a line, the header first (R53). Amounts in µIFM."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from protocol.errors import ProtocolError
from protocol.parameters import Parameters, from_json
from protocol.replay.fields import LINES, wrong_field

SCHEMA: Final = 1

Line = dict[str, Any]


class InputsInvalid(Exception):
    """The inputs cannot be used; the message is one sentence that says why."""


@dataclass(slots=True)
class EpochInputs:
    """The inputs of an epoch: the header, and the other lines by kind in the order of the file."""

    header: Line
    params: Parameters
    lines: dict[str, list[Line]] = field(default_factory=lambda: {kind: [] for kind in LINES})

    @property
    def epoch(self) -> int:
        return int(self.header["epoch"])

    @property
    def nodes(self) -> list[Line]:
        """One line for each node, by address."""
        return self.lines["node"]


def parse(lines: Iterable[str | bytes]) -> EpochInputs:
    """Read the inputs of an epoch. Raises InputsInvalid for a file that is cut off, altered or of another schema."""
    rows = [line for line in lines if line.strip()]
    if not rows:
        raise InputsInvalid("The inputs file is empty.")
    header = _line(rows[0], 1)
    if header.get("type") != "header":
        raise InputsInvalid("Line 1 of the inputs is no header.")
    if header["schema"] != SCHEMA:
        raise InputsInvalid(f"The inputs have schema {header['schema']}; this version reads schema {SCHEMA}.")
    if header["lines"] != len(rows) - 1:
        raise InputsInvalid(
            f"The inputs were cut off: {header['lines']} lines follow the header, the file has {len(rows) - 1}."
        )
    try:
        inputs = EpochInputs(header, from_json(header["parameters"]))
    except ProtocolError as error:
        raise InputsInvalid(f"The parameters of the inputs cannot be read: {error.detail}") from None
    for number, row in enumerate(rows[1:], 2):
        line = _line(row, number)
        inputs.lines[line["type"]].append(line)
    _check_references(inputs)
    for node in inputs.nodes:
        _check_node(node, inputs.epoch)
    return inputs


@contextmanager
def applied_rules(inputs: EpochInputs) -> Iterator[None]:
    """Raise InputsInvalid where the rules refuse the inputs: values that are right each, and not together."""
    try:
        yield
    except (ArithmeticError, LookupError, TypeError, ValueError, ProtocolError) as error:
        raise InputsInvalid(
            f"The inputs of epoch {inputs.epoch} contradict themselves: the rules cannot be applied to them ({error})."
        ) from error


def _line(text: str | bytes, number: int) -> Line:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        raise InputsInvalid(f"Line {number} of the inputs is not JSON.") from None
    kind = line.get("type") if isinstance(line, dict) else None
    fields = LINES.get(kind) if isinstance(kind, str) else None
    if fields is None or (kind == "header" and number > 1):
        raise InputsInvalid(f"Line {number} of the inputs has no known type.")
    wrong = wrong_field(line, fields)
    if wrong is not None:
        raise InputsInvalid(
            f"Line {number} of the inputs ({kind}): {wrong} is missing or has a value that it cannot have."
        )
    return dict(line)


def _check_references(inputs: EpochInputs) -> None:
    addresses = [node["address"] for node in inputs.nodes]
    if addresses != sorted(set(addresses)):
        raise InputsInvalid("The nodes of the inputs are not in the order of their addresses, each once.")
    known = set(addresses)
    for kind, names in (
        ("former_key", ("node",)), ("pending", ("node",)), ("slash", ("node",)), ("bucket", ("node",)),
        ("position", ("node",)),
        ("redelegation", ("from", "to")),
    ):  # fmt: skip
        for line in inputs.lines[kind]:
            for name in names:
                if line[name] not in known:
                    raise InputsInvalid(f"A {kind} of the inputs names an unknown node: {line[name]}.")


def _check_node(node: Line, epoch: int) -> None:
    """Refuse figures of a node that contradict each other."""
    count, total, squares = node["latency_count"], node["latency_sum"], node["latency_squares"]
    # The mean of the squares is never below the square of the mean.
    if count * squares < total * total or (count == 0 and squares):
        raise InputsInvalid(
            f"The inputs of epoch {epoch} contradict themselves: no latencies have the count, sum and sum of "
            f"squares of node {node['address']}."
        )


def write(header: Mapping[str, Any], lines: Iterable[str]) -> bytes:
    """The file of inputs: the header with the number of lines, then the lines, each a JSON object without a newline."""
    rows = list(lines)
    first = json.dumps(
        {"type": "header", "schema": SCHEMA, **header, "lines": len(rows)}, separators=(",", ":")
    )
    return "\n".join([first, *rows, ""]).encode()
