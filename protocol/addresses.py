"""Addresses: 20 bytes, stored as lower-case hex, shown with the EIP-55 checksum (R5)."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from protocol.errors import AddressInvalid

_ADDRESS = re.compile(r"0[xX][0-9a-fA-F]{40}")
_CAPACITY_BYTES: Final = 64
_ROUNDS: Final = 24
# Keccak's own padding; SHA3 has another.
_PADDING: Final = 1
_COMMON_LENGTHS: Final = 257

_of_thread = threading.local()


def keccak256(data: bytes) -> bytes:
    """The 32-byte Keccak-256 digest of data (Ethereum's, not the later SHA3-256)."""
    try:
        keccak = _of_thread.keccak
    except AttributeError:
        keccak = _of_thread.keccak = _new_keccak()
    digest: bytes = keccak(data)
    return digest


def _new_keccak() -> Callable[[bytes], bytes]:
    """Keccak-256 with a state of its own; a new one for each digest, as in the library, takes three times as long."""
    # Commands that hash nothing start without the library and the C interface that it loads.
    from Crypto.Hash.keccak import _raw_keccak_lib as library
    from Crypto.Util import _raw_api as c

    made = c.VoidPointer()
    library.keccak_init(made.address_of(), c.c_size_t(_CAPACITY_BYTES), c.c_ubyte(_ROUNDS))
    owner = c.SmartPointer(made.get(), library.keccak_destroy)
    state, digest = owner.get(), c.create_string_buffer(32)
    reset, absorb, squeeze = library.keccak_reset, library.keccak_absorb, library.keccak_digest
    raw, size, padding = c.get_raw_buffer, c.c_size_t(32), c.c_ubyte(_PADDING)
    # Lengths of most hashed values as C integers, created once.
    lengths = tuple(map(c.c_size_t, range(_COMMON_LENGTHS)))

    # The default holds the owner: without it the state is freed.
    def keccak(data: bytes, _owner: Any = owner) -> bytes:
        length = len(data)
        reset(state)
        absorb(state, data, lengths[length] if length < _COMMON_LENGTHS else c.c_size_t(length))
        squeeze(state, digest, size, padding)
        return bytes(raw(digest))

    return keccak


@lru_cache(maxsize=65_536)
def checksum(address: str) -> str:
    """The EIP-55 form of an address in canonical form (R5)."""
    digits = address[2:].lower()
    marks = keccak256(digits.encode("ascii")).hex()
    return "0x" + "".join(
        digit.upper() if mark >= "8" else digit for digit, mark in zip(digits, marks, strict=False)
    )


def normalize(text: str) -> str:
    """The canonical (lower-case) form of an address given in any letter case (R5).

    Raises AddressInvalid unless it is 0x and 40 hex digits, all of one case or rightly checksummed.
    """
    if not isinstance(text, str) or _ADDRESS.fullmatch(text) is None:
        raise AddressInvalid
    digits = text[2:]
    canonical = "0x" + digits.lower()
    one_case = digits in (digits.lower(), digits.upper())
    if not one_case and checksum(canonical)[2:] != digits:
        raise AddressInvalid("Check the address for a typing error: its checksum is wrong.")
    return canonical


@lru_cache(maxsize=16_384)
def address_of_public_key(public_key: bytes) -> str:
    """The canonical address of an uncompressed public key (64 bytes, or 65 that begin with 4).

    Raises ValueError for any other length: such a key cannot come from outside.
    """
    if len(public_key) not in (64, 65):
        raise ValueError("an uncompressed public key has 64 or 65 bytes")
    return "0x" + keccak256(public_key[-64:])[12:].hex()
