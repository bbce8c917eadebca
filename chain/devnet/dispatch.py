"""JSON-RPC 2.0: requests and batches in, answers out."""

from __future__ import annotations

import inspect
import json
import re
import sys
import traceback
from collections.abc import Mapping
from typing import Any

from chain.devnet.errors import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    JsonRpcError,
)
from chain.devnet.methods import Method
from chain.devnet.node import Node

MAX_BATCH = 100
_MAX_DEPTH = 32
_BRACKETS = re.compile(r"[\[{}\]]")
_STRINGS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


class Dispatcher:
    """Answers requests with the methods of a node, one at a time."""

    def __init__(self, node: Node, methods: Mapping[str, Method]) -> None:
        self._node = node
        self._methods = methods
        self._signatures = {name: inspect.signature(method) for name, method in methods.items()}

    def answer(self, body: bytes) -> bytes:
        """The body of the answer; empty when every request was a notification."""
        try:
            request = _parse(body)
        except ValueError:
            return _dump(_failure(None, JsonRpcError(PARSE_ERROR, "the body is not JSON")))
        if not isinstance(request, list):
            return _dump(self._one(request))
        if not request or len(request) > MAX_BATCH:
            error = JsonRpcError(INVALID_REQUEST, f"a batch has between 1 and {MAX_BATCH} requests")
            return _dump(_failure(None, error))
        answers = [answer for item in request if (answer := self._one(item)) is not None]
        return _dump(answers or None)

    def _one(self, request: Any) -> dict[str, Any] | None:
        """The answer to a request, None to a notification."""
        if not _is_request(request):
            error = JsonRpcError(INVALID_REQUEST, "not a JSON-RPC 2.0 request")
            return _failure(request.get("id") if isinstance(request, dict) else None, error)
        number = request.get("id")
        try:
            result = self._call(request["method"], request.get("params", []))
        except JsonRpcError as error:
            answer = _failure(number, error)
        except Exception:  # noqa: BLE001 - a fault of the node must not end the connection
            traceback.print_exc(file=sys.stderr)
            answer = _failure(number, JsonRpcError(INTERNAL_ERROR, "internal error"))
        else:
            answer = {"jsonrpc": "2.0", "id": number, "result": result}
        return answer if "id" in request else None

    def _call(self, name: str, params: Any) -> Any:
        method = self._methods.get(name)
        if method is None:
            raise JsonRpcError(METHOD_NOT_FOUND, f"the method {name[:100]} does not exist/is not available")
        if not isinstance(params, list):
            raise JsonRpcError(INVALID_PARAMS, "params must be a list")
        try:
            self._signatures[name].bind(self._node, *params)
        except TypeError:
            raise JsonRpcError(INVALID_PARAMS, f"{name} does not take {len(params)} parameters") from None
        with self._node.lock:
            return method(self._node, *params)


def _parse(body: bytes) -> Any:
    """The JSON in a body; raises ValueError."""
    text = body.decode("utf-8")
    depth = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        # py-evm raises Python's recursion limit so far that deeper JSON overflows the stack of the process.
        if depth > _MAX_DEPTH:
            raise ValueError("nested too deeply")
    return json.loads(text, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _is_request(request: Any) -> bool:
    return (
        isinstance(request, dict)
        and request.get("jsonrpc", "2.0") == "2.0"
        and isinstance(request.get("method"), str)
        and isinstance(request.get("id"), str | int | float | None)
    )


def _failure(number: Any, error: JsonRpcError) -> dict[str, Any]:
    content: dict[str, Any] = {"code": error.code, "message": str(error)}
    if error.data is not None:
        content["data"] = error.data
    number = number if isinstance(number, str | int | float) else None
    return {"jsonrpc": "2.0", "id": number, "error": content}


def _dump(answer: Any) -> bytes:
    return b"" if answer is None else json.dumps(answer).encode()
