"""The text of a commitment that its operator can sign with a wallet."""

from __future__ import annotations

from protocol.addresses import checksum
from protocol.amounts import format_amount

NOT_PROMISED = "not promised"


def commitment_text(
    *,
    chain_id: int,
    node: str,
    operator: str,
    from_epoch: int,
    minimum_share_bps: int | None,
    notice_epochs: int | None,
    maximum_delegated: int | None,
) -> str:
    """Return the text of a commitment from an epoch on; share in bps, maximum in µIFM, None is not promised."""
    share = NOT_PROMISED if minimum_share_bps is None else f"{minimum_share_bps} bps"
    notice = NOT_PROMISED if notice_epochs is None else f"{notice_epochs} epochs"
    most = NOT_PROMISED if maximum_delegated is None else f"{format_amount(maximum_delegated)} IFM"
    return "\n".join(
        (
            "InfraMind Staking: commitment to delegators",
            "",
            f"Node: {checksum(node)}",
            f"Operator: {checksum(operator)}",
            f"Delegator share, at least: {share}",
            f"Notice before a lower share: {notice}",
            f"Delegated stake, at most: {most}",
            f"From epoch: {from_epoch}",
            f"Chain ID: {chain_id}",
        )
    )
