"""Signatures of operators' wallets over their commitments (EIP-191)."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from chain.contract_wallets import SignatureFault, signature_fault
from protocol.commitment_text import commitment_text
from protocol.errors import Invalid
from protocol.wallet_signatures import parse_signature
from staking.models import Commitment

LONGEST_BYTES = 8_192
NOT_OF_THESE_TERMS = (
    "The signature is not this wallet's, or it is for other terms or another epoch. Sign again."
)


@dataclass(frozen=True, slots=True)
class SignedTerms:
    """A verified signature over terms that begin with an epoch."""

    from_epoch: int
    signature: bytes


def text_to_sign(commitment: Commitment) -> str:
    """Return the text of a commitment; `commitment.node` is read."""
    return commitment_text(
        chain_id=settings.INFRAMIND_CHAIN_ID,
        node=commitment.node.address,
        operator=commitment.operator,
        from_epoch=commitment.from_epoch,
        minimum_share_bps=commitment.minimum_share_bps,
        notice_epochs=commitment.notice_epochs,
        maximum_delegated=commitment.maximum_delegated,
    )


def verify_signature(commitment: Commitment, signature: str) -> SignedTerms:
    """Return the signature (hex) of the operator's wallet over a commitment. Raises: `invalid`.

    A contract wallet is asked on the chain, so this belongs outside a transaction.
    """
    signed = parse_signature(signature)
    if len(signed) > LONGEST_BYTES:
        raise Invalid(NOT_OF_THESE_TERMS)
    fault = signature_fault(wallet=commitment.operator, text=text_to_sign(commitment), signature=signed)
    if fault is SignatureFault.NO_ANSWER:
        raise Invalid("The chain did not answer, where a contract wallet's signature is checked: try again.")
    if fault is not None:
        raise Invalid(NOT_OF_THESE_TERMS)
    return SignedTerms(commitment.from_epoch, signed)
