"""A contract wallet with one key (EIP-1271) and its factory, as EIP-6492 deploys one inside a call."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from chain.abi import encode, encode_call
from protocol.signatures import sign

WALLET = """
# pragma version 0.4.3
KEY: immutable(address)

@deploy
def __init__(key: address):
    KEY = key

@external
@view
def isValidSignature(digest: bytes32, signature: Bytes[65]) -> bytes4:
    assert len(signature) == 65, "not a signature"
    r: uint256 = convert(slice(signature, 0, 32), uint256)
    s: uint256 = convert(slice(signature, 32, 32), uint256)
    v: uint256 = convert(slice(signature, 64, 1), uint256)
    if ecrecover(digest, v, r, s) == KEY:
        return 0x1626ba7e
    return 0xffffffff
"""
FACTORY = """
# pragma version 0.4.3
@external
def make(code: Bytes[2048], salt: bytes32) -> address:
    return raw_create(code, salt=salt)
"""


@cache
def bytecode(source: str) -> bytes:
    import vyper

    return bytes.fromhex(vyper.compile_code(source, output_formats=["bytecode"])["bytecode"][2:])


@dataclass(frozen=True)
class Wallet:
    """A wallet of the key, made by the factory or to be made by it."""

    rpc: Any
    key: bytes
    factory: str
    creation: bytes
    address: str

    def sign(self, digest: bytes, key: bytes | None = None) -> bytes:
        """A signature for the wallet once it is deployed (EIP-1271)."""
        return sign(digest, key or self.key)

    def wrapped(self, digest: bytes, key: bytes | None = None, preparation: bytes | None = None) -> bytes:
        """A signature for the wallet before it is deployed (EIP-6492)."""
        inner = self.sign(digest, key)
        parts = (self.factory, self.creation if preparation is None else preparation, inner)
        return encode(["address", "bytes", "bytes"], parts) + bytes.fromhex("6492" * 16)


def make_wallet(client: Any, key: bytes, owner: str) -> Wallet:
    """A factory on the chain of a development client, and a wallet of it that is not deployed."""
    made = client.send(to=None, data=bytecode(FACTORY), gas=2_000_000)
    client("evm_mine")
    factory = client("eth_getTransactionReceipt", made)["contractAddress"]
    code = bytecode(WALLET) + encode(["address"], [owner])
    creation = encode_call("make(bytes,bytes32)", code, bytes(32))
    answer = client("eth_call", {"to": factory, "data": "0x" + creation.hex()}, "latest")
    return Wallet(client, key, factory, creation, "0x" + answer[-40:])


def deploy_wallet(client: Any, wallet: Wallet) -> None:
    client.send(to=wallet.factory, data=wallet.creation, gas=2_000_000)
    client("evm_mine")
