"""Provisional rewards: an estimate of what nodes would earn if the open epoch closed now (R39–R41)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ledger import accounts
from ledger.selectors import balance
from protocol import rewards, tiers
from protocol.pools import value_of
from staking.measurement.live import figures_by_address
from staking.measurement.node_state import NodeState
from staking.services.epochs import OpenEpoch


@dataclass(frozen=True, slots=True)
class ProvisionalReward:
    """A node's reward of the open epoch so far, in µIFM, and the active stakes and share by which it is split."""

    reward: int
    active_stake: int
    active_pool: int
    active_shares: int
    share_bps: int

    def forfeited_by_delegator(self, shares: int) -> int:
        """µIFM of this reward that active shares would get, which their holder gives up by leaving now, floor."""
        split = rewards.split_reward(self.reward, self.active_stake, self.active_pool, self.share_bps)
        return value_of(shares, split.delegators, self.active_shares)

    def forfeited_by_operator(self, amount: int) -> int:
        """µIFM of this reward that the operator gives up by unstaking `amount` µIFM of active stake now."""
        rest = max(self.active_stake - amount, 0)
        before, after = (
            rewards.split_reward(self.reward, stake, self.active_pool, self.share_bps).operator
            for stake in (self.active_stake, rest)
        )
        return before - after


def provisional_reward(node: str, *, epoch: OpenEpoch, now: datetime) -> ProvisionalReward:
    """The reward of the node with this address by the work of the open epoch so far, and the pool as it is now."""
    states = {address: live.state for address, live in figures_by_address(now=now).items()}
    weights = [_weight(state, epoch) for state in states.values()]
    pool = balance(accounts.REWARD_POOL) + epoch.params.emission_per_epoch
    shared = dict(zip(states, rewards.distribute(pool, weights)[0], strict=True))
    state = states.get(node)
    if state is None:
        return ProvisionalReward(0, 0, 0, 0, 0)
    return ProvisionalReward(
        shared[node], state.active_stake, state.active_pool, state.active_shares, state.share_bps
    )


def _weight(state: NodeState, epoch: OpenEpoch) -> int:
    tier = tiers.tier_of(epoch.params, state.active_stake + state.active_pool)
    bonus = epoch.params.tiers[tier].bonus_bps
    return rewards.weight(state.credits, bonus, state.q_bps, barred=state.is_barred(epoch.number))
