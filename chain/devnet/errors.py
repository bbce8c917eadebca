"""Errors of JSON-RPC, with the codes of its specification and of EIP-1474."""

from __future__ import annotations

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
REJECTED = -32000
LIMIT_EXCEEDED = -32005
REVERTED = 3


class JsonRpcError(Exception):
    """An error that the caller is told: its code, its message, and `data` for a revert."""

    def __init__(self, code: int, message: str, data: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.data = data


def invalid(message: str) -> JsonRpcError:
    """The error for a parameter of the wrong form."""
    return JsonRpcError(INVALID_PARAMS, message)


def rejected(message: str) -> JsonRpcError:
    """The error for a request of the right form that cannot be carried out."""
    return JsonRpcError(REJECTED, message)
