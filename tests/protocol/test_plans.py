"""Plans: within the limits, deterministic, as good as an exhaustive search."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.amounts import BPS, MICRO
from protocol.parameters import DEFAULTS
from protocol.plan_offers import MAX_NODES, SHORTLIST, Candidate, net_rates
from protocol.plans import all_on, plan
from protocol.projection import Past, project

IFM = MICRO


def node(number: int, reward: int = 100, **fields: object) -> Candidate:
    """A node with 1,000 IFM of its own and 1,000 IFM delegated, of an operator and a region of its own."""
    past = Past(
        reward * IFM,
        10_000 * IFM,
        0,
        1_000,
        10_400,
        260,
        10_400,
        10_000,
        False,
        1_000 * IFM,
        1_000 * IFM,
        8_000,
    )
    named = {"operator": f"0xaa{number:038x}", "region": f"r{number}", "custodial": False, "past": past}
    return Candidate(address=f"0x{number:040x}", **{**named, **fields})


@st.composite
def networks(draw: st.DrawFn, least: int = 1, most: int = 5) -> list[Candidate]:
    amounts = st.integers(0, 20_000).map(lambda whole: whole * IFM)
    count = draw(st.integers(least, most))
    made = []
    for number in range(count):
        past = Past(
            draw(st.integers(0, 2_000)) * IFM, 10_000 * IFM, 0, draw(st.sampled_from([0, 1_000, 2_500, 4_000])),
            draw(st.integers(6_000, 13_000)), 400, 12_000, 10_000, draw(st.booleans()), draw(amounts), draw(amounts),
            draw(st.sampled_from([5_000, 8_000, 10_000])),
        )  # fmt: skip
        made.append(
            node(
                number,
                past=past,
                custodial=draw(st.booleans()),
                operator=f"0xaa{draw(st.integers(0, 2)):038x}",
                region=draw(st.sampled_from(["eu", "us"])),
                room=draw(st.none() | st.integers(1, 5_000).map(lambda whole: whole * IFM)),
            )
        )
    return made


def exhaustive(candidates: list[Candidate], amount: int, risk_bps: int, steps: int) -> int:
    """The highest reward of all divisions of the amount into steps, over at most five nodes, that keep the limits."""
    limit = amount * risk_bps // BPS * BPS
    parts = [amount * step // steps for step in range(steps + 1)]
    choices = [[(step, parts[step], gained) for step, gained in possible(one, parts)] for one in candidates]
    best = 0

    def visit(place: int, left: int, nodes: int, reward: int, at: dict[str, int]) -> None:
        nonlocal best
        best = max(best, reward)
        if place == len(candidates) or not nodes:
            return
        visit(place + 1, left, nodes, reward, at)
        one, rates = candidates[place], net_rates(DEFAULTS, candidates[place].custodial)
        for step, part, gained in choices[place]:
            if step > left:
                break
            spent = {**at}
            for name, rate in zip((one.operator, one.region), rates, strict=True):
                spent[name] = spent.get(name, 0) + part * rate
            if max(spent.values()) <= limit:
                visit(place + 1, left - step, nodes - 1, reward + gained, spent)

    visit(0, steps, MAX_NODES, 0, {})
    return best


def possible(one: Candidate, parts: list[int]) -> list[tuple[int, int]]:
    """The steps that a node accepts, with the reward of each."""
    return [
        (step, project(DEFAULTS, one.past, held=0, amount=part).per_epoch)
        for step, part in enumerate(parts)
        if part >= DEFAULTS.min_amount and (one.room is None or part <= one.room)
    ]


AMOUNTS, RISKS = st.sampled_from([10, 500, 5_000, 20_000]), st.sampled_from([100, 500, 800, 2_000, 5_000])


@settings(max_examples=60, deadline=None)
@given(networks(), AMOUNTS, RISKS)
def test_a_plan_is_within_one_percent_of_an_exhaustive_optimum(candidates, whole, risk_bps):
    steps = {1: 60, 2: 60, 3: 40, 4: 20, 5: 12}[len(candidates)]
    made = plan(DEFAULTS, candidates, whole * IFM, risk_bps)
    assert made.per_epoch * 100 >= exhaustive(candidates, whole * IFM, risk_bps, steps) * 99


@settings(max_examples=15, deadline=None)
@given(networks(6, 7), AMOUNTS, RISKS)
def test_of_more_nodes_than_a_plan_has_parts_the_best_are_chosen(candidates, whole, risk_bps):
    made = plan(DEFAULTS, candidates, whole * IFM, risk_bps)
    assert made.per_epoch * 100 >= exhaustive(candidates, whole * IFM, risk_bps, 6) * 99


@pytest.mark.parametrize("seed", range(3))
def test_of_more_nodes_than_are_searched_the_shortlist_has_the_best(seed):
    dice = random.Random(seed)
    candidates = [
        node(
            number,
            dice.randrange(2_000),
            operator=f"0x{dice.randrange(9):040x}",
            region=f"r{dice.randrange(4)}",
            custodial=dice.random() < 0.3,
            room=None if dice.random() < 0.7 else dice.randrange(1, 3_000) * IFM,
        )
        for number in range(2 * SHORTLIST + 1 + seed)
    ]
    for whole, risk_bps in ((500, 800), (5_000, 2_000), (20_000, 5_000)):
        made = plan(DEFAULTS, candidates, whole * IFM, risk_bps)
        assert made.per_epoch * 100 >= exhaustive(candidates, whole * IFM, risk_bps, 4) * 99


@settings(max_examples=100, deadline=None)
@given(networks(), st.integers(1, 30_000), st.integers(1, BPS))
def test_a_plan_keeps_every_limit(candidates, whole, risk_bps):
    amount = whole * IFM
    made = plan(DEFAULTS, candidates, amount, risk_bps)
    assert len(made.parts) <= MAX_NODES
    assert made.spread + made.left == amount
    assert made.left >= 0
    addresses = [part.node.address for part in made.parts]
    assert addresses == sorted(set(addresses))
    losses: dict[tuple[str, str], int] = {}
    for part in made.parts:
        assert part.amount >= DEFAULTS.min_amount
        assert part.node.room is None or part.amount <= part.node.room
        assert part.per_epoch == project(DEFAULTS, part.node.past, held=0, amount=part.amount).per_epoch
        grave, dropout = net_rates(DEFAULTS, part.node.custodial)
        for key, rate in ((("operator", part.node.operator), grave), (("region", part.node.region), dropout)):
            losses[key] = losses.get(key, 0) + part.amount * rate
    assert all(loss <= amount * risk_bps for loss in losses.values())
    if made.worst is not None:
        assert made.worst.loss == -(-max(losses.values()) // BPS)


def test_an_amount_is_spread_equally_over_equal_nodes():
    made = plan(DEFAULTS, [node(number) for number in range(1, 6)], 1_000 * IFM, 2_000)
    assert [part.amount for part in made.parts] == [200 * IFM] * 5


def test_equal_nodes_are_chosen_by_address_whatever_their_order():
    candidates = [node(number) for number in range(1, 30)]
    chosen = [part.node.address for part in plan(DEFAULTS, candidates, 1_000 * IFM, 2_000).parts]
    assert chosen == [f"0x{number:040x}" for number in range(1, 6)]
    shuffled = random.Random(1).sample(candidates, len(candidates))
    assert plan(DEFAULTS, shuffled, 1_000 * IFM, 2_000) == plan(DEFAULTS, candidates, 1_000 * IFM, 2_000)


def test_one_operator_gets_no_more_than_its_largest_penalty_may_cost():
    same = [node(number, operator="0x" + "aa" * 20) for number in range(1, 5)]
    made = plan(DEFAULTS, same, 1_000 * IFM, 1_500)
    assert made.spread == 400 * IFM  # 37.5 % of 400 is 15 % of 1,000
    assert (made.left, made.worst.kind, made.worst.loss) == (600 * IFM, "operator", 150 * IFM)


def test_one_region_gets_no_more_than_its_dropout_may_cost():
    same = [node(number, region="eu-west") for number in range(1, 6)]
    made = plan(DEFAULTS, same, 1_000 * IFM, 900)
    assert made.spread == 800 * IFM  # 11.25 % of 800 is 9 % of 1,000
    assert (made.worst.kind, made.worst.name) == ("region", "eu-west")


def test_what_a_custodial_node_loses_does_not_return():
    assert net_rates(DEFAULTS, custodial=True) == (5_000, 1_500)
    assert net_rates(DEFAULTS, custodial=False) == (3_750, 1_125)


def test_a_cap_leaves_the_rest_to_other_nodes():
    made = plan(DEFAULTS, [node(1, 500, room=50 * IFM), node(2, 10)], 1_000 * IFM, 5_000)
    assert {part.node.address[-1]: part.amount for part in made.parts} == {"1": 50 * IFM, "2": 950 * IFM}


def test_what_the_wallet_holds_there_already_is_diluted_by_its_own_amount():
    held = node(1, held=1_000 * IFM)
    [part] = plan(DEFAULTS, [held], 1_000 * IFM, 5_000).parts
    both = project(DEFAULTS, held.past, held=1_000 * IFM, amount=1_000 * IFM).per_epoch
    before = project(DEFAULTS, held.past, held=1_000 * IFM, amount=0).per_epoch
    assert part.per_epoch == both - before < before


def test_a_higher_limit_never_earns_less():
    candidates = [node(number, reward=30 * number, region="eu") for number in range(1, 9)]
    rewards = [
        plan(DEFAULTS, candidates, 5_000 * IFM, risk).per_epoch for risk in (200, 500, 1_000, 2_000, 5_000)
    ]
    assert all(former <= latter for former, latter in pairwise(rewards))


def test_a_network_without_nodes_that_earn_leaves_everything_in_the_wallet():
    for candidates in ([], [node(1, reward=0)], [node(1, room=0)]):
        made = plan(DEFAULTS, candidates, 1_000 * IFM, 5_000)
        assert (made.parts, made.left, made.worst) == ((), 1_000 * IFM, None)


def test_all_on_one_node_is_limited_by_its_cap_alone():
    made = all_on(DEFAULTS, node(1, room=700 * IFM), 1_000 * IFM)
    assert (made.parts[0].amount, made.left, made.worst.loss) == (700 * IFM, 300 * IFM, 262_500_000)


def large_network(nodes: int) -> list[Candidate]:
    """So many nodes of fewer operators in eight regions, the same each time."""
    dice = random.Random(7)
    return [
        node(
            number,
            dice.randrange(2_000),
            operator=f"0x{dice.randrange(3_000):040x}",
            region=f"r{dice.randrange(8)}",
        )
        for number in range(nodes)
    ]


def test_a_plan_over_ten_thousand_nodes_uses_five_of_them():
    assert len(plan(DEFAULTS, large_network(10_000), 5_000 * IFM, 1_000).parts) == 5
