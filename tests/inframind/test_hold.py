"""`hold` and `release`: settlement, ranking and payments wait, reading and intake go on."""

from __future__ import annotations

import io
import time

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from inframind import network_state, tasks
from settlement import settle_epoch
from staking.models import Epoch, NodeEpoch, Ranking, Unbonding
from staking.models import Network as NetworkRow
from staking.services.epochs import EPOCH_LOCK
from staking.services.hold import Held
from tests.network import START, Network, node_address, wallet
from web import metrics as counters

pytestmark = pytest.mark.django_db


def run(command: str, *words: str) -> str:
    out = io.StringIO()
    call_command(command, *words, stdout=out)
    return out.getvalue().strip()


@pytest.fixture
def network() -> Network:
    """A node with work, and an unbonding of epoch 1 that has matured: the open epoch ended long ago."""
    network = Network()
    network.node(1, own=1_000)
    network.delegate(node_address(1), 1, 100)
    network.undelegate(node_address(1), 1, 40)
    network.settle()
    network.work(node_address(1))
    return network


def test_nothing_is_settled_ranked_or_paid_while_held(network):
    assert run("hold", "restore") == "settlement, ranking and payments are held; `manage.py release` ends it"
    before = Ranking.objects.count()
    for tick in (tasks.epoch_tick, tasks.ranking_tick, tasks.release_tick):
        tick.delay()
    assert Epoch.objects.filter(status="settled").count() == 1
    assert Ranking.objects.count() == before
    assert Unbonding.objects.get().status == "open"
    with pytest.raises(Held, match=r"held since .*: restore"):
        settle_epoch(now=network.epoch.end)
    for command in ("settle", "rank"):
        with pytest.raises(CommandError, match=r"held since .* UTC: restore"):
            run(command)
    with pytest.raises(CommandError, match=r"the clock was moved; settlement is held since .* UTC: restore"):
        run("advance_time", "86400")


def test_a_tick_that_is_held_has_not_stopped(network):
    """Or each hold would raise the alarm TicksStopped."""
    run("hold", "restore")
    before = time.time()
    tasks.release_tick.delay()
    assert counters.TICK_SUCCESS.labels("release_tick")._value.get() >= before


def test_reading_and_intake_go_on(network):
    run("hold", "restore")
    assert Client().get("/").status_code == 200
    network.work(node_address(1), 5)
    network.delegate(node_address(1), 2, 50)
    assert "Settlement is paused" in Client().get("/epochs/").content.decode()


def test_what_was_sent_meanwhile_counts_when_it_is_released(network):
    run("hold", "restore")
    network.work(node_address(1), 5)
    assert run("release") == "released: epoch 2 is due and will be settled now"
    settle_epoch(now=network.epoch.end)
    assert NodeEpoch.objects.get(epoch=2).accepted == 15
    tasks.release_tick.delay()
    assert Unbonding.objects.get().status == "paid"


def test_a_hold_keeps_its_first_reason(network):
    run("hold", "restore")
    with pytest.raises(CommandError, match=r"held already, since .* UTC: restore"):
        run("hold", "another")
    run("release")
    with pytest.raises(CommandError, match="nothing is held"):
        run("release")
    assert (NetworkRow.objects.get().held_at, NetworkRow.objects.get().held_reason) == (None, "")


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201])
def test_a_hold_needs_a_reason(network, reason):
    with pytest.raises(CommandError, match="reason of 1 to 200"):
        run("hold", reason)


def test_without_a_network_there_is_nothing_to_hold():
    with pytest.raises(CommandError, match="no network yet"):
        run("hold", "restore")


@pytest.mark.django_db(transaction=True)
def test_a_hold_that_waits_too_long_for_a_settlement_says_so():
    Network()
    with psycopg.connect(**network_state._parameters()) as settling:
        settling.execute(f"SELECT pg_advisory_xact_lock({EPOCH_LOCK})")

        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        with pytest.raises(CommandError, match=r"A settlement is running.* nothing is held"):
            run("hold", "restore")
    connection.close()
    assert NetworkRow.objects.get().held_at is None


def test_wallets_may_still_withdraw_what_has_matured(network):
    run("hold", "restore")
    entry = Unbonding.objects.get()
    network.now = START.replace(month=2)
    network.withdraw(entry.pk, wallet(1))
    assert Unbonding.objects.get().status == "paid"
