"""Step 3: weights, the pool, every node's reward and its split (R39–R41)."""

from __future__ import annotations

from ledger import accounts
from ledger.posting import post
from protocol import pools, tiers
from protocol import rewards as rules
from settlement.state import Settlement
from staking.measurement.node_state import NodeState


def distribute_rewards(work: Settlement) -> None:
    """Step 3. Mint the emission, weigh every node's good work, and split the pool over nodes and sides."""
    _mint(work)
    params = work.params
    for node in work.nodes:
        node.tier = tiers.tier_of(params, node.active_stake + node.active_pool)
        node.bonus_bps = params.tiers[node.tier].bonus_bps
        barred = node.status in ("banned", "cooldown") or node.invalid > 0 or node.forged > 0
        node.weight = rules.weight(node.credits, node.bonus_bps, node.q_bps, barred=barred)
    shares, work.carry = rules.distribute(work.pool, [node.weight for node in work.nodes])
    for node, reward in zip(work.nodes, shares, strict=True):
        if reward:
            node.reward = reward
            node.operator_reward, node.delegators_reward = credit(node, reward)
    work.distributed = work.pool - work.carry
    moves = {accounts.rewards(node.address): node.reward for node in work.nodes if node.reward}
    if moves:
        moves[accounts.REWARD_POOL] = -work.distributed
        _post(work, "rewards", moves)


def credit(node: NodeState, reward: int) -> rules.RewardSplit:
    """Split µIFM that a node earned over its operator and its pool's reward index (R41)."""
    split = rules.split_reward(reward, node.active_stake, node.active_pool, node.share_bps)
    node.operator_earned += split.operator
    if split.delegators:
        delta, node.index_carry = pools.grow_index(split.delegators, node.index_carry, node.active_shares)
        node.reward_index += delta
    return split


def _mint(work: Settlement) -> None:
    work.minted = work.params.emission_per_epoch
    work.pool = work.carry_in + work.minted
    if work.minted:
        _post(work, "mint", {accounts.ISSUANCE: -work.minted, accounts.REWARD_POOL: work.minted})


def _post(work: Settlement, kind: str, moves: dict[str, int]) -> None:
    post(
        kind=kind,
        moves=moves,
        at=work.now,
        epoch=work.number,
        reference=f"epoch:{work.number}",
        key=f"{kind}:{work.number}",
    )
