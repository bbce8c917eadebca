"""Heartbeats: which slots they fill, which are refused, what waits for its epoch (R25)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from oracle import heartbeats
from oracle.batch_parsing import Ingested
from staking.models import Heartbeat, Node
from tests.network import START, Network
from tests.oracle import machines
from tests.oracle.machines import counted, rfc3339

pytestmark = pytest.mark.django_db

DAY, MINUTE, MS = timedelta(days=1), timedelta(minutes=1), timedelta(milliseconds=1)
NOON = START + timedelta(hours=12)


def beat(at: datetime, number: int = 0) -> dict[str, Any]:
    return {"node": machines.address(number), "at": rfc3339(at)}


def send(*items: object, now: datetime = NOON, ahead: bool = False) -> Ingested:
    return heartbeats.ingest(items=items, now=now, ahead=ahead)


def heard() -> list[tuple[datetime, int]]:
    numbers = {
        id_: number for number, id_ in enumerate(Node.objects.order_by("id").values_list("id", flat=True))
    }
    return [
        (at, numbers[node])
        for at, node in Heartbeat.objects.order_by("at", "node_id").values_list("at", "node_id")
    ]


def test_a_slot_is_stored_by_its_start(network: Network) -> None:
    answer = send(
        beat(START), beat(START + 5 * MINUTE - MS, 1), beat(START + 5 * MINUTE), beat(START + 17 * MINUTE, 2)
    )
    assert counted(answer) == (4, 0, [])
    assert heard() == [(START, 0), (START, 1), (START + 5 * MINUTE, 0), (START + 15 * MINUTE, 2)]


def test_a_second_one_in_a_slot_changes_nothing(network: Network) -> None:
    send(beat(START + MINUTE))
    assert counted(send(beat(START + MINUTE), beat(START + 2 * MINUTE), beat(START + 2 * MINUTE, 1))) == (
        1,
        2,
        [],
    )
    assert heard() == [(START, 0), (START, 1)]


@pytest.mark.parametrize(
    ("at", "codes"),
    [
        (START, []),
        (START - MS, ["receipt_time"]),
        (NOON + 5 * MINUTE, []),
        (NOON + 5 * MINUTE + MS, ["receipt_time"]),
    ],
)
def test_bounds_of_time(network: Network, at: datetime, codes: list[str]) -> None:
    assert counted(send(beat(at))) == (1 - len(codes), 0, codes)


def test_just_ahead_of_the_next_epoch_it_waits_as_sent(network: Network) -> None:
    at = START + DAY + 2 * MINUTE
    assert counted(send(beat(at), beat(at), now=START + DAY - MINUTE)) == (1, 1, [])
    assert heard() == [(at, 0)]


def test_imported_ones_wait_for_their_epoch_and_count_in_it(network: Network) -> None:
    minutes = [START + DAY + number * MINUTE for number in range(12)]
    assert counted(send(*(beat(at) for at in minutes), now=START, ahead=True)) == (12, 0, [])
    assert counted(send(*(beat(at) for at in minutes), now=START, ahead=True)) == (0, 12, [])
    network.settle(2)
    # Three of 288 slots; the others were never heard of.
    assert [network.row(machines.address(number), 2).uptime_bps for number in range(3)] == [
        10_000 * 3 // 288,
        0,
        0,
    ]


def test_in_a_slot_that_was_heard_ahead_it_is_a_duplicate(network: Network) -> None:
    send(beat(START + DAY + MINUTE), now=START, ahead=True)
    network.settle()
    now = START + DAY + timedelta(hours=1)
    answer = send(
        beat(START + DAY + 3 * MINUTE),
        beat(START + DAY + 3 * MINUTE, 1),
        beat(START + DAY + 5 * MINUTE),
        now=now,
    )
    assert counted(answer) == (2, 1, [])
    network.settle()
    assert [network.row(machines.address(number), 2).uptime_bps for number in range(3)] == [69, 34, 0]


def test_uptime_is_slots_heard_of_slots_counted(network: Network) -> None:
    send(*(beat(START + number * 5 * MINUTE) for number in range(144)))
    send(*(beat(START + number * MINUTE, 1) for number in range(5)))
    network.settle()
    assert [network.row(machines.address(number)).uptime_bps for number in range(3)] == [5_000, 34, 0]


def test_slots_follow_the_parameters_of_the_epoch(db: None) -> None:
    network = Network(heartbeat_slot_seconds=60)
    machines.register(1)
    assert counted(send(beat(START + 59_999 * MS), beat(START + MINUTE))) == (2, 0, [])
    network.settle()
    assert network.row(machines.address(0)).uptime_bps == 10_000 * 2 // 1_440


@pytest.mark.parametrize(
    ("item", "code"),
    [
        (None, "receipt_invalid"),
        ([], "receipt_invalid"),
        ({}, "receipt_invalid"),
        ({"node": machines.address(0)}, "receipt_invalid"),
        ({"at": rfc3339(START)}, "receipt_invalid"),
        ({"node": 5, "at": rfc3339(START)}, "receipt_invalid"),
        ({"node": "0x12", "at": rfc3339(START)}, "address_invalid"),
        ({"node": "\ud800", "at": rfc3339(START)}, "address_invalid"),
        ({"node": machines.address(0), "at": "2026-01-01"}, "receipt_invalid"),
        ({"node": machines.address(0), "at": 1_767_225_600}, "receipt_invalid"),
        ({"node": "0x" + "12" * 20, "at": rfc3339(START)}, "not_found"),
        ({"node": "0x" + "12" * 20, "at": rfc3339(START - DAY)}, "not_found"),
    ],
)
def test_bad_items_are_named_and_the_others_stored(network: Network, item: object, code: str) -> None:
    answer = send(beat(START), item, beat(START, 1))
    assert counted(answer) == (2, 0, [code])
    assert (answer.rejected[0].index, answer.rejected[0].job_id) == (1, None)


def test_an_empty_batch(network: Network) -> None:
    assert counted(send()) == (0, 0, [])
