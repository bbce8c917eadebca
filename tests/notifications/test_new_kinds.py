"""Degraded nodes, executed redelegations, operators that unbond, watched nodes, and first sign-ins."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from identity.models import User
from notifications import dispatch, inbox, subscriptions
from notifications.models import Delivery, Subscription
from staking.models import Event
from staking.services import events, watchlist
from tests.network import Network, node_address, operator, wallet
from tests.shared_rows import shared

pytestmark = pytest.mark.django_db


@shared
def net():
    """Nodes 1 and 2 in epoch 2; wallet 1 delegates to node 1."""
    network = Network()
    for number in (1, 2):
        network.node(number, own=2_000)
    network.delegate(node_address(1), 1, 500)
    network.settle()
    return network


def kinds_of(address):
    return [notification.kind.name for notification in inbox.page(address, limit=50, offset=0)]


def texts_of(address):
    return [notification.text for notification in inbox.page(address, limit=50, offset=0)]


def test_a_node_that_becomes_degraded_is_announced_once(net):
    node = node_address(1)
    net.work(node, 10)
    net.settle()
    assert kinds_of(wallet(1)) == []
    for _ in range(2):
        net.work(node, 10, outcome="rejected")
        net.settle()
    assert kinds_of(wallet(1)) == kinds_of(operator(1)) == ["node_degraded"]
    assert "rejected 100.00% of its jobs" in texts_of(wallet(1))[0]


def test_an_executed_redelegation_is_announced_to_its_wallet(net):
    net.redelegate(node_address(1), node_address(2), 1, 200)
    net.settle()
    assert kinds_of(wallet(1)) == ["redelegation_executed"]
    assert kinds_of(operator(2)) == []
    assert "200" in texts_of(wallet(1))[0]


def test_an_operator_that_unbonds_is_announced_to_its_delegators(net):
    net.unstake(node_address(1), 750)
    assert kinds_of(wallet(1)) == ["operator_unbonding"]
    text = texts_of(wallet(1))[0]
    assert "750" in text
    assert "1,250" in text


def test_a_watched_node_is_announced_from_then_on(net):
    now = net.now
    net.unstake(node_address(1), 100)
    watchlist.watch(node=node_address(1), wallet=wallet(7), now=now + timedelta(seconds=1))
    assert kinds_of(wallet(7)) == []
    net.wait(60)
    net.unstake(node_address(1), 100)
    assert kinds_of(wallet(7)) == ["operator_unbonding"]
    assert inbox.count(wallet(7)) == 1


def test_a_watched_node_with_a_delegation_is_announced_once(net):
    watchlist.watch(node=node_address(1), wallet=wallet(1), now=net.now - timedelta(days=1))
    subscriptions.set_webhook(wallet=wallet(1), url="https://example.org/", kinds=["operator_unbonding"])
    net.unstake(node_address(1), 100)
    assert kinds_of(wallet(1)) == ["operator_unbonding"]
    dispatch.queue_events()
    assert Delivery.objects.count() == 1


def test_a_watcher_gets_deliveries(net):
    watchlist.watch(node=node_address(2), wallet=wallet(7), now=net.now - timedelta(days=1))
    subscriptions.set_webhook(wallet=wallet(7), url="https://example.org/", kinds=["operator_unbonding"])
    net.unstake(node_address(2), 100)
    net.unstake(node_address(1), 100)
    dispatch.queue_events()
    assert Delivery.objects.get().wallet == wallet(7)


def propose(net):
    events.record("proposal_opened", at=net.now, epoch=2, title="Less", proposal=1)


def test_a_new_account_has_nothing_unread_and_the_next_event_is(net):
    propose(net)
    Client().force_login(User.objects.create(address=wallet(8)))
    assert inbox.unread(wallet(8)) == 0
    assert kinds_of(wallet(8)) == ["proposal_opened"]
    propose(net)
    assert inbox.unread(wallet(8)) == 1


def test_a_delegator_that_signs_in_for_the_first_time_finds_what_happened_unread(net):
    net.unstake(node_address(1), 100)
    Client().force_login(User.objects.create(address=wallet(1)))
    assert inbox.unread(wallet(1)) == 1


def test_a_later_sign_in_leaves_the_inbox_as_it_is(net):
    user = User.objects.create(address=wallet(8))
    Client().force_login(user)
    propose(net)
    Client().force_login(user)
    assert inbox.unread(wallet(8)) == 1
    assert Subscription.objects.get().read_event < Event.objects.latest("id").pk


def test_the_first_sign_in_chooses_the_usual_kinds(net):
    Client().force_login(User.objects.create(address=wallet(8)))
    assert "slash_pending" in subscriptions.subscription_of(wallet(8)).email_kinds
