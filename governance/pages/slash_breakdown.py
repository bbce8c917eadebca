"""The amounts of a slash: from whom, where they go, and the part of the signed-in wallet. µIFM."""

from __future__ import annotations

from dataclasses import dataclass

from governance.selectors.costs import Cost, WalletCost, cost_of, wallet_cost
from protocol.parameters import Parameters
from staking.models import Slash


@dataclass(frozen=True, slots=True)
class SlashBreakdown:
    """`done`: the recorded amounts of an executed slash; else the amounts of an execution now.

    `from_delegators`: what is taken from delegators, of the pool and of what they unbond.
    """

    done: bool
    own: int
    delegated: int
    unbonding: int
    from_delegators: int
    slashed: int
    burned: int
    honest: int
    returned: int
    own_base: int
    delegated_base: int
    unbonding_base: int
    cost: Cost | None = None
    mine: WalletCost | None = None


def breakdown_of(slash: Slash, params: Parameters, wallet: str | None) -> SlashBreakdown | None:
    """Return the amounts of a slash; None for an overturned one, which takes nothing."""
    if slash.status == Slash.Status.OVERTURNED:
        return None
    return _recorded(slash) if slash.status == Slash.Status.EXECUTED else _projected(slash, params, wallet)


def _recorded(slash: Slash) -> SlashBreakdown:
    return SlashBreakdown(
        done=True,
        own=slash.self_slashed,
        delegated=slash.delegated_slashed,
        unbonding=0,
        from_delegators=slash.delegated_slashed,
        slashed=slash.slashed,
        burned=slash.burned,
        honest=slash.honest,
        returned=slash.returned,
        own_base=slash.base_self,
        delegated_base=slash.base_delegated,
        unbonding_base=0,
    )


def _projected(slash: Slash, params: Parameters, wallet: str | None) -> SlashBreakdown:
    cost = cost_of(slash, params)
    unbonding = cost.unbonding
    return SlashBreakdown(
        done=False,
        own=cost.own_bonded.taken,
        delegated=cost.pool.taken,
        unbonding=unbonding.taken,
        from_delegators=sum(part.taken for part in cost.delegated),
        slashed=cost.slashed,
        burned=cost.burned,
        honest=cost.honest,
        returned=cost.returned,
        own_base=cost.own_bonded.tokens,
        delegated_base=cost.pool.tokens,
        unbonding_base=unbonding.tokens,
        cost=cost,
        mine=None if wallet is None else wallet_cost(slash, cost, wallet),
    )
