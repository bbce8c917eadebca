"""Parse the items of the oracle's batches strictly, and collect the result of each item (R21, R25)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from protocol.addresses import normalize
from protocol.errors import ProtocolError, ReceiptInvalid
from protocol.times import MS, UNIX

# Numbers fit 63 bits, so that a signed column holds them (R21).
WHOLE_LIMIT: Final = 1 << 63
# How far a time may be ahead of the network clock (R21, R25).
AHEAD: Final = timedelta(minutes=5)
# Later times cannot be formatted.
LAST_MS: Final = (datetime.max.replace(tzinfo=UTC) - UNIX) // MS

_JOB_ID_LENGTH: Final = 64
# Most items repeat the addresses of a few nodes.
_normalize: Final = lru_cache(maxsize=65_536)(normalize)
_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)


@dataclass(frozen=True, slots=True)
class RejectedItem:
    """An item that was rejected: its index in the batch, its job id as sent, error code and sentence."""

    index: int
    job_id: str | None
    code: str
    detail: str


@dataclass(slots=True)
class BatchResult:
    """The result of a batch: how many items were recorded, how many are duplicates, and the rejected ones."""

    accepted: int = 0
    duplicates: int = 0
    rejected: list[RejectedItem] = field(default_factory=list)

    def reject(self, index: int, job_id: object, error: ProtocolError) -> None:
        """Add a rejected item; its job id is cut, and half surrogate pairs are replaced."""
        shown = job_id[:_JOB_ID_LENGTH].encode(errors="replace").decode() if isinstance(job_id, str) else None
        self.rejected.append(RejectedItem(index, shown, error.code, error.detail))


def read_object(item: object) -> Mapping[str, object]:
    """Return the item. Raises: `receipt_invalid` unless it is an object of named values."""
    if not isinstance(item, dict):
        raise ReceiptInvalid("Send each item as an object of named values.")
    return item


def read_whole(value: object, name: str) -> int:
    """A whole number from 0, below 2^63. Raises: `receipt_invalid`; no float, text or boolean is one."""
    if type(value) is not int or not 0 <= value < WHOLE_LIMIT:
        raise ReceiptInvalid(f"Give {name} as a whole number from 0 to {WHOLE_LIMIT - 1}.", field=name)
    return value


def read_text(value: object, name: str, longest: int) -> str:
    """A text of 1 to `longest` characters that the database can hold. Raises: `receipt_invalid`."""
    if type(value) is not str or not 0 < len(value) <= longest:
        raise ReceiptInvalid(f"Give {name} as text of 1 to {longest} characters.", field=name)
    if not value.isascii():
        _check_unicode(value, name)
    if "\0" in value:
        raise ReceiptInvalid(f"Give {name} without NUL characters.", field=name)
    return value


def read_address(value: object, name: str) -> str:
    """An address in its canonical form (R5). Raises: `address_invalid`, `receipt_invalid` for anything but text."""
    if type(value) is not str:
        raise ReceiptInvalid(f"Give {name} as an address.", field=name)
    return _normalize(value)


def read_moment(value: object, name: str) -> int:
    """An RFC 3339 time as ms since 1970, finer digits cut off. Raises: `receipt_invalid`."""
    # Nearly all have the form 2026-01-31T12:00:00.000Z; fromisoformat() checks their digits.
    if type(value) is str and (
        (
            len(value) == 24
            and value[10] == "T"
            and value[19] == "."
            and value[23] == "Z"
            and value[4] == value[7] == "-"
        )
        or _MOMENT.fullmatch(value)
    ):
        try:
            since = datetime.fromisoformat(value if value[-1] == "Z" else value.upper()) - UNIX
        except (ValueError, OverflowError):
            since = -MS
        moment = since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000
        if 0 <= moment <= LAST_MS:
            return moment
    raise ReceiptInvalid(
        f"Give {name} as an RFC 3339 time, for example 2026-01-31T12:00:00.000Z.", field=name
    )


def read_bytes(value: object, name: str, length: int) -> bytes | None:
    """0x and hex digits of exactly `length` bytes, None when absent. Raises: `receipt_invalid`."""
    if value is None:
        return None
    if type(value) is str and len(value) == 2 + 2 * length and value[:2] in ("0x", "0X"):
        try:
            # fromhex() skips spaces; the length below detects them.
            raw = bytes.fromhex(value[2:])
        except ValueError:
            raw = b""
        if len(raw) == length:
            return raw
    if value in ("", "0x"):
        return None
    raise ReceiptInvalid(f"Give {name} as 0x and {2 * length} hex digits, or leave it out.", field=name)


def _check_unicode(value: str, name: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ReceiptInvalid(
            f"Give {name} as valid Unicode: it contains half of a surrogate pair.", field=name
        ) from None
