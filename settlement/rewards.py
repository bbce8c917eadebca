"""Step 4: weights, the pool, and each node's reward and its split (R39–R41)."""

from __future__ import annotations

from ledger import accounts
from ledger.posting import post
from protocol import pools, tiers
from protocol import rewards as rules
from settlement.state import Settlement
from staking.measurement.node_state import NodeState


def distribute_rewards(settlement: Settlement) -> None:
    """Step 4. Mint the emission, and distribute the pool over the nodes by their weights."""
    _mint(settlement)
    params = settlement.params
    for node in settlement.nodes:
        node.tier = tiers.tier_of(params, node.active_stake + node.active_pool)
        node.bonus_bps = params.tiers[node.tier].bonus_bps
        barred = node.is_barred(settlement.number)
        node.weight = rules.weight(node.credits, node.bonus_bps, node.q_bps, barred=barred)
    shares, settlement.carry = rules.distribute(settlement.pool, [node.weight for node in settlement.nodes])
    for node, reward in zip(settlement.nodes, shares, strict=True):
        if reward:
            node.reward = reward
            node.operator_reward, node.delegators_reward = credit(node, reward)
    settlement.distributed = settlement.pool - settlement.carry
    moves = {accounts.rewards(node.address): node.reward for node in settlement.nodes if node.reward}
    if moves:
        moves[accounts.REWARD_POOL] = -settlement.distributed
        _post(settlement, "rewards", moves)


def credit(node: NodeState, reward: int) -> rules.RewardSplit:
    """Split a reward in µIFM between the node's operator and its delegators, and raise the reward index (R41)."""
    split = rules.split_reward(reward, node.active_stake, node.active_pool, node.share_bps)
    node.operator_earned += split.operator
    if split.delegators:
        delta, node.index_carry = pools.grow_index(split.delegators, node.index_carry, node.active_shares)
        node.reward_index += delta
    return split


def _mint(settlement: Settlement) -> None:
    settlement.minted = settlement.params.emission_per_epoch
    settlement.pool = settlement.carry_in + settlement.minted
    if settlement.minted:
        _post(
            settlement,
            "mint",
            {accounts.ISSUANCE: -settlement.minted, accounts.REWARD_POOL: settlement.minted},
        )


def _post(settlement: Settlement, kind: str, moves: dict[str, int]) -> None:
    post(
        kind=kind,
        moves=moves,
        at=settlement.now,
        epoch=settlement.number,
        reference=f"epoch:{settlement.number}",
        key=f"{kind}:{settlement.number}",
    )
