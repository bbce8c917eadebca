"""A connection between the submitter and a real node on which tests cause faults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eth_account.typed_transactions import TypedTransaction
from hexbytes import HexBytes

from chain.rpc import RpcRefused, RpcUnreachable
from tests.chain.devnet.client import Client

PASS = object()


class Killed(BaseException):
    """Raised where the process would be killed."""


class Line:
    """Calls a node as Rpc does, and fails as it is told to.

    `down`: nothing gets through. `answers`: by method, answers that are given instead of the node's (PASS: the node's).
    `lose_answers`: transactions get through, their answers do not. `lose_transactions`: transactions are confirmed and
    lost. `refuse_cheap`: a transaction whose fee is below the base fee is refused when it is sent, as some nodes do.
    `kill_before`, `kill_after`: the method before or after which the process ends.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self.down = self.lose_answers = self.lose_transactions = self.refuse_cheap = False
        self.answers: dict[str, Callable[..., Any]] = {}
        self.kill_before = self.kill_after = ""
        self.calls: list[str] = []

    def __call__(self, method: str, *parameters: Any) -> Any:
        self.calls.append(method)
        if self.down:
            raise RpcUnreachable("node.example did not answer")
        self._end(self.kill_before, method)
        answer = self.answers.get(method, lambda *_: PASS)(*parameters)
        if answer is PASS:
            answer = self._forward(method, *parameters)
        self._end(self.kill_after, method)
        return answer

    def mend(self) -> None:
        """End all faults."""
        self.down = self.lose_answers = self.lose_transactions = self.refuse_cheap = False
        self.answers.clear()
        self.kill_before = self.kill_after = ""

    def _forward(self, method: str, *parameters: Any) -> Any:
        if method != "eth_sendRawTransaction":
            return self.client(method, *parameters)
        if self.refuse_cheap and self._max_fee(parameters[0]) < self._base_fee():
            raise RpcRefused(-32003, "max fee per gas less than block base fee")
        if self.lose_transactions:
            return "0x" + "00" * 32
        answer = self.client(method, *parameters)
        if self.lose_answers:
            raise RpcUnreachable("node.example did not answer")
        return answer

    def _max_fee(self, raw: str) -> int:
        return int(TypedTransaction.from_bytes(HexBytes(raw)).as_dict()["maxFeePerGas"])

    def _base_fee(self) -> int:
        return int(self.client("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16)

    def _end(self, fatal: str, method: str) -> None:
        if fatal == method:
            self.kill_before = self.kill_after = ""
            raise Killed
