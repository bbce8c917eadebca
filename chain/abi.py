"""ABI encoding and decoding of the types that the project's contracts use.

Types: `uintN` as int, `address` as "0x" and 40 lower-case hex digits, `bool`, `bytesN` and `bytes` as bytes,
`string` as str, lists `T[]` and tuples `(T,U)` as sequences.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from protocol.addresses import keccak256

WORD = 32
_ADDRESS = re.compile("0x[0-9a-fA-F]{40}")


class AbiError(ValueError):
    """A value does not fit its type, or data are not an encoding of the types."""


def split_types(types: str) -> list[str]:
    """The types of a list like `address,(uint256,bytes32)[]`, split at its outer commas."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(types + ","):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(types[start:place])
            start = place + 1
    return [part for part in parts if part]


def selector(signature: str) -> bytes:
    """The first four bytes of a call of a function, e.g. of `transfer(address,uint256)`."""
    return keccak256(signature.encode())[:4]


def event_topic(signature: str) -> str:
    """The first topic of an event's logs, as 0x-hex."""
    return "0x" + keccak256(signature.encode()).hex()


def encode_call(signature: str, *values: Any) -> bytes:
    """The data of a call of a function with arguments."""
    types = split_types(signature[signature.index("(") + 1 : -1])
    return selector(signature) + encode(types, values)


def encode(types: Sequence[str], values: Sequence[Any]) -> bytes:
    """The values in sequence, dynamic ones after the others; raises AbiError when one does not fit its type."""
    if len(types) != len(values):
        raise AbiError(f"{len(types)} values expected, not {len(values)}")
    offset = sum(map(_head_size, types))
    head, tail = [], []
    for kind, value in zip(types, values, strict=True):
        data = _encode_one(kind, value)
        if _is_dynamic(kind):
            head.append(offset.to_bytes(WORD, "big"))
            tail.append(data)
            offset += len(data)
        else:
            head.append(data)
    return b"".join(head + tail)


def decode(types: Sequence[str], data: bytes, start: int = 0) -> tuple[Any, ...]:
    """The values that `data` encode from `start` on; raises AbiError when they are cut off or malformed."""
    values, place = [], start
    for kind in types:
        at = start + _read(data, place) if _is_dynamic(kind) else place
        values.append(_decode_one(kind, data, at))
        place += _head_size(kind)
    return tuple(values)


def _is_dynamic(kind: str) -> bool:
    if kind.startswith("(") and kind.endswith(")"):
        return any(map(_is_dynamic, split_types(kind[1:-1])))
    return kind.endswith("[]") or kind in ("bytes", "string")


def _head_size(kind: str) -> int:
    if kind.startswith("(") and not _is_dynamic(kind):
        return sum(map(_head_size, split_types(kind[1:-1])))
    return WORD


def _encode_one(kind: str, value: Any) -> bytes:
    if kind.endswith("[]"):
        return len(value).to_bytes(WORD, "big") + encode([kind[:-2]] * len(value), value)
    if kind.startswith("("):
        return encode(split_types(kind[1:-1]), value)
    if kind in ("bytes", "string"):
        data = bytes(value.encode() if kind == "string" else value)
        return len(data).to_bytes(WORD, "big") + data + bytes(-len(data) % WORD)
    return _encode_word(kind, value)


def _encode_word(kind: str, value: Any) -> bytes:
    if kind.startswith("uint") and isinstance(value, int) and 0 <= value < 1 << int(kind[4:]):
        return value.to_bytes(WORD, "big")
    if kind == "bool" and isinstance(value, bool):
        return value.to_bytes(WORD, "big")
    if kind == "address" and isinstance(value, str) and _ADDRESS.fullmatch(value):
        return bytes.fromhex(value[2:]).rjust(WORD, b"\0")
    if kind.startswith("bytes") and isinstance(value, bytes) and len(value) == int(kind[5:]):
        return value.ljust(WORD, b"\0")
    raise AbiError(f"not a value of {kind}: {value!r}")


def _decode_one(kind: str, data: bytes, at: int) -> Any:
    if kind.endswith("[]"):
        count = _read(data, at)
        if count * WORD > len(data):
            raise AbiError("list longer than the data")
        return list(decode([kind[:-2]] * count, data, at + WORD))
    if kind.startswith("("):
        return decode(split_types(kind[1:-1]), data, at)
    if kind in ("bytes", "string"):
        content = _slice(data, at + WORD, _read(data, at))
        return content.decode(errors="replace") if kind == "string" else content
    return _decode_word(kind, _slice(data, at, WORD))


def _decode_word(kind: str, word: bytes) -> Any:
    number = int.from_bytes(word, "big")
    if kind == "address" and number < 1 << 160:
        return "0x" + word[12:].hex()
    if kind == "bool" and number < 2:
        return bool(number)
    if kind.startswith("uint") and number < 1 << int(kind[4:]):
        return number
    if kind.startswith("bytes") and not any(word[int(kind[5:]) :]):
        return word[: int(kind[5:])]
    raise AbiError(f"not a value of {kind}: 0x{word.hex()}")


def _read(data: bytes, at: int) -> int:
    return int.from_bytes(_slice(data, at, WORD), "big")


def _slice(data: bytes, at: int, size: int) -> bytes:
    if at + size > len(data):
        raise AbiError("data cut off")
    return data[at : at + size]
