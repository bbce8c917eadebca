"""The compiled contracts, as committed beside their Vyper sources, and the encoding of their calls and events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from chain import abi

DIRECTORY = Path(__file__).parent


class Contract:
    """A compiled contract: its JSON ABI and its creation bytecode, without constructor arguments."""

    def __init__(self, name: str, entries: list[dict[str, Any]], bytecode: bytes) -> None:
        self.name = name
        self.abi = entries
        self.bytecode = bytecode

    @cached_property
    def _entries(self) -> dict[str, dict[str, Any]]:
        return {entry.get("name", entry["type"]): entry for entry in self.abi}

    def deployment(self, *arguments: Any) -> bytes:
        """The data of the transaction that creates the contract."""
        return self.bytecode + abi.encode(_types(self._entries["constructor"]["inputs"]), arguments)

    def call(self, function: str, *arguments: Any) -> bytes:
        """The data of a call of a function."""
        return abi.encode_call(self._signature(function), *arguments)

    def result(self, function: str, data: bytes) -> Any:
        """The value that a function returned; a tuple when it returns several, None when it returns nothing."""
        values = abi.decode(_types(self._entries[function]["outputs"]), data)
        return values if len(values) > 1 else next(iter(values), None)

    def topic(self, event: str) -> str:
        """The first topic of an event's logs."""
        return abi.event_topic(self._signature(event))

    def event(self, log: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """The name and the fields of an event in a log; raises AbiError for a log that is none of the contract's."""
        topics = log["topics"]
        for name, entry in self._entries.items():
            if entry["type"] == "event" and topics and topics[0] == self.topic(name):
                return name, _fields(entry["inputs"], topics[1:], bytes.fromhex(log["data"][2:]))
        raise abi.AbiError(f"not an event of {self.name}")

    def _signature(self, name: str) -> str:
        return f"{name}({','.join(_types(self._entries[name]['inputs']))})"


@cache
def load(name: str) -> Contract:
    """The compiled contract of that name, `InfraMindSettlement` or `IFM`."""
    artifact = json.loads((DIRECTORY / f"{name}.json").read_text())
    return Contract(name, artifact["abi"], bytes.fromhex(artifact["bytecode"][2:]))


def _types(parameters: list[dict[str, Any]]) -> list[str]:
    return [_type(parameter) for parameter in parameters]


def _type(parameter: dict[str, Any]) -> str:
    name = str(parameter["type"])
    if name.startswith("tuple"):
        return f"({','.join(_types(parameter['components']))}){name.removeprefix('tuple')}"
    return name


def _fields(parameters: list[dict[str, Any]], topics: list[str], data: bytes) -> dict[str, Any]:
    indexed = [parameter for parameter in parameters if parameter["indexed"]]
    others = [parameter for parameter in parameters if not parameter["indexed"]]
    if len(indexed) != len(topics):
        raise abi.AbiError(f"{len(indexed)} topics expected, not {len(topics)}")
    words = b"".join(bytes.fromhex(topic[2:]) for topic in topics)
    values = (*abi.decode(_types(indexed), words), *abi.decode(_types(others), data))
    names = [parameter["name"] for parameter in (*indexed, *others)]
    return dict(zip(names, values, strict=True))
