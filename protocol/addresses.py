"""Addresses: 20 bytes, stored as lower-case hex, shown with the EIP-55 checksum (R5)."""

from __future__ import annotations

import re
import threading
from functools import lru_cache
from typing import Final

from Crypto.Hash.keccak import _raw_keccak_lib as _keccak
from Crypto.Util import _raw_api as _c

from protocol.errors import AddressInvalid

_ADDRESS = re.compile(r"0[xX][0-9a-fA-F]{40}")

_SIZE: Final = _c.c_size_t(32)
_CAPACITY: Final = _c.c_size_t(64)
_ROUNDS: Final = _c.c_ubyte(24)
# Keccak's own padding; SHA3 has another.
_PADDING: Final = _c.c_ubyte(1)
# Lengths of most hashed values as C integers, created once.
_LENGTHS: Final = tuple(map(_c.c_size_t, range(257)))


class _Sponge(threading.local):
    """One Keccak state per thread; a new one for each digest, as in the library, takes three times as long."""

    def __init__(self) -> None:
        made = _c.VoidPointer()
        _keccak.keccak_init(made.address_of(), _CAPACITY, _ROUNDS)
        self._owner = _c.SmartPointer(made.get(), _keccak.keccak_destroy)
        state, digest = self._owner.get(), _c.create_string_buffer(32)
        reset, absorb, squeeze = _keccak.keccak_reset, _keccak.keccak_absorb, _keccak.keccak_digest
        raw = _c.get_raw_buffer

        def keccak(data: bytes) -> bytes:
            length = len(data)
            reset(state)
            absorb(state, data, _LENGTHS[length] if length <= 256 else _c.c_size_t(length))
            squeeze(state, digest, _SIZE, _PADDING)
            return bytes(raw(digest))

        self.keccak = keccak


_sponge = _Sponge()


def keccak256(data: bytes) -> bytes:
    """The 32-byte Keccak-256 digest of data (Ethereum's, not the later SHA3-256)."""
    return _sponge.keccak(data)


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
