"""Old figures say that they are old, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import time_machine
from django.test import Client

from staking.models import Network as World
from staking.services.rankings import rank
from tests.network import START, Network
from tests.shared_rows import shared
from tests.staking.pages.reading import Markup


def text(reader: Client, at: datetime, address: str = "/epochs/") -> str:
    with time_machine.travel(at, tick=False):
        return Markup(reader.get(address).content.decode()).text


@shared
def morning(network: Network) -> datetime:
    network.node(1, own=100)
    rank(now=START + timedelta(seconds=1))
    return START + timedelta(hours=5)


def test_fresh_figures_need_no_word(morning: datetime, reader: Client) -> None:
    assert morning.tzinfo is UTC
    shown = text(reader, morning)
    assert "overdue" not in shown
    assert "not settled yet" not in shown
    assert "19:00:00" in shown


def test_a_late_ranking_is_shown(morning: datetime, reader: Client) -> None:
    assert "The ranking is overdue" not in text(reader, morning + timedelta(hours=1, minutes=1))
    assert "The ranking is overdue" in text(reader, morning + timedelta(hours=1, minutes=3))


def test_a_late_settlement_is_shown(morning: datetime, reader: Client) -> None:
    shown = text(reader, START + timedelta(days=1, minutes=3))
    assert "Epoch 1 has ended and is not settled yet" in shown
    assert "overdue" not in shown


def test_a_halt_is_shown_first(morning: datetime, reader: Client) -> None:
    World.objects.update(halted=["the books differ"])
    assert "Settlement is halted" in text(reader, START + timedelta(days=2))


def test_an_epoch_that_ended_counts_nothing_down(morning: datetime, reader: Client) -> None:
    """In the bar, in the figures of the list and of the network, and on its own page."""
    for late, word in ((timedelta(seconds=30), "settling"), (timedelta(days=4), "delayed")):
        at = START + timedelta(days=1) + late
        for address in ("/", "/epochs/", "/epochs/1/"):
            shown = text(reader, at, address)
            assert word in shown, address
            assert word.capitalize() in shown, address
            assert "00:00:00 " not in shown.replace("00:00:00 UTC", ""), address
            assert "ends in" not in shown.lower(), address
    assert "The next ranking is overdue." in text(reader, START + timedelta(days=5), "/")


def test_a_halted_epoch_is_not_said_to_be_settling(morning: datetime, reader: Client) -> None:
    World.objects.update(halted=["the books differ"])
    before = text(reader, morning, "/epochs/1/")
    after = text(reader, START + timedelta(days=2), "/epochs/1/")
    assert "19:00:00" in before
    assert "Halted" not in before
    assert "Halted" in after
    assert "settling" not in after
    assert "Nothing here is final" in after
