"""EIP-1559 transactions: RLP, hash and signature. Amounts of ether, fees and tips are in wei."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from protocol import signatures
from protocol.addresses import keccak256

Item: TypeAlias = "int | bytes | Sequence[Item]"

_TYPE = b"\x02"


class Transaction(NamedTuple):
    """An unsigned transaction; `to` is None when `data` creates a contract."""

    chain_id: int
    nonce: int
    max_priority_fee_per_gas: int
    max_fee_per_gas: int
    gas: int
    to: str | None
    value: int
    data: bytes


class SignedTransaction(NamedTuple):
    """A transaction as it is broadcast, and its hash as 0x-hex."""

    raw: bytes
    hash: str


def sign(transaction: Transaction, private_key: bytes) -> SignedTransaction:
    """The transaction, signed (RFC 6979: the same transaction and key give the same bytes)."""
    fields = _fields(transaction)
    signature = signatures.sign(keccak256(_TYPE + rlp(fields)), private_key)
    r, s, parity = int.from_bytes(signature[:32]), int.from_bytes(signature[32:64]), signature[64] - 27
    raw = _TYPE + rlp([*fields, parity, r, s])
    return SignedTransaction(raw, "0x" + keccak256(raw).hex())


def contract_address(sender: str, nonce: int) -> str:
    """The address of the contract that a sender's transaction with this nonce creates, in lower case."""
    return "0x" + keccak256(rlp([bytes.fromhex(sender[2:]), nonce]))[12:].hex()


def rlp(item: Item) -> bytes:
    """The RLP encoding of numbers, bytes and nested sequences of them."""
    if isinstance(item, int):
        item = item.to_bytes((item.bit_length() + 7) // 8)
    if isinstance(item, bytes):
        return item if len(item) == 1 and item[0] < 0x80 else _prefix(len(item), 0x80) + item
    body = b"".join(map(rlp, item))
    return _prefix(len(body), 0xC0) + body


def _prefix(length: int, base: int) -> bytes:
    if length < 56:
        return bytes([base + length])
    size = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([base + 55 + len(size)]) + size


def _fields(transaction: Transaction) -> list[Item]:
    access_list: list[Item] = []
    return [
        transaction.chain_id,
        transaction.nonce,
        transaction.max_priority_fee_per_gas,
        transaction.max_fee_per_gas,
        transaction.gas,
        bytes.fromhex(transaction.to[2:]) if transaction.to else b"",
        transaction.value,
        transaction.data,
        access_list,
    ]
