"""Signatures as wallets, hardware keys and HSMs write them, in the one form that is verified."""

from __future__ import annotations

import re
from typing import Final

from protocol.addresses import keccak256
from protocol.errors import Invalid

COMPACT_BYTES, FULL_BYTES = 64, 65
KEY_SIGNATURE_BYTES: Final = (COMPACT_BYTES, FULL_BYTES)
_HEX: Final = re.compile(r"0x(?:[0-9a-fA-F]{2}){0,10000}")
# Ethereum's wallets write 27 and 28; go-ethereum's signer, Ledger devices and several HSMs write 0 and 1.
_RECOVERY: Final = {0: 27, 1: 28, 27: 27, 28: 28}


def personal_digest(text: str) -> bytes:
    """The bytes that `personal_sign` (EIP-191) signs for a text."""
    message = text.encode()
    return keccak256(b"\x19Ethereum Signed Message:\n%d" % len(message) + message)


def parse_signature(text: str) -> bytes:
    """The bytes of a signature in hex. Raises: `invalid`."""
    if _HEX.fullmatch(text) is None:
        raise Invalid(
            "Enter the signature as personal_sign returns it: 0x and hex digits.", field="signature"
        )
    return bytes.fromhex(text[2:])


def key_signature(signature: bytes) -> bytes | None:
    """The signature as r ‖ s ‖ v with v 27 or 28; None when it has no form of a key's signature.

    Accepts 65 bytes with a recovery byte of 0, 1, 27 or 28, and the 64 bytes of EIP-2098, in which the recovery bit
    is the highest bit of s.
    """
    if len(signature) == COMPACT_BYTES:
        r, s = signature[:32], int.from_bytes(signature[32:], "big")
        return r + (s & (1 << 255) - 1).to_bytes(32, "big") + bytes([27 + (s >> 255)])
    if len(signature) != FULL_BYTES or signature[64] not in _RECOVERY:
        return None
    return signature[:64] + bytes([_RECOVERY[signature[64]]])
