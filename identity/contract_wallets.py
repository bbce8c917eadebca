"""Sign-in of contract wallets, whose signatures are verified on the network's chain (EIP-1271, EIP-6492)."""

from __future__ import annotations

from functools import cache

import structlog

from chain.configuration import chain_configuration
from chain.rpc import Rpc, RpcUnreachable
from chain.wallet_signatures import is_valid_signature

log = structlog.get_logger(__name__)

# A sign-in holds one of the few web threads.
TIMEOUT_SECONDS = 5.0


class ChainUnreachable(Exception):
    """The chain did not answer: the signature may be valid or not."""


def chain_rpc() -> str:
    """The URL of the chain's node; "" on a network without a chain."""
    configuration = chain_configuration()
    return configuration.rpc_urls[0] if configuration else ""


def verify_contract_signature(*, wallet: str, digest: bytes, signature: bytes) -> bool:
    """Whether the wallet's contract accepts the signature; False on a network without a chain.

    Raises: ChainUnreachable.
    """
    url = chain_rpc()
    if not url:
        return False
    try:
        return is_valid_signature(_client(url), wallet, digest, signature)
    except RpcUnreachable as error:
        log.warning("chain_unreachable", error=str(error))
        raise ChainUnreachable from error


@cache
def _client(url: str) -> Rpc:
    return Rpc(url, timeout=TIMEOUT_SECONDS)
