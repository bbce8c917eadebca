"""JSON-RPC client of an EVM node."""

from __future__ import annotations

import itertools
import logging
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from chain.abi import AbiError, decode, selector

# It logs whole URLs, and providers' keys are part of them.
logging.getLogger("httpx").setLevel(logging.WARNING)

_INTERNAL_ERROR = -32603
_ERROR_SELECTOR = selector("Error(string)")


class RpcError(Exception):
    """A request failed."""


class RpcUnreachable(RpcError):
    """No usable answer: the request may have been executed or not."""


class RpcRefused(RpcError):
    """The node answered with an error: `code`, its message, and `data` when it sent some."""

    def __init__(self, code: int, message: str, data: object = None) -> None:
        super().__init__(message)
        self.code = code
        self.data = data

    @property
    def reason(self) -> str | None:
        """The reason with which a contract reverted; None when the node sent none."""
        try:
            data = bytes.fromhex(str(self.data).removeprefix("0x"))
            return str(decode(["string"], data[4:])[0]) if data[:4] == _ERROR_SELECTOR else None
        except (ValueError, AbiError):
            return None


class Rpc:
    """A client of one node: `rpc("eth_chainId")`. One instance may serve several threads."""

    def __init__(self, url: str, *, timeout: float = 10.0) -> None:
        self._url = url
        # Providers' keys are part of their URLs: only the host may be shown or logged.
        self.host = urlsplit(url).netloc.rpartition("@")[2]
        self._client = httpx.Client(timeout=timeout, trust_env=False)
        self._ids = itertools.count(1)

    def __call__(self, method: str, *parameters: Any) -> Any:
        """The result of a method; raises RpcUnreachable or RpcRefused."""
        number = next(self._ids)
        request = {"jsonrpc": "2.0", "id": number, "method": method, "params": parameters}
        try:
            response = self._client.post(self._url, json=request)
            answer = response.json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise RpcUnreachable(f"{self.host} did not answer {method}: {type(error).__name__}") from None
        return self._result(method, number, answer)

    def _result(self, method: str, number: int, answer: Any) -> Any:
        if not isinstance(answer, dict) or answer.get("id") not in (number, None):
            raise RpcUnreachable(f"{self.host} did not answer {method} with JSON-RPC")
        error = answer.get("error")
        if isinstance(error, dict):
            code, message = error.get("code"), str(error.get("message", ""))[:500]
            if not isinstance(code, int) or code == _INTERNAL_ERROR:
                raise RpcUnreachable(f"{self.host} failed at {method}: {message}")
            raise RpcRefused(code, message, error.get("data"))
        if "result" not in answer:
            raise RpcUnreachable(f"{self.host} did not answer {method} with JSON-RPC")
        return answer["result"]

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
