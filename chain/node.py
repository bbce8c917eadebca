"""An Ethereum node: typed reads, each pinned to a block by its hash, so that several reads are of one state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

from chain.abi import AbiError
from chain.contracts import Contract
from chain.problems import Problem
from chain.rpc import RpcRefused, RpcUnreachable

RpcCall = Callable[..., Any]

# The code with which nodes answer when a contract reverts.
_REVERTED = 3


class Reverted(Problem):
    """A contract refused a call; `reason` is its own sentence, "" when it gave none.

    Where nobody expects it, it is the problem `node_error`.
    """

    def __init__(self, reason: str, *, host: str) -> None:
        super().__init__("node_error", host=host, detail=reason or "the contract reverted")
        self.reason = reason


class Block(NamedTuple):
    """A block; its base fee in wei per gas."""

    number: int
    hash: str
    at: datetime
    base_fee: int


class Receipt(NamedTuple):
    """Block and outcome of a mined transaction."""

    block: int
    block_hash: str
    succeeded: bool


class Log(NamedTuple):
    """An event that a contract emitted."""

    name: str
    fields: dict[str, Any]
    transaction: str
    log_index: int
    block: int
    block_hash: str


class Node:
    """One node. Every method raises Problem `unreachable` or `node_error` when it gets no usable answer."""

    def __init__(self, rpc: RpcCall, host: str) -> None:
        self._rpc = rpc
        self.host = host

    def chain_id(self) -> int:
        with self._answers():
            return _number(self._rpc("eth_chainId"))

    def block(self, block: int | str) -> Block | None:
        """The block with a number or a tag; None when the node has none."""
        with self._answers():
            tag = hex(block) if isinstance(block, int) else block
            answer = self._rpc("eth_getBlockByNumber", tag, False)
            return None if answer is None else _block(answer)

    def has_code(self, address: str, at: Block) -> bool:
        """True if there is a contract at the address."""
        with self._answers():
            return len(_text(self._rpc("eth_getCode", address, _pinned(at)))) > 2

    def call(self, contract: Contract, address: str, function: str, *arguments: Any, at: Block) -> Any:
        """The value that a contract's function returns. Raises: Reverted."""
        message = {"to": address, "data": "0x" + contract.call(function, *arguments).hex()}
        with self._answers():
            return contract.result(function, _bytes(self._execute("eth_call", message, _pinned(at))))

    def number(self, contract: Contract, address: str, function: str, *, at: Block, bits: int) -> int:
        """The number that a contract's function returns, which must be below 2 ** bits. Raises: Reverted."""
        value = int(self.call(contract, address, function, at=at))
        if value >> bits:
            raise self._unusable(ValueError(value))
        return value

    def simulate(self, message: Mapping[str, str], at: Block) -> None:
        """Execute a message without sending it. Raises: Reverted."""
        with self._answers():
            self._execute("eth_call", message, _pinned(at))

    def estimate_gas(self, message: Mapping[str, str]) -> int:
        """Gas that a message needs on top of the newest block. Raises: Reverted."""
        with self._answers():
            return _number(self._execute("eth_estimateGas", message), bits=63)

    def nonce(self, account: str, at: Block) -> int:
        with self._answers():
            return _number(self._rpc("eth_getTransactionCount", account, _pinned(at)), bits=63)

    def balance(self, account: str, at: Block) -> int:
        """Wei of an account."""
        with self._answers():
            return _number(self._rpc("eth_getBalance", account, _pinned(at)))

    def suggested_tip(self) -> int:
        """Wei per gas that the node suggests as a tip."""
        with self._answers():
            return _number(self._rpc("eth_maxPriorityFeePerGas"))

    def knows(self, transaction: str) -> bool:
        """True if the node has a transaction, mined or waiting."""
        with self._answers():
            return self._rpc("eth_getTransactionByHash", transaction) is not None

    def receipt(self, transaction: str) -> Receipt | None:
        """Return the receipt of a transaction; None until it is mined."""
        with self._answers():
            answer = self._rpc("eth_getTransactionReceipt", transaction)
            if answer is None:
                return None
            succeeded = _number(answer["status"]) == 1
            return Receipt(_number(answer["blockNumber"], bits=63), _hash(answer["blockHash"]), succeeded)

    def send(self, raw: bytes) -> str | None:
        """Broadcast a transaction; return the node's refusal, whose wording differs from node to node."""
        try:
            self._rpc("eth_sendRawTransaction", "0x" + raw.hex())
        except RpcRefused as error:
            return str(error)
        except RpcUnreachable as error:
            raise Problem("unreachable", detail=error) from None
        return None

    def logs(
        self, contract: Contract, address: str, names: tuple[str, ...], first: int, last: int, *indexed: int
    ) -> list[Log]:
        """The events with these names in blocks `first` to `last`; `indexed`: values of their first indexed fields.

        Raises: RpcRefused, as for too long a range.
        """
        topics = [contract.topic(name) for name in names]
        query = {
            "fromBlock": hex(first),
            "toBlock": hex(last),
            "address": address,
            "topics": [topics if topics[1:] else topics[0], *(f"0x{value:064x}" for value in indexed)],
        }
        try:
            return [_log(contract, answer) for answer in self._rpc("eth_getLogs", query)]
        except (RpcUnreachable, *_MALFORMED) as error:
            raise self._unusable(error) from None

    def _execute(self, method: str, *parameters: Any) -> Any:
        """The answer to a method that executes a contract's code. Raises: Reverted."""
        try:
            return self._rpc(method, *parameters)
        except RpcRefused as error:
            if error.code == _REVERTED or error.reason is not None:
                raise Reverted(error.reason or "", host=self.host) from None
            raise

    @contextmanager
    def _answers(self) -> Iterator[None]:
        try:
            yield
        except RpcRefused as error:
            raise Problem("node_error", host=self.host, detail=error) from None
        except (RpcUnreachable, *_MALFORMED) as error:
            raise self._unusable(error) from None

    def _unusable(self, error: Exception) -> Problem:
        if isinstance(error, RpcUnreachable):
            return Problem("unreachable", detail=error)
        return Problem("unreachable", detail=f"{self.host} sent a malformed answer")


_MALFORMED = (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, AbiError)


def _pinned(block: Block) -> dict[str, str]:
    return {"blockHash": block.hash}


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.startswith("0x"):
        raise ValueError(value)
    return value


def _number(value: Any, *, bits: int = 256) -> int:
    number = int(_text(value), 16)
    if not 0 <= number < 1 << bits:
        raise ValueError(value)
    return number


def _hash(value: Any) -> str:
    if len(_bytes(value)) != 32:
        raise ValueError(value)
    return str(value)


def _bytes(value: Any) -> bytes:
    return bytes.fromhex(_text(value)[2:])


def _block(answer: Mapping[str, Any]) -> Block:
    return Block(
        number=_number(answer["number"], bits=63),
        hash=_hash(answer["hash"]),
        at=datetime.fromtimestamp(_number(answer["timestamp"]), UTC),
        base_fee=_number(answer.get("baseFeePerGas", "0x0")),
    )


def _log(contract: Contract, answer: Mapping[str, Any]) -> Log:
    name, fields = contract.event(answer)
    if any(isinstance(value, int) and value >> 63 for value in fields.values()):
        # Epochs, indexes and amounts of the contracts fit 63 bits.
        raise ValueError(fields)
    return Log(
        name=name,
        fields=fields,
        transaction=_hash(answer["transactionHash"]),
        log_index=_number(answer["logIndex"], bits=31),
        block=_number(answer["blockNumber"], bits=63),
        block_hash=_hash(answer["blockHash"]),
    )
