"""The chain of this network: one that the settings name, or on a devnet the development chain of `make run`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from chain.devnet.accounts import ORACLE
from chain.fees import GWEI

# The development chain calls a block final when it has four above it.
DEVELOPMENT_CONFIRMATIONS = 4
# A chain without a new block for so long is not followed any more.
MAX_HEAD_AGE_SECONDS = 600


@dataclass(frozen=True, slots=True)
class ChainConfiguration:
    """A chain, its contracts, and how it is used. Fees in wei per gas; "" is no token contract.

    `max_head_age`: seconds after which the newest block is too old to act on; None where the chain rests when
    nobody uses it.
    """

    rpc_urls: tuple[str, ...]
    chain_id: int
    settlement: str
    token: str
    start_block: int
    confirmations: int
    max_fee: int
    max_head_age: int | None
    embedded: bool = False

    @property
    def public_rpc(self) -> str:
        """The node in commands that readers copy; a variable where its address can contain a secret."""
        return self.rpc_urls[0] if self.embedded else '"$ETH_RPC_URL"'


def chain_configuration() -> ChainConfiguration | None:
    """The chain of this network; None when it has none."""
    if settings.INFRAMIND_CHAIN_RPC:
        return ChainConfiguration(
            rpc_urls=tuple(settings.INFRAMIND_CHAIN_RPC),
            chain_id=settings.INFRAMIND_CHAIN_ID,
            settlement=settings.INFRAMIND_CHAIN_SETTLEMENT,
            token=settings.INFRAMIND_CHAIN_TOKEN,
            start_block=settings.INFRAMIND_CHAIN_START_BLOCK,
            confirmations=settings.INFRAMIND_CHAIN_CONFIRMATIONS,
            max_fee=settings.INFRAMIND_CHAIN_MAX_FEE * GWEI,
            max_head_age=MAX_HEAD_AGE_SECONDS,
        )
    if settings.INFRAMIND_NETWORK == "devnet" and settings.INFRAMIND_CHAIN_EMBEDDED:
        return _development_chain(Path(settings.DATA_DIR) / "chain" / "addresses.json")
    return None


def development_oracle_key() -> bytes:
    """The key of the development chain's oracle, which is public."""
    return ORACLE.key


def _development_chain(path: Path) -> ChainConfiguration | None:
    """The chain that wrote this file when it was ready; it writes it again when it moves to another port."""
    try:
        version = path.stat().st_mtime_ns
        return _configuration_of(path, version)
    except (OSError, ValueError, KeyError):
        return None


@lru_cache(maxsize=4)
def _configuration_of(path: Path, version: int) -> ChainConfiguration:
    content: dict[str, Any] = json.loads(path.read_text())
    return ChainConfiguration(
        rpc_urls=(content["rpc"],),
        chain_id=content["chain_id"],
        settlement=content["settlement"],
        token=content["token"],
        start_block=0,
        confirmations=DEVELOPMENT_CONFIRMATIONS,
        max_fee=settings.INFRAMIND_CHAIN_MAX_FEE * GWEI,
        max_head_age=None,
        embedded=True,
    )
