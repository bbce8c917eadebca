"""What a slash took, or would take, as rows: from whom, where it goes, and the reader's part. µIFM."""

from __future__ import annotations

from dataclasses import dataclass

from governance.selectors.costs import Cost, MyCost, cost_of, my_cost
from protocol.parameters import Parameters
from staking.models import Slash


@dataclass(frozen=True, slots=True)
class SlashMoney:
    """`done`: it was executed and these are its figures; else what an execution now would do."""

    done: bool
    own: int
    delegated: int
    unbonding: int
    slashed: int
    burned: int
    honest: int
    returned: int
    own_base: int
    delegated_base: int
    unbonding_base: int
    cost: Cost | None = None
    mine: MyCost | None = None


def money_of(slash: Slash, params: Parameters, wallet: str | None) -> SlashMoney | None:
    """The money of a slash; None for one that was overturned, which takes nothing."""
    if slash.status == Slash.Status.OVERTURNED:
        return None
    return _taken(slash) if slash.status == Slash.Status.EXECUTED else _at_stake(slash, params, wallet)


def _taken(slash: Slash) -> SlashMoney:
    return SlashMoney(
        done=True,
        own=slash.self_slashed,
        delegated=slash.delegated_slashed,
        unbonding=0,
        slashed=slash.slashed,
        burned=slash.burned,
        honest=slash.honest,
        returned=slash.returned,
        own_base=slash.base_self,
        delegated_base=slash.base_delegated,
        unbonding_base=0,
    )


def _at_stake(slash: Slash, params: Parameters, wallet: str | None) -> SlashMoney:
    cost = cost_of(slash, params)
    unbonding = cost.unbonding
    return SlashMoney(
        done=False,
        own=cost.own_bonded.taken,
        delegated=cost.pool.taken,
        unbonding=unbonding.taken,
        slashed=cost.slashed,
        burned=cost.burned,
        honest=cost.honest,
        returned=cost.returned,
        own_base=cost.own_bonded.tokens,
        delegated_base=cost.pool.tokens,
        unbonding_base=unbonding.tokens,
        cost=cost,
        mine=None if wallet is None else my_cost(slash, cost, wallet),
    )
