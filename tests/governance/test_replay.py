"""Settled epochs replayed: exact under their own parameters, and what others would have made of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.replay import NodeRow, PastEpoch, SlashRow, delegator_reward, recorded, replay
from governance.selectors.replays import effect_of, past_epochs
from protocol.amounts import MICRO
from protocol.parameters import DEFAULTS, apply_changes
from tests.network import Network, node_address, operator, wallet
from tests.shared_rows import shared

IDLE = {
    "rejection_bps": 0,
    "uptime_bps": 10_000,
    "variation_bps": 0,
    "scarcity_bps": 0,
}


def row(node: int, **known: object) -> NodeRow:
    plain: dict[str, object] = {
        "node": node, "weight": 1, "accepted": 100, "sla_bps": 10_000, "latency_percentile_bps": 5_000,
        "credits": 1_000 * MICRO, "active_stake": 1_000 * MICRO, "active_pool": 1_000 * MICRO, "share_bps": 8_000,
        "reward": 0, "operator_reward": 0, "delegators_reward": 0, **IDLE,
    }  # fmt: skip
    return NodeRow(**(plain | known))  # type: ignore[arg-type]


def epoch(*nodes: NodeRow, slashes: tuple[SlashRow, ...] = ()) -> PastEpoch:
    return PastEpoch(1, 10_000 * MICRO, 10_000 * MICRO, DEFAULTS, nodes, slashes)


def test_equal_nodes_get_equal_rewards() -> None:
    outcome = replay([epoch(row(1), row(2))], DEFAULTS)
    pay = outcome.rewards[1, 1]
    assert (pay.reward, pay.operator, pay.delegators) == (5_000 * MICRO, 3_000 * MICRO, 2_000 * MICRO)
    assert outcome.by_node() == {1: 5_000 * MICRO, 2: 5_000 * MICRO}


def test_a_higher_latency_weight_favours_the_faster_node() -> None:
    past = [epoch(row(1, latency_percentile_bps=10_000), row(2, latency_percentile_bps=0))]
    before, after = replay(past, DEFAULTS), replay(past, apply_changes(DEFAULTS, {"q_latency_bps": 5_000}))
    assert after.by_node()[1] > before.by_node()[1] > before.by_node()[2] > after.by_node()[2]


def test_a_changed_emission_changes_the_pool() -> None:
    past = [PastEpoch(1, 10_007 * MICRO, 10_000 * MICRO, DEFAULTS, (row(1),))]
    outcome = replay(past, apply_changes(DEFAULTS, {"emission_per_epoch": "12000"}))
    assert (outcome.by_node()[1], outcome.minted) == (12_007 * MICRO, 12_000 * MICRO)


def test_a_node_that_was_barred_from_rewards_stays_barred() -> None:
    outcome = replay([epoch(row(1), row(2, weight=0))], DEFAULTS)
    assert outcome.by_node() == {1: 10_000 * MICRO, 2: 0}


def test_a_higher_floor_degrades_and_a_higher_threshold_finds_drops() -> None:
    past = [epoch(row(1, uptime_bps=8_500), row(2, sla_bps=9_000))]
    before = replay(past, DEFAULTS)
    floor = replay(past, apply_changes(DEFAULTS, {"uptime_floor_bps": 9_000}))
    assert floor.by_node()[1] < before.by_node()[1]
    strict = replay(past, apply_changes(DEFAULTS, {"sla_threshold_bps": 9_200}))
    assert (before.sla_drops, strict.sla_drops) == (0, 1)


def test_slashes_are_split_by_the_new_parameters() -> None:
    slash = SlashRow(1_000, 1_250, False, 625, 312, 313)
    changed = apply_changes(DEFAULTS, {"slash_burn_bps": 4_000, "slash_honest_bps": 3_500})
    outcome = replay([epoch(row(1), slashes=(slash,))], changed)
    assert (outcome.burned, outcome.honest, outcome.returned) == (501, 437, 312)
    assert outcome.burned + outcome.honest + outcome.returned == 1_250


@given(
    credits=st.lists(st.integers(0, 10**12), min_size=1, max_size=6),
    percentile=st.integers(0, 10_000),
    q=st.integers(0, 5_000),
)
def test_the_replay_conserves_the_pool(credits: list[int], percentile: int, q: int) -> None:
    nodes = [row(n, credits=c, latency_percentile_bps=percentile * (n % 2)) for n, c in enumerate(credits)]
    outcome = replay([epoch(*nodes)], apply_changes(DEFAULTS, {"q_latency_bps": q}))
    assert sum(outcome.by_node().values()) + outcome.carried == 10_000 * MICRO
    assert outcome.operators + outcome.delegators == sum(outcome.by_node().values())


def test_the_reward_of_shares_is_rounded_down() -> None:
    pay = replay([epoch(row(1))], DEFAULTS).rewards[1, 1]
    assert delegator_reward(pay, 1, 3) == pay.delegators // 3
    assert delegator_reward(pay, 1, 0) == 0


@shared
def net() -> Network:
    """Two nodes with delegations work over a few epochs, one of them badly."""
    net = Network()
    for number, own in ((1, 2_000), (2, 700)):
        net.node(number, own=own)
        net.delegate(node_address(number), number, 500)
        net.delegate(node_address(number), 9, 300 * number)
    for turn in range(4):
        net.work(node_address(1), 20, latency=50)
        net.work(node_address(2), 20, latency=90 + turn)
        if turn == 2:
            net.work(node_address(2), 20, outcome="dropped")
        net.settle()
    return net


def test_a_replay_with_own_parameters_equals_the_record(net: Network) -> None:
    past = past_epochs([4, 3, 2, 1])
    assert [one.number for one in past] == [1, 2, 3, 4]
    for one in past:
        assert replay([one], one.params).rewards == recorded([one]).rewards
    # In the first epoch nothing was active yet; rewards there are by credits alone.
    assert sum(recorded(past).by_node().values()) > 0


@pytest.mark.django_db
@pytest.mark.parametrize(("proof", "status"), [("invalid", "cooldown"), ("forged", "banned")])
def test_other_parameters_pay_no_node_for_an_epoch_in_which_it_was_barred(proof: str, status: str) -> None:
    """In epoch 2 for the proof, in epoch 3 for the status."""
    net = Network()
    for number in (1, 2):
        net.node(number, own=2_000)
    net.settle()
    for proofs in ("valid", proof), ("valid", "valid"):
        for number, kind in enumerate(proofs, 1):
            net.work(node_address(number), 19)
            net.work(node_address(number), 1, proof=kind)
        net.settle()
    assert net.row(node_address(2), 3).status == status
    params = apply_changes(net.epoch.params, {"q_latency_bps": 5_000, "emission_per_epoch": "12000"})
    past = past_epochs([2, 3])
    for one in past:
        first, second = sorted(one.nodes, key=lambda row: row.node)
        assert min(first.credits, second.credits) > 0
        rewards = replay([one], params).rewards
        assert rewards[one.number, first.node].reward > 0
        assert rewards[one.number, second.node].reward == 0


def test_the_effect_lists_gains_losses_and_the_own_reward(net: Network) -> None:
    params = apply_changes(net.epoch.params, {"q_latency_bps": 5_000})
    effect = effect_of(params, operator(1))
    assert effect is not None
    assert effect.mine is not None
    assert [node.address for node in effect.gaining] == [node_address(1)]
    assert [node.address for node in effect.losing] == [node_address(2)]
    assert effect.mine.difference == effect.after.operators - effect.before.operators - _operators(effect, 2)
    delegator = effect_of(params, wallet(9))
    assert delegator is not None
    assert delegator.mine is not None
    assert 0 < delegator.mine.before < effect.before.delegators
    stranger = effect_of(params, wallet(77))
    assert stranger is not None
    assert stranger.mine is not None
    assert (stranger.mine.before, stranger.mine.after) == (0, 0)


def test_unchanged_parameters_have_no_effect(net: Network) -> None:
    effect = effect_of(net.epoch.params, wallet(9))
    assert effect is not None
    assert effect.mine is not None
    assert (effect.nodes, effect.mine.difference) == ((), 0)


def test_without_a_settled_epoch_there_is_no_effect(db: None) -> None:
    Network()
    assert effect_of(DEFAULTS, None) is None


def _operators(effect, number: int) -> int:
    """Return the gain of the other node's operator."""
    from staking.models import Node

    other = Node.objects.get(address=node_address(number)).id
    return sum(
        effect.after.rewards[key].operator - pay.operator
        for key, pay in effect.before.rewards.items()
        if key[1] == other
    )
