"""The published inputs of an epoch: one JSON object a line, the header first (R53). Amounts in µIFM."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from protocol.errors import ProtocolError
from protocol.parameters import Parameters, from_json

SCHEMA: Final = 1

# The fields of each kind of line, besides `type`, with the type of their values.
_NUMBER, _TEXT, _FLAG, _OPTIONAL, _OBJECT, _LIST = int, str, bool, (int, type(None)), dict, list
LINES: Final[dict[str, dict[str, Any]]] = {
    "header": {
        "schema": _NUMBER, "epoch": _NUMBER, "start": _TEXT, "end": _TEXT, "chain_id": _NUMBER, "lines": _NUMBER,
        "parameters_version": _NUMBER, "parameters": _OBJECT, "carry_in": _NUMBER,
    },
    "node": {
        # What the node is when the epoch is settled.
        "address": _TEXT, "operator": _TEXT, "region": _TEXT, "status": _TEXT, "signing_key": _TEXT,
        "custodial": _FLAG, "banned": _FLAG, "retired": _FLAG, "cooldown_until": _NUMBER,
        "delegation_cap": _OPTIONAL, "share_bps": _NUMBER,
        "self_stake": _NUMBER, "active_stake": _NUMBER, "generation": _NUMBER, "pool_tokens": _NUMBER,
        "pool_shares": _NUMBER, "pending_shares": _NUMBER,
        "former_q": _OPTIONAL, "former_penalty": _NUMBER, "former_reputation": _NUMBER, "strikes": _NUMBER,
        "fake_resources": _FLAG,
        # What it did in the epoch.
        "accepted": _NUMBER, "good": _NUMBER, "rejected": _NUMBER, "dropped": _NUMBER, "mismatched": _NUMBER,
        "invalid": _NUMBER, "forged": _NUMBER, "credits": _NUMBER, "latency_count": _NUMBER,
        "latency_sum": _NUMBER, "latency_squares": _NUMBER, "heard": _NUMBER, "slots": _NUMBER,
    },
    "demand": {"region": _TEXT, "jobs": _NUMBER},
    "pending": {"node": _TEXT, "wallet": _TEXT, "shares": _NUMBER},
    "slash": {
        "id": _NUMBER, "node": _TEXT, "offence": _TEXT, "epoch": _NUMBER, "due_epoch": _NUMBER,
        "self_bps": _NUMBER, "delegated_bps": _NUMBER, "base_self": _NUMBER, "base_delegated": _NUMBER,
        "taken_self": _NUMBER, "taken_delegated": _NUMBER,
    },
    "bucket": {"node": _TEXT, "kind": _TEXT, "epoch": _NUMBER, "tokens": _NUMBER},
    "dispute": {
        "slash": _NUMBER, "uphold": _NUMBER, "overturn": _NUMBER, "abstain": _NUMBER, "quorum_bps": _NUMBER,
        "quorum_base": _NUMBER, "banned_without": _FLAG, "cooldown_without": _NUMBER,
    },
    "redelegation": {"id": _NUMBER, "from": _TEXT, "to": _TEXT, "wallet": _TEXT, "amount": _NUMBER},
    "position": {"node": _TEXT, "wallet": _TEXT, "shares": _NUMBER, "generation": _NUMBER},
    "exit": {
        "wallet": _TEXT, "amount": _NUMBER, "total": _NUMBER, "deposited": _NUMBER, "minted": _NUMBER,
        "burned": _NUMBER, "released": _NUMBER,
    },
}  # fmt: skip

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
    return inputs


def _line(text: str | bytes, number: int) -> Line:
    try:
        line = json.loads(text)
    except ValueError:
        raise InputsInvalid(f"Line {number} of the inputs is not JSON.") from None
    kind = line.get("type") if isinstance(line, dict) else None
    if kind not in LINES:
        raise InputsInvalid(f"Line {number} of the inputs has no known type.")
    for name, wanted in LINES[kind].items():
        value = line.get(name, _MISSING)
        # A bool is an int to Python.
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not _FLAG):
            raise InputsInvalid(
                f"Line {number} of the inputs ({kind}): {name} is missing or of another type."
            )
    return dict(line)


_MISSING: Final = object()


def _check_references(inputs: EpochInputs) -> None:
    addresses = [node["address"] for node in inputs.nodes]
    if addresses != sorted(set(addresses)):
        raise InputsInvalid("The nodes of the inputs are not in the order of their addresses, each once.")
    known = set(addresses)
    for kind, names in (
        ("pending", ("node",)), ("slash", ("node",)), ("bucket", ("node",)), ("position", ("node",)),
        ("redelegation", ("from", "to")),
    ):  # fmt: skip
        for line in inputs.lines[kind]:
            for name in names:
                if line[name] not in known:
                    raise InputsInvalid(f"A {kind} of the inputs names an unknown node: {line[name]}.")


def write(header: Mapping[str, Any], lines: Iterable[str]) -> bytes:
    """The file of inputs: the header with the number of lines, then the lines, each a JSON object without a newline."""
    rows = list(lines)
    first = json.dumps(
        {"type": "header", "schema": SCHEMA, **header, "lines": len(rows)}, separators=(",", ":")
    )
    return "\n".join([first, *rows, ""]).encode()
