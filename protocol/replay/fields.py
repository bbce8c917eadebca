"""The fields of the published lines, and which values each may have (R53)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from protocol import performance as rules
from protocol.tables import JOB_CLASSES, OFFENCE_NAMES

# The largest amount that a leaf of the tree can hold.
LARGEST: Final = 2**256 - 1
# Times and durations of a receipt are signed as 64 bits.
LARGEST_TIME: Final = 2**64 - 1
STATUSES: Final = ("active", "cooldown", "banned", "retired")
BUCKET_KINDS: Final = ("self", "delegated")
PROOFS: Final = (
    rules.PROOF_VALID, rules.PROOF_MISSING, rules.PROOF_INVALID, rules.PROOF_FORGED, rules.PROOF_UNCHECKED,
)  # fmt: skip

Check = Callable[[Any], object]

_ADDRESS: Final = re.compile(r"0x[0-9a-f]{40}").fullmatch
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]").search


def _whole(value: Any) -> bool:
    # A bool is an int to Python.
    return type(value) is int and 0 <= value <= LARGEST


def _whole_or_none(value: Any) -> bool:
    return value is None or _whole(value)


def _time(value: Any) -> bool:
    return type(value) is int and 0 <= value <= LARGEST_TIME


def _text(value: Any) -> bool:
    # A lone surrogate is valid JSON and cannot be encoded.
    return type(value) is str and (value.isascii() or not _SURROGATE(value))


def _flag(value: Any) -> bool:
    return type(value) is bool


def _object(value: Any) -> bool:
    return type(value) is dict


def _address(value: Any) -> object:
    return type(value) is str and _ADDRESS(value)


def _one_of(names: Collection[str]) -> Check:
    known = frozenset(names)
    return lambda value: type(value) is str and value in known


def _hex(size: int) -> Check:
    """Hex digits of `size` bytes, or null."""
    match = re.compile(rf"0x[0-9a-fA-F]{{{2 * size}}}").fullmatch
    return lambda value: value is None or (type(value) is str and match(value))


# The fields of each kind of line, besides `type`.
LINES: Final[dict[str, dict[str, Check]]] = {
    "header": {
        "schema": _whole, "epoch": _whole, "start": _text, "end": _text, "settled_at": _text, "chain_id": _whole,
        "lines": _whole, "parameters_version": _whole, "parameters": _object, "carry_in": _whole,
    },
    "node": {
        # What the node is when the epoch is settled.
        "address": _address, "operator": _address, "region": _text, "status": _one_of(STATUSES),
        "signing_key": _address, "custodial": _flag, "banned": _flag, "retired": _flag, "cooldown_until": _whole,
        "delegation_cap": _whole_or_none, "share_bps": _whole,
        "self_stake": _whole, "active_stake": _whole, "generation": _whole, "pool_tokens": _whole,
        "pool_shares": _whole, "pending_shares": _whole,
        "former_q": _whole_or_none, "former_penalty": _whole, "former_reputation": _whole, "strikes": _whole,
        "fake_resources": _flag,
        # What it did in the epoch.
        "accepted": _whole, "good": _whole, "rejected": _whole, "dropped": _whole, "mismatched": _whole,
        "invalid": _whole, "forged": _whole, "credits": _whole, "latency_count": _whole,
        "latency_sum": _whole, "latency_squares": _whole, "heard": _whole, "slots": _whole,
    },
    "demand": {"region": _text, "jobs": _whole},
    "former_key": {"node": _address, "key": _address, "receipts": _whole},
    "pending": {"node": _address, "wallet": _address, "shares": _whole},
    "slash": {
        "id": _whole, "node": _address, "offence": _one_of(OFFENCE_NAMES), "epoch": _whole, "due_epoch": _whole,
        "self_bps": _whole, "delegated_bps": _whole, "base_self": _whole, "base_delegated": _whole,
        "taken_self": _whole, "taken_delegated": _whole,
    },
    "bucket": {"node": _address, "kind": _one_of(BUCKET_KINDS), "epoch": _whole, "tokens": _whole},
    "dispute": {
        "slash": _whole, "uphold": _whole, "overturn": _whole, "abstain": _whole, "quorum_bps": _whole,
        "quorum_base": _whole, "banned_without": _flag, "cooldown_without": _whole,
    },
    "redelegation": {"id": _whole, "from": _address, "to": _address, "wallet": _address, "amount": _whole},
    "position": {"node": _address, "wallet": _address, "shares": _whole, "generation": _whole},
    "exit": {
        "wallet": _address, "amount": _whole, "total": _whole, "deposited": _whole, "minted": _whole,
        "burned": _whole, "released": _whole,
    },
}  # fmt: skip

RECEIPT: Final[dict[str, Check]] = {
    "job_id": _text, "node": _address, "job_class": _one_of(JOB_CLASSES), "region": _text,
    "accepted_at": _time, "deadline_ms": _time, "latency_ms": _time, "outcome": _one_of(rules.OUTCOMES),
    "credits": _whole, "result_digest": _hex(32), "trace_root": _hex(32), "verified_trace_root": _hex(32),
    "signature": _hex(65), "proof": _one_of(PROOFS),
}  # fmt: skip


# The figures of a row that make its leaves.
ROW: Final[dict[str, Check]] = {
    "node": _address, "reward": _whole, "honest_reward": _whole, "slashed": _whole,
}  # fmt: skip


def wrong_field(line: Mapping[str, Any], fields: Mapping[str, Check]) -> str | None:
    """The first field of a line that is missing or has a value that it cannot have; None when all are right."""
    get = line.get
    for name, check in fields.items():
        if not check(get(name, _MISSING)):
            return name
    return None


_MISSING: Final = object()
