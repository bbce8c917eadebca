"""Signatures of wallets: of a key, or of a contract wallet, verified on the network's chain (EIP-1271, EIP-6492)."""

from __future__ import annotations

from enum import Enum
from functools import cache

import structlog

from chain.configuration import chain_configuration
from chain.rpc import Rpc, RpcUnreachable
from chain.wallet_signatures import is_valid_signature
from protocol.signatures import recover
from protocol.wallet_signatures import KEY_SIGNATURE_BYTES, key_signature, personal_digest

log = structlog.get_logger(__name__)

# A verification holds one of the few web threads.
TIMEOUT_SECONDS = 5.0


class SignatureFault(Enum):
    """Reasons for which a signature is rejected."""

    NOT_THE_WALLETS = 1
    # Only a chain could tell whether it is a contract wallet's: there is none, or it did not answer.
    NO_CHAIN = 2
    NO_ANSWER = 3


class ChainUnreachable(Exception):
    """The chain did not answer: the signature may be valid or not."""


def signature_fault(*, wallet: str, text: str, signature: bytes) -> SignatureFault | None:
    """Return the fault of a signature of the text (EIP-191); None when the wallet's key or its contract signed it."""
    digest, by_key = personal_digest(text), key_signature(signature)
    if by_key is not None and recover(digest, by_key) == wallet:
        return None
    if not chain_rpcs() and len(signature) not in KEY_SIGNATURE_BYTES:
        return SignatureFault.NO_CHAIN
    try:
        valid = verify_contract_signature(wallet=wallet, digest=digest, signature=signature)
    except ChainUnreachable:
        return SignatureFault.NO_ANSWER
    return None if valid else SignatureFault.NOT_THE_WALLETS


def chain_rpcs() -> tuple[str, ...]:
    """The URLs of the chain's nodes; none on a network without a chain."""
    configuration = chain_configuration()
    return configuration.rpc_urls if configuration else ()


def verify_contract_signature(*, wallet: str, digest: bytes, signature: bytes) -> bool:
    """True if the wallet's contract accepts the signature; False on a network without a chain.

    A node that lies could sign as any wallet: where two are configured, both must say yes. Raises: ChainUnreachable.
    """
    urls = chain_rpcs()
    if not urls:
        return False
    try:
        return all(is_valid_signature(_client(url), wallet, digest, signature) for url in urls)
    except RpcUnreachable as error:
        log.warning("chain_unreachable", error=str(error))
        raise ChainUnreachable from error


@cache
def _client(url: str) -> Rpc:
    return Rpc(url, timeout=TIMEOUT_SECONDS)
