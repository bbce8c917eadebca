"""The reward of the open epoch so far, as if it were settled now: the reward given up by unbonding stake."""

from __future__ import annotations

from datetime import datetime

from protocol import rewards, tiers
from staking.measurement.live import figures_by_address
from staking.measurement.node_state import NodeState
from staking.models import Epoch
from staking.services.epochs import OpenEpoch


def provisional_reward(node: str, active: int, *, epoch: OpenEpoch, now: datetime) -> int | None:
    """The reward of `active` µIFM of the node's active pool if the open epoch were settled now, floor (R39–R41).

    None while no node has earned anything in it, and for stake that earns nothing in it.
    """
    nodes = [live.state for live in figures_by_address(now=now).values()]
    weights = {state.address: _weight(state, epoch) for state in nodes}
    state = next((state for state in nodes if state.address == node), None)
    if state is None or not any(weights.values()) or not state.active_pool or active <= 0:
        return None
    others = sum(weights.values()) - weights[node]
    (reward, _), _ = rewards.distribute(_pool(epoch), [weights[node], others])
    part = rewards.split_reward(reward, state.active_stake, state.active_pool, state.share_bps).delegators
    return part * min(active, state.active_pool) // state.active_pool


def _weight(state: NodeState, epoch: OpenEpoch) -> int:
    tier = tiers.tier_of(epoch.params, state.active_stake + state.active_pool)
    bonus = tiers.bonus_bps(epoch.params, tier)
    return rewards.weight(state.credits, bonus, state.q_bps, barred=state.is_barred(epoch.number))


def _pool(epoch: OpenEpoch) -> int:
    """The carry of the epoch before and the emission of this one, µIFM."""
    carry = Epoch.objects.filter(number=epoch.number - 1).values_list("carry", flat=True).first()
    return (carry or 0) + epoch.params.emission_per_epoch
