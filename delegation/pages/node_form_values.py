"""Forms of an operator that move no money: the terms of a node, its details, a new node. Text in, values out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from protocol.addresses import normalize
from protocol.amounts import MAX_AMOUNT, parse_amount
from protocol.errors import Invalid, ParameterOutOfBounds, ProtocolError

_PERCENT = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
LONGEST = 4_000


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it was typed, what it means, and the first refusal with its field."""

    texts: dict[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    refusal: ProtocolError | None = None


def read_percent(text: str, name: str) -> int:
    """A percentage with at most two decimals as bps. Raises: `parameter_out_of_bounds`."""
    match = _PERCENT.fullmatch(text)
    if match is None:
        raise ParameterOutOfBounds("Give a percentage, for example 80 or 82.5.", field=name)
    return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))


def read_cap(text: str) -> int | None:
    """A delegation cap in µIFM; nothing typed is no cap. Raises: `amount_invalid`."""
    return parse_amount(text) if text else None


def read_hardware(text: str) -> dict[str, Any]:
    """Lines of `name = value` as named values; whole numbers are numbers. Raises: `invalid`."""
    found: dict[str, Any] = {}
    for line in text[:LONGEST].splitlines():
        if not line.strip():
            continue
        name, equal, value = (part.strip() for part in line.partition("="))
        if not equal or not name:
            raise Invalid(
                "Write each part of the hardware on a line of its own: gpu_memory_gb = 48.", field="hardware"
            )
        number = _WHOLE.fullmatch(value) and abs(int(value)) <= MAX_AMOUNT
        found[name] = int(value) if number else value
    return found


def write_hardware(hardware: dict[str, Any]) -> str:
    """The same the other way."""
    return "\n".join(f"{name} = {value}" for name, value in hardware.items())


def read_terms(data: QueryDict) -> Filled:
    """Cap and delegator share."""
    return _read(data, {"delegation_cap": read_cap, "delegator_share_bps": _share})


def read_details(data: QueryDict) -> Filled:
    """Name, region, hardware and signing key."""
    return _read(data, {"name": str, "region": str, "signing_key": normalize, "hardware": read_hardware})


def read_node(data: QueryDict) -> Filled:
    """A new node."""
    fields = {
        "address": normalize, "name": str, "region": str, "hardware": read_hardware, "signing_key": _maybe_key,
        "custodial": bool, "delegation_cap": read_cap, "share_bps": _share,
    }  # fmt: skip
    return _read(data, fields)


def _share(text: str) -> int:
    return read_percent(text, "delegator_share_bps")


def _maybe_key(text: str) -> str | None:
    return normalize(text) if text else None


def _read(data: QueryDict, fields: dict[str, Any]) -> Filled:
    texts = {name: data.get(name, "").strip()[:LONGEST] for name in fields}
    values: dict[str, Any] = {}
    for name, read in fields.items():
        try:
            values[name] = read(texts[name])
        except ProtocolError as refusal:
            return Filled(texts, {}, type(refusal)(refusal.detail, field=name))
    return Filled(texts, values)
