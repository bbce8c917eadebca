"""Tokens and ether on the development chain, to try deposits and exits."""

from __future__ import annotations

import structlog

from chain.configuration import chain_configuration
from chain.rpc import Rpc, RpcRefused, RpcUnreachable

log = structlog.get_logger(__name__)

# In µIFM.
TOKENS = 1_000_000_000
TIMEOUT_SECONDS = 5.0


def has_faucet() -> bool:
    """True if the network's chain is the development chain, whose tokens have no value."""
    configuration = chain_configuration()
    return configuration is not None and configuration.embedded


def send_development_tokens(*, wallet: str) -> bool:
    """Send 1,000 IFM and one ether for gas from the faucet of the development chain; False when it refuses now."""
    configuration = chain_configuration()
    assert configuration is not None
    with Rpc(configuration.rpc_urls[0], timeout=TIMEOUT_SECONDS) as rpc:
        try:
            rpc("devnet_faucet", wallet, hex(TOKENS))
        except (RpcRefused, RpcUnreachable) as error:
            log.warning("no tokens from the development chain", error=str(error))
            return False
    return True
