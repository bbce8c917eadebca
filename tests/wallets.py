"""Wallets and nodes by name, and the programs of a wallet that call the API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rest_framework.test import APIClient

from identity.tokens import issue
from protocol.addresses import checksum


def address(tail: str) -> str:
    return "0x" + tail.rjust(40, "0")


OLGA, OTTO = address("0a01"), address("0a02")  # operators
ANNA, BELA, CARL = address("0b01"), address("0b02"), address("0b03")  # wallets
NORTH, SOUTH, EAST = address("0c01"), address("0c02"), address("0c03")  # nodes


class Caller:
    """A wallet's programs: the API with its token."""

    def __init__(self, wallet: str, scope: str = "write") -> None:
        self.wallet = wallet
        secret, _ = issue(wallet=wallet, scope=scope, now=datetime.now(UTC))
        self.client = APIClient(headers={"Authorization": f"Bearer {secret}"})

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.client.post(f"/api/v1/{path}", body if body is not None else {}, format="json", **headers)

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1/{path}", query)


def shown(wallet: str) -> str:
    """Return the address in the form of the API."""
    return checksum(wallet)
