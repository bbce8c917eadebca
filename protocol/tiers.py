"""Tiers of nodes (section 4)."""

from __future__ import annotations

from protocol.amounts import BPS
from protocol.parameters import Parameters, Quorum


def tier_of(params: Parameters, effective_stake: int) -> int:
    """The highest tier whose minimum is at most the effective stake, in µIFM (R6)."""
    number = 0
    for tier in params.tiers:
        if tier.minimum > effective_stake:
            break
        number = tier.number
    return number


def bonus_bps(params: Parameters, tier: int) -> int:
    """The reward bonus of a tier, in bps (section 4)."""
    return params.tiers[tier].bonus_bps


def severity_bps(params: Parameters, tier: int) -> int:
    """The penalty severity of a tier, in bps (R8); slash percentages do not depend on it."""
    return params.tiers[tier].severity_bps


def quorum_access(params: Parameters, tier: int) -> Quorum:
    """The role of a tier in a verification quorum: none, member or coordinator (section 4)."""
    return params.tiers[tier].quorum


def cooldown_length(params: Parameters, tier: int) -> int:
    """The epochs that a cooldown lasts for a node of this settlement tier, rounded up (R8)."""
    return -(-params.cooldown_epochs * params.tiers[tier].severity_bps // BPS)
