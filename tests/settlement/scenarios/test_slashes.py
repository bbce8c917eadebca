"""Slashes with exact numbers: what each takes, from where, and where it goes (R30, R34–R37; section 15, 2–4)."""

from __future__ import annotations

import pytest

from delegation.services import positions
from ledger import accounts
from ledger.selectors import balance
from protocol.amounts import MICRO
from staking.models import Bucket, Epoch, Pool, Slash
from tests.network import Network, operator, wallet

pytestmark = pytest.mark.django_db


def bucket(node: str, kind: str, epoch: int) -> int:
    return Bucket.objects.get(node__address=node, kind=kind, epoch=epoch).tokens


def offend(net: Network, node: str, offence: str) -> None:
    """Ten good jobs, and what makes the offence."""
    net.work(node)
    if offence == "sla_drop":
        net.work(node, 10, outcome="timeout")
    elif offence in ("invalid_proof", "forged_trace"):
        net.work(node, 1, proof=offence.split("_")[0])
    elif offence == "dropout":
        net.work(node, 1, outcome="dropped")
    elif offence == "schema_mismatch":
        # Three of twenty-three: the SLA stays above the threshold.
        net.work(node, 10)
        net.work(node, 3, outcome="schema_mismatch")
    else:
        net.fake(node)


def test_the_worked_example_with_a_bucket(net: Network) -> None:
    """Section 15, 2."""
    node = net.node(own=1_000)
    net.delegate(node, 1, 3_000)
    net.delegate(node, 2, 1_000)
    net.settle(4)
    net.undelegate(node, 2, 500)
    net.work(node, 1, proof="invalid")
    net.settle()
    slash = net.slash(node, "invalid_proof")
    assert (slash.base_self, slash.base_delegated) == (1_000 * MICRO, 4_000 * MICRO)
    assert (slash.epoch, slash.due_epoch, slash.status) == (5, 6, "pending")
    net.settle()
    slash.refresh_from_db()
    assert (slash.self_slashed, slash.delegated_slashed, slash.slashed) == (
        250 * MICRO,
        1_000 * MICRO,
        1_250 * MICRO,
    )
    assert (slash.honest, slash.returned, slash.burned) == (312_500_000, 312_500_000, 625 * MICRO)
    assert balance(accounts.stake(node)) == 750 * MICRO
    assert Pool.objects.get(node__address=node).tokens == 2_898_437_500
    assert bucket(node, "delegated", 5) == 414_062_500
    assert net.value(node, 1) == 2_484_375_000
    assert net.value(node, 2) == 414_062_500
    # Nobody was honest: the honest part is the treasury's.
    assert balance(accounts.TREASURY) == slash.honest_to_treasury == 312_500_000
    assert balance(accounts.BURNED) == Epoch.objects.get(number=6).burned == 625 * MICRO


def test_the_worked_example_of_two_offences(net: Network) -> None:
    """Section 15, 3: the first takes 25 % of the base, the second nothing."""
    node = net.node(own=1_000)
    net.delegate(node, 1, 1_000)
    net.settle()
    net.work(node, 1, proof="invalid")
    net.work(node, 1, outcome="dropped")
    net.settle(2)
    first, second = net.slash(node, "invalid_proof"), net.slash(node, "dropout")
    assert (first.self_slashed, first.delegated_slashed) == (250 * MICRO, 250 * MICRO)
    assert (second.status, second.slashed) == ("executed", 0)
    # 500 slashed; 125 come back to the pool, and would not be taken again by the second.
    assert net.value(node, 1) == 875 * MICRO
    row = net.row(node)
    assert (row.slashed, row.reputation) == (500 * MICRO, 400)


def test_the_more_severe_of_two_takes_the_difference(net: Network) -> None:
    """Executed in the order of the table: invalid_proof takes 25 %, forged_trace the other 25 %."""
    node = net.node(own=1_000)
    net.settle()
    net.work(node, 1, proof="invalid")
    net.work(node, 1, proof="forged")
    net.settle(2)
    assert [net.slash(node, name).slashed for name in ("invalid_proof", "forged_trace")] == [250 * MICRO] * 2


def test_the_worked_example_of_a_first_drop(net: Network) -> None:
    """Section 15, 4: 200 from the operator alone; honest 50, returned nothing, burned 150."""
    node = net.node(own=2_000)
    net.delegate(node, 1, 8_000)
    net.settle()
    offend(net, node, "sla_drop")
    net.settle(2)
    slash = net.slash(node)
    assert (slash.offence, slash.strike, slash.cooldown_until) == ("sla_drop", True, 0)
    assert (slash.self_slashed, slash.delegated_slashed) == (200 * MICRO, 0)
    assert (slash.honest, slash.returned, slash.burned) == (50 * MICRO, 0, 150 * MICRO)
    assert net.value(node, 1) == 8_000 * MICRO


RATES = {
    "sla_drop": (10, 0), "invalid_proof": (25, 25), "forged_trace": (50, 50), "dropout": (15, 15),
    "fake_resources": (25, 25), "schema_mismatch": (10, 0),
}  # fmt: skip


@pytest.mark.parametrize("custodial", [False, True], ids=["own keys", "custodial"])
@pytest.mark.parametrize("honest", [False, True], ids=["alone", "among honest"])
@pytest.mark.parametrize("offence", RATES)
def test_each_offence_reaches_what_backed_the_node(
    net: Network, offence: str, honest: bool, custodial: bool
) -> None:
    """Stake 800 and 200 leaving, pool 3,200; 1,300 left before the offence, 640 in its epoch, 160 after it."""
    node = net.node(1, own=1_300, custodial=custodial)
    others = [net.node(number, own=1_000) for number in (2, 3)] if honest else []
    net.delegate(node, 1, 5_000)
    net.settle()
    free_own, free = net.unstake(node, 300).unbonding, net.undelegate(node, 1, 1_000).unbonding
    net.settle()
    offend(net, node, offence)
    at_once = net.undelegate(node, 1, 640).unbonding
    net.settle()
    left_own, after = net.unstake(node, 200).unbonding, net.undelegate(node, 1, 160).unbonding
    for other, credits in zip(others, (1_000, 3_000), strict=False):
        net.work(other, credits=credits)
    net.settle()

    own_rate, rate = RATES[offence]
    slash = net.slash(node)
    assert (slash.base_self, slash.base_delegated) == (1_000 * MICRO, 4_000 * MICRO)
    own, delegated = 1_000 * MICRO * own_rate // 100, 4_000 * MICRO * rate // 100
    total = own + delegated
    returned = 0 if custodial else min(total // 4, delegated)
    assert (slash.self_slashed, slash.delegated_slashed) == (own, delegated)
    assert (slash.honest, slash.returned, slash.burned) == (
        total // 4,
        returned,
        total - total // 4 - returned,
    )

    # Every liable part falls by the same ratio, what left before by nothing.
    assert [net.entry(entry) for entry in (free_own, free)] == [300 * MICRO, 1_000 * MICRO]
    rest = 1_000 * MICRO - own
    assert (balance(accounts.stake(node)), net.entry(left_own)) == (rest * 8 // 10, rest * 2 // 10)
    rest = 4_000 * MICRO - delegated + returned
    parts = (net.value(node, 1), net.entry(at_once), net.entry(after))
    assert parts == (rest * 80 // 100, rest * 16 // 100, rest * 4 // 100)

    treasury = 0 if honest else total // 4
    assert (balance(accounts.TREASURY), slash.honest_to_treasury) == (treasury, treasury)
    assert [net.row(other).honest_reward for other in others] == (
        [total // 16, total // 16 * 3] if honest else []
    )


def test_the_honest_part_is_split_like_a_reward(net: Network) -> None:
    """An honest node with 1,000 of its own and 1,000 delegated gets 50: 20 for its delegators, 30 for its operator."""
    guilty, honest = net.node(1, own=2_000), net.node(2, own=1_000)
    net.delegate(honest, 1, 1_000)
    net.settle()
    offend(net, guilty, "sla_drop")
    net.settle()
    net.work(honest)
    net.settle()
    row = net.row(honest)
    assert (row.reward, row.honest_reward, row.honest_operator) == (0, 50 * MICRO, 30 * MICRO)
    assert (net.claim(honest, 1), net.claim_own(honest)) == (20 * MICRO, 30 * MICRO)


@pytest.mark.parametrize("reason", ["idle", "low sla", "own slash", "same operator", "cooldown", "retired"])
def test_who_does_not_share_in_the_honest_part(net: Network, reason: str) -> None:
    guilty = net.node(1, own=2_000)
    other = net.node(2, own=1_000, run_by=1 if reason == "same operator" else 2)
    net.settle()
    if reason == "cooldown":
        # In cooldown from epoch 3 on; its slash is executed in 3, so that none is pending in 4.
        net.work(other, 1, proof="invalid")
        net.settle()
    if reason == "retired":
        net.change(other, status="retired")
    offend(net, guilty, "sla_drop")
    net.settle()
    if reason != "idle":
        net.work(other)
    if reason == "low sla":
        net.work(other, 2, outcome="timeout")
    if reason == "own slash":
        net.work(other, 1, outcome="dropped")
    net.settle()
    assert net.slash(guilty).status == "executed"
    assert net.slash(guilty).honest == net.slash(guilty).honest_to_treasury == 50 * MICRO
    assert net.row(other).honest_reward == 0


def test_a_slash_takes_at_most_what_is_there(net: Network) -> None:
    """Two epochs of forged traces: half of 1,000, then half of the base of 1,000 again, of the 500 left: all."""
    node = net.node(own=1_000)
    net.settle()
    net.work(node, 1, proof="forged")
    net.settle()
    net.work(node, 1, proof="forged")
    net.settle()
    assert balance(accounts.stake(node)) == 500 * MICRO
    assert net.slash(node).base_self == 1_000 * MICRO
    net.settle()
    assert (net.slash(node).slashed, balance(accounts.stake(node))) == (500 * MICRO, 0)


def test_evidence_lists_the_receipts(net: Network) -> None:
    node = net.node(own=1_000)
    net.settle()
    net.work(node, 17)
    late = net.work(node, 2, latency=2_001)
    timed_out = net.work(node, 2, outcome="timeout")
    dropped = net.work(node, 1, outcome="dropped")
    net.work(node, 3, outcome="rejected")
    net.settle()
    assert net.slash(node, "sla_drop").evidence == [*late, *timed_out, *dropped]
    assert net.slash(node, "dropout").evidence == dropped
    assert Slash.objects.count() == 2


def test_failures_and_a_slash_add_a_penalty_that_halves_every_epoch(net: Network) -> None:
    """Tier 2: each failure costs 500 × 1.5 = 750, a slash 2,500, then half of it is left with every epoch."""
    node = net.node(own=2_000)
    net.settle()
    net.work(node, 9)
    net.work(node, 1, outcome="dropped")
    net.settle()
    assert (net.row(node).penalty_bps, net.row(node).reputation) == (3_250, 500)
    net.work(node)
    net.settle()
    # The slash is executed: 50 down, 5 up for a full SLA.
    assert (net.row(node).penalty_bps, net.row(node).reputation) == (1_625, 455)
    net.settle()
    assert (net.row(node).penalty_bps, net.row(node).reputation) == (812, 455)


def test_a_forger_loses_two_hundred_of_reputation(net: Network) -> None:
    node = net.node(own=2_000)
    net.settle()
    net.work(node, 1, proof="forged")
    net.settle(2)
    assert net.row(node).reputation == 300


def test_the_slashed_operators_other_node_keeps_its_own_parts(net: Network) -> None:
    first, second = net.node(1, own=2_000), net.node(2, own=3_000, run_by=1)
    net.settle()
    offend(net, first, "forged_trace")
    net.settle(2)
    assert (balance(accounts.stake(first)), balance(accounts.stake(second))) == (1_000 * MICRO, 3_000 * MICRO)
    assert net.available(operator(1)) == 0


@pytest.mark.parametrize(("backing", "left"), [(11, (4, 3, 3)), (9, (2, 3, 3)), (7, (1, 2, 3))])
def test_remainders_come_from_the_largest_part(
    net: Network, backing: int, left: tuple[int, int, int]
) -> None:
    """15 % of 7 to 11 µIFM is 1. Of buckets of 3 and 3 and what is left in the pool the largest bears it; of equals
    the pool, then the older bucket."""
    node = net.node(own=1_000, custodial=True)
    _small_pool(net, node, backing)
    first = positions.undelegate(node=node, amount=3, wallet=wallet(1), now=net.now).unbonding
    net.work(node, 1, outcome="dropped")
    net.settle()
    second = positions.undelegate(node=node, amount=3, wallet=wallet(1), now=net.now).unbonding
    assert first is not None
    assert second is not None
    net.settle()
    slash = net.slash(node)
    assert (slash.base_delegated, slash.delegated_slashed) == (backing, 1)
    assert (net.value(node, 1), net.entry(first), net.entry(second)) == left


def _small_pool(net: Network, node: str, backing: int) -> None:
    net.fund(wallet(1), 1)
    positions.delegate(node=node, amount=MICRO, wallet=wallet(1), now=net.now)
    positions.undelegate(node=node, amount=MICRO - backing, wallet=wallet(1), now=net.now)
    net.settle()
