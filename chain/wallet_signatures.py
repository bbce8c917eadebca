"""Signatures of contract wallets: EIP-1271, and EIP-6492 for a wallet that is not deployed yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from chain.abi import WORD, AbiError, decode, encode_call
from chain.rpc import RpcRefused

# A signature that ends in this word is `(address factory, bytes preparation, bytes signature)` before it (EIP-6492).
_WRAPPED: Final = bytes.fromhex("6492" * 16)
# The answer that says "valid": the selector of the function itself (EIP-1271).
_VALID: Final = bytes.fromhex("1626ba7e") + bytes(WORD - 4)

Rpc = Callable[..., Any]


def is_valid_signature(rpc: Rpc, wallet: str, digest: bytes, signature: bytes) -> bool:
    """True if the contract at `wallet` accepts the signature of a 32-byte digest, as of the latest block.

    A wallet that is not deployed yet is deployed inside the call by the factory that its signature names (EIP-6492);
    nothing is sent to the chain. Raises: RpcUnreachable.
    """
    factory, preparation = "", b""
    if signature.endswith(_WRAPPED):
        try:
            factory, preparation, signature = decode(["address", "bytes", "bytes"], signature[:-WORD])
        except AbiError:
            return False
    question = encode_call("isValidSignature(bytes32,bytes)", digest, signature)
    if _answer(rpc, {"to": wallet, "data": "0x" + question.hex()}) == _VALID:
        return True
    if not factory:
        return False
    code = _prepare_and_ask(wallet, factory, preparation, question)
    return _answer(rpc, {"data": "0x" + code.hex()}) == _VALID


def _answer(rpc: Rpc, call: dict[str, str]) -> bytes:
    try:
        return bytes.fromhex(str(rpc("eth_call", call, "latest")).removeprefix("0x"))[:WORD]
    except (RpcRefused, ValueError):
        return b""


def _prepare_and_ask(wallet: str, factory: str, preparation: bytes, question: bytes) -> bytes:
    """Code that, run as a contract's creation, calls the factory, then asks the wallet, and returns its answer.

    The result is the first word of the answer, or 0 when the wallet reverts. `eth_call` without a recipient runs it.
    """
    answer_at = -(-max(len(preparation), len(question)) // WORD) * WORD
    code_length = 0
    # The length of the code does not depend on the numbers in it.
    for _ in range(2):
        question_at = code_length + len(preparation)
        code = b"".join(
            [
                # memory[0:] = preparation; factory.call(memory[0:])
                _push(len(preparation)), _push(code_length), _push(0), b"\x39",  # CODECOPY
                _push(0), _push(0), _push(len(preparation)), _push(0), _push(0), _push_address(factory),
                b"\x5a\xf1\x50",  # GAS CALL POP
                # memory[0:] = question; memory[answer_at:] = wallet.staticcall(memory[0:])
                _push(len(question)), _push(question_at), _push(0), b"\x39",  # CODECOPY
                _push(WORD), _push(answer_at), _push(len(question)), _push(0), _push_address(wallet),
                b"\x5a\xfa",  # GAS STATICCALL
                # return success × answer
                _push(answer_at), b"\x51\x02", _push(0), b"\x52",  # MLOAD MUL MSTORE
                _push(WORD), _push(0), b"\xf3",  # RETURN
            ]
        )  # fmt: skip
        code_length = len(code)
    return code + preparation + question


def _push(number: int) -> bytes:
    return b"\x63" + number.to_bytes(4, "big")  # PUSH4


def _push_address(address: str) -> bytes:
    return b"\x73" + bytes.fromhex(address[2:])  # PUSH20
