"""The demo network's nodes go on working after the load."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from inframind import tasks
from inframind.demo import actions, live, participants
from inframind.environment_parsers import switch
from settlement.epoch import settle_epoch
from staking.models import NodeEpoch, Slash
from staking.services import nodes
from staking.services.epochs import open_epoch, start_network
from tests.governance import scenario

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GOOD, FAILING, OFTEN_AWAY = 2, participants.FAILING, 23


@pytest.fixture
def demo(db, monkeypatch):
    """Three nodes of the demo network in its first epoch after the load."""
    monkeypatch.setattr("inframind.demo.workload.LOADED_EPOCHS", 0)
    start_network(now=START)
    for number in (GOOD, FAILING, OFTEN_AWAY):
        actions.join(participants.machine(number), START)
    settle_epoch(now=START + timedelta(days=1), number=1)
    return open_epoch()


def count(table):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cursor.fetchone()[0]


def test_a_tick_sends_what_happened_since_the_last_one(demo):
    assert live.send(now=demo.start) == 0
    sent = live.send(now=demo.start + 60 * MINUTE)
    assert (count("staking_heartbeat"), sent - count("staking_heartbeat")) == (33, count("staking_receipt"))
    assert live.send(now=demo.start + 60 * MINUTE) == 0
    assert live.send(now=demo.start + 65 * MINUTE) >= 2


def test_a_tick_that_runs_twice_changes_nothing(demo):
    live.send(now=demo.start + 60 * MINUTE)
    before = count("staking_heartbeat"), count("staking_receipt")
    live.cache.delete(live.SENT_UNTIL)
    assert live.send(now=demo.start + 60 * MINUTE) == 0
    assert (count("staking_heartbeat"), count("staking_receipt")) == before


def test_the_nodes_keep_their_habits_over_an_epoch(demo):
    for hours in (5, 10, 15, 20, 24):
        live.send(now=min(demo.start + timedelta(hours=hours), demo.end - MINUTE))
    settle_epoch(now=demo.end, number=demo.number)
    rows = {
        row.node.address: row for row in NodeEpoch.objects.filter(epoch=demo.number).select_related("node")
    }
    good, failing, away = (
        rows[participants.machine(number).address] for number in (GOOD, FAILING, OFTEN_AWAY)
    )
    assert (good.accepted, good.sla_bps, failing.sla_bps) == (12, 10_000, 7_500)
    assert good.uptime_bps > 9_800 > 8_000 > away.uptime_bps
    assert Slash.objects.get().node.address == participants.machine(FAILING).address
    assert good.reward > 0


def test_a_retired_node_sends_nothing(demo):
    machine = participants.machine(GOOD)
    nodes.change(node=machine.address, actor=machine.operator, changes={"status": "retired"}, now=demo.start)
    assert machine not in live.working_machines()
    assert len(live.working_machines()) == 2


def test_nothing_is_sent_on_another_network(db):
    scenario.begin()
    assert live.send(now=scenario.now()) == 0


def test_nothing_is_sent_before_a_network_starts(db):
    assert live.send(now=START) == 0


@pytest.mark.parametrize(
    ("network", "text", "sends"), [("devnet", "1", True), ("devnet", "0", False), ("production", "1", False)]
)
def test_the_work_of_the_demo_is_scheduled_on_a_devnet_unless_it_is_switched_off(
    settings, network, text, sends
):
    settings.INFRAMIND_NETWORK = network
    settings.INFRAMIND_DEMO_LIVE = switch(text)
    assert (tasks.demo_tick in tasks.rhythm()) is sends
    assert tasks.epoch_tick in tasks.rhythm()
