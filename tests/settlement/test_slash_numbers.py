"""Slashes are numbered without gaps, by node address and the order of the offence table."""

from __future__ import annotations

import pytest
from django.db import transaction

from settlement.epoch import settle_epoch
from staking.models import Counter, Epoch, Slash
from tests.network import Network

pytestmark = pytest.mark.django_db


def numbers() -> list[tuple[int, str, str]]:
    return list(Slash.objects.order_by("id").values_list("id", "node__address", "offence"))


def test_slashes_of_several_epochs_are_numbered_in_their_order() -> None:
    net = Network()
    first, second = net.node(1, own=1_000), net.node(2, own=1_000)
    net.work(second, 1, outcome="dropped")
    net.work(second, 1, proof="invalid")
    net.work(first, 1, outcome="dropped")
    net.settle()
    expected = [(1, first, "dropout"), (2, second, "invalid_proof"), (3, second, "dropout")]
    assert numbers() == expected
    net.settle()
    net.work(first, 1, outcome="dropped")
    net.settle()
    assert numbers() == [*expected, (4, first, "dropout")]
    assert Counter.objects.get(name="slash").last == 4


def test_a_settlement_that_is_rolled_back_takes_its_numbers_back() -> None:
    net = Network()
    node = net.node(1, own=1_000)
    net.work(node, 1, outcome="dropped")
    with transaction.atomic():
        settle_epoch(now=Epoch.objects.get().end)
        assert numbers() == [(1, node, "dropout")]
        transaction.set_rollback(True)
    assert numbers() == []
    net.settle()
    assert numbers() == [(1, node, "dropout")]
