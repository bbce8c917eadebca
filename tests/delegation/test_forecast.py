"""The forecast of a node's limits at the present rate."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from delegation.selectors.forecast import Forecast, forecast
from delegation.selectors.open_epoch import open_epoch_counts
from delegation.selectors.operator_console import run_nodes
from protocol.amounts import MICRO
from staking.models import Node
from tests.network import Network, operator
from tests.shared_rows import shared

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@shared
def net() -> Network:
    """A node with 2,000 IFM of own stake, eight hours into epoch 3; epochs of a day, every slot of a minute counts."""
    net = Network(epoch_seconds=86_400, heartbeat_slot_seconds=60, heard_quorum_bps=0)
    net.node(1, own=2_000)
    net.settle(2)
    net.now = net.epoch.start + 7 * HOUR
    net.beat(net_node(net), range(420))
    return net


def net_node(net: Network) -> str:
    return Node.objects.get().address


def read(net: Network) -> Forecast:
    run = run_nodes(operator(1))[0]
    counts = open_epoch_counts(
        run.node.id, registered_at=run.node.registered_at, epoch=net.epoch, now=net.now
    )
    return forecast(run.node, counts, last_reward=run.last_reward, epoch=net.epoch, now=net.now)


def limit(net: Network, measure: str):
    return next(limit for limit in read(net).limits if limit.measure == measure)


def test_a_node_that_went_silent_an_hour_ago_loses_its_uptime_at_a_computed_time(net: Network) -> None:
    net.now += HOUR
    uptime = limit(net, "uptime")
    assert (uptime.value_bps, uptime.limit_bps, uptime.crossed) == (8_750, 8_000, False)
    # 420 of 480 slots: 420 / 525 is 80 %, 45 silent minutes later.
    assert uptime.at == net.now + timedelta(minutes=45, seconds=1)


def test_a_node_that_is_present_does_not_cross_a_limit(net: Network) -> None:
    for one in read(net).limits:
        assert (one.crossed, one.at) == (False, None)


def test_failing_jobs_lead_to_a_slash_of_own_stake(net: Network) -> None:
    node = net_node(net)
    net.work(node, 100)
    net.now += HOUR
    net.work(node, 20, outcome="timeout")
    sla = limit(net, "sla")
    threshold = net.epoch.params.sla_threshold_bps
    assert (sla.value_bps, sla.limit_bps) == (8_333, threshold)
    assert sla.crossed == (threshold > 8_333)
    assert (sla.own, sla.delegated) == (200 * MICRO, 0)


def test_an_sla_below_the_threshold_costs_what_is_left_above_half_of_q(net: Network) -> None:
    run = run_nodes(operator(1))[0]
    counts = open_epoch_counts(
        run.node.id, registered_at=run.node.registered_at, epoch=net.epoch, now=net.now
    )
    for factor, lost in ((10_000, 500), (8_000, 375), (5_000, 0)):
        node = replace(run.node, q_sla=factor)
        outlook = forecast(node, counts, last_reward=1_000, epoch=net.epoch, now=net.now)
        assert next(one.reward for one in outlook.limits if one.measure == "sla") == lost


def test_a_crossing_after_the_end_of_the_epoch_is_not_shown(net: Network) -> None:
    net.now = net.epoch.end - timedelta(minutes=30)
    net.beat(net_node(net), range(420, 1_380))
    uptime = limit(net, "uptime")
    assert (uptime.crossed, uptime.at) == (False, None)


def test_rejected_jobs_cross_the_limit_at_the_present_rate(net: Network) -> None:
    node = net_node(net)
    net.work(node, 100)
    net.now += HOUR
    net.work(node, 10, outcome="rejected")
    rejection = limit(net, "rejection")
    bps = net.epoch.params.rejection_limit_bps
    assert (rejection.value_bps, rejection.limit_bps) == (909, bps)
    # 100 / (100 + r) is below 1 − limit from r = 100 × limit / (1 − limit) on, at 10 an hour.
    rejected = 100 * bps / (10_000 - bps)
    expected = net.now + (rejected - 10) * HOUR / 10
    assert rejection.at is not None
    assert abs(rejection.at - expected) <= timedelta(seconds=2)


def test_shrinking_stake_loses_the_tier_in_a_computed_epoch(net: Network) -> None:
    before = read(net).tier
    assert before is not None
    assert (before.tier, before.minimum, before.lost_per_epoch, before.epoch) == (2, 2_000 * MICRO, 0, None)
    net.settle()
    net.unstake(net_node(net), 100)
    after = read(net).tier
    assert after is not None
    # 1,900 IFM in epoch 4, after 2,000 in epoch 1: 1,400 IFM above tier 1 last for 42 epochs.
    assert (after.tier, after.minimum, after.lost_per_epoch) == (1, 500 * MICRO, 33_333_333)
    assert after.epoch == 47


def test_the_queries_do_not_depend_on_the_work_of_the_node(net: Network) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            read(net)
        return len(queries)

    few = count()
    for outcome in ("completed", "timeout", "rejected", "dropped"):
        net.work(net_node(net), 40, outcome=outcome)
    net.beat(net_node(net), range(420, 470))
    net.now += HOUR
    assert count() == few
