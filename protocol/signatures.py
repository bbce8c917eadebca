"""The signature of a job receipt: EIP-712 typed data by the node's signing key (R21)."""

from __future__ import annotations

from functools import lru_cache
from struct import Struct
from struct import error as StructError
from typing import Final

from coincurve import PrivateKey, PublicKey

from protocol.addresses import address_of_public_key, keccak256
from protocol.errors import ReceiptInvalid

DOMAIN_NAME: Final = "InfraMind"
DOMAIN_VERSION: Final = "1"
RECEIPT_TYPE: Final = (
    "JobReceipt(string job_id,address node,string job_class,string region,uint64 accepted_at,"
    "uint64 deadline_ms,uint64 latency_ms,string outcome,uint256 credits,"
    "bytes32 result_digest,bytes32 trace_root)"
)
_DOMAIN_TYPE: Final = "EIP712Domain(string name,string version,uint256 chainId)"
_RECEIPT_TYPE_HASH: Final = keccak256(RECEIPT_TYPE.encode())

# The order of secp256k1, and half of it: with the lower half of s alone a signature has no second form.
_ORDER: Final = bytes.fromhex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")
_HALF_ORDER: Final = bytes.fromhex("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0")
_ZERO: Final = bytes(32)
# The last byte of the stored form; signers write 0 and 1 as well.
_LAST_BYTES: Final = {0: b"\x1b", 1: b"\x1c", 27: b"\x1b", 28: b"\x1c"}
_RECOVERY: Final = {27: b"\x00", 28: b"\x01"}
_ABSENT: Final = bytes(32)
# Three uint64 as words of 32 bytes.
_WORDS: Final = Struct(">24xQ24xQ24xQ")


@lru_cache(maxsize=16)
def domain_separator(chain_id: int) -> bytes:
    """The EIP-712 domain separator of this network on a chain."""
    return keccak256(
        keccak256(_DOMAIN_TYPE.encode())
        + keccak256(DOMAIN_NAME.encode())
        + keccak256(DOMAIN_VERSION.encode())
        + chain_id.to_bytes(32, "big")
    )


@lru_cache(maxsize=1_024)
def _hash_of_name(name: str) -> bytes:
    # Classes, regions and outcomes are few; job ids are not and go past this.
    return keccak256(name.encode())


@lru_cache(maxsize=65_536)
def _address_word(address: str) -> bytes:
    return bytes(12) + bytes.fromhex(address[2:])


def receipt_digest(
    chain_id: int,
    *,
    job_id: str,
    node: str,
    job_class: str,
    region: str,
    accepted_at: int,
    deadline_ms: int,
    latency_ms: int,
    outcome: str,
    credits: int,
    result_digest: bytes | None,
    trace_root: bytes | None,
) -> bytes:
    """The 32 bytes that a node signs for a receipt (R21); times in ms, credits in µIFM, no digest: None.

    Raises ReceiptInvalid for what cannot be encoded: a negative or too large number, broken text,
    a digest that is not 32 bytes.
    """
    result = _ABSENT if result_digest is None else result_digest
    trace = _ABSENT if trace_root is None else trace_root
    if len(result) != 32 or len(trace) != 32:
        raise ReceiptInvalid("Give result_digest and trace_root as 32 bytes each, or not at all.")
    try:
        struct = (
            _RECEIPT_TYPE_HASH
            + keccak256(job_id.encode())
            + _address_word(node)
            + _hash_of_name(job_class)
            + _hash_of_name(region)
            + _WORDS.pack(accepted_at, deadline_ms, latency_ms)
            + _hash_of_name(outcome)
            + credits.to_bytes(32, "big")
            + result
            + trace
        )
    except (StructError, OverflowError, UnicodeEncodeError) as error:
        raise ReceiptInvalid from error
    return keccak256(b"\x19\x01" + domain_separator(chain_id) + keccak256(struct))


def canonical_signature(signature: bytes) -> bytes:
    """A signature r ‖ s ‖ v in the form in which receipts are stored and compared: v is 27 or 28 (R21).

    Raises ReceiptInvalid for bytes that cannot be a signature: another length, v other than 0, 1, 27 or 28, r or s of
    0 or not below the curve order, s in the upper half of the order.
    """
    last = _LAST_BYTES.get(signature[64]) if len(signature) == 65 else None
    if last is None:
        raise ReceiptInvalid(
            "Give signature as 65 bytes, the last of which is 0, 1, 27 or 28.", field="signature"
        )
    r, s = signature[:32], signature[32:64]
    if not _ZERO < r < _ORDER or not _ZERO < s < _ORDER:
        raise ReceiptInvalid(
            "r and s of the signature must be from 1 to the curve order - 1.", field="signature"
        )
    if s > _HALF_ORDER:
        raise ReceiptInvalid(
            "s of the signature must be in the lower half of the curve order.", field="signature"
        )
    return signature[:64] + last


def recover(digest: bytes, signature: bytes) -> str | None:
    """The address whose key signed a 32-byte digest; None when the signature is not canonical, or nobody's.

    Never raises.
    """
    if len(signature) != 65 or len(digest) != 32 or signature[32:64] > _HALF_ORDER:
        return None
    recovery = _RECOVERY.get(signature[64])
    if recovery is None:
        return None
    try:
        key = PublicKey.from_signature_and_message(signature[:64] + recovery, digest, hasher=None)
    except ValueError:
        return None
    return address_of_public_key(key.format(compressed=False))


def sign(digest: bytes, private_key: bytes) -> bytes:
    """The 65-byte signature (v 27 or 28, low s, deterministic) of a digest by a 32-byte private key."""
    signature = PrivateKey(private_key).sign_recoverable(digest, hasher=None)
    return signature[:64] + bytes([signature[64] + 27])


def address_of_private_key(private_key: bytes) -> str:
    """The canonical address of a 32-byte private key."""
    return address_of_public_key(PrivateKey(private_key).public_key.format(compressed=False))
