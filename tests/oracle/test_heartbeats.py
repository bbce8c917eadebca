"""Heartbeats: their slots, rejected ones, and those that arrive before their epoch (R25)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from oracle import heartbeats
from oracle.batch_parsing import BatchResult
from staking.models import EarlyHeartbeat, Heartbeat, Node
from staking.services.parameters import schedule
from tests.network import START, Network
from tests.oracle import machines
from tests.oracle.machines import counted, rfc3339

pytestmark = pytest.mark.django_db

DAY, MINUTE, MS = timedelta(days=1), timedelta(minutes=1), timedelta(milliseconds=1)
NOON = START + timedelta(hours=12)


def beat(at: datetime, number: int = 0) -> dict[str, Any]:
    return {"node": machines.address(number), "at": rfc3339(at)}


def send(*items: object, now: datetime = NOON, ahead: bool = False) -> BatchResult:
    return heartbeats.ingest(items=items, now=now, ahead=ahead)


def machine_numbers() -> dict[int, int]:
    ids = Node.objects.order_by("id").values_list("id", flat=True)
    return {id_: number for number, id_ in enumerate(ids)}


def recorded_slots() -> list[tuple[int, int, int]]:
    """(epoch, slot, machine) of every heartbeat."""
    numbers = machine_numbers()
    rows = Heartbeat.objects.order_by("epoch", "slot", "node_id").values_list("epoch", "slot", "node_id")
    return [(epoch, slot, numbers[node]) for epoch, slot, node in rows]


def early() -> list[tuple[datetime, int]]:
    numbers = machine_numbers()
    rows = EarlyHeartbeat.objects.order_by("at", "node_id").values_list("at", "node_id")
    return [(at, numbers[node]) for at, node in rows]


def test_a_heartbeat_is_recorded_in_its_slot(network: Network) -> None:
    answer = send(
        beat(START), beat(START + 5 * MINUTE - MS, 1), beat(START + 5 * MINUTE), beat(START + 17 * MINUTE, 2)
    )
    assert counted(answer) == (4, 0, [])
    assert recorded_slots() == [(1, 0, 0), (1, 0, 1), (1, 1, 0), (1, 3, 2)]


def test_a_second_one_in_a_slot_changes_nothing(network: Network) -> None:
    send(beat(START + MINUTE))
    assert counted(send(beat(START + MINUTE), beat(START + 2 * MINUTE), beat(START + 2 * MINUTE, 1))) == (
        1,
        2,
        [],
    )
    assert recorded_slots() == [(1, 0, 0), (1, 0, 1)]


@pytest.mark.parametrize(
    ("at", "codes"),
    [
        (START, []),
        (START - MS, ["receipt_time"]),
        (NOON + 5 * MINUTE, []),
        (NOON + 5 * MINUTE + MS, ["receipt_time"]),
    ],
)
def test_heartbeats_too_early_or_too_late_are_refused(
    network: Network, at: datetime, codes: list[str]
) -> None:
    assert counted(send(beat(at))) == (1 - len(codes), 0, codes)


def test_a_heartbeat_past_the_end_of_the_epoch_is_early(network: Network) -> None:
    at = START + DAY + 2 * MINUTE
    assert counted(send(beat(at), beat(at), now=START + DAY - MINUTE)) == (1, 1, [])
    assert (recorded_slots(), early()) == ([], [(at, 0)])


def test_a_second_one_in_a_slot_past_the_end_of_the_epoch_is_a_duplicate(network: Network) -> None:
    end, now = START + DAY, START + DAY - MINUTE
    assert counted(send(beat(end), beat(end + MS), beat(end + MS, 1), now=now)) == (2, 1, [])
    assert counted(send(beat(end + 4 * MINUTE), beat(end + 4 * MINUTE, 2), now=now)) == (1, 1, [])
    later = START + DAY + 3 * MINUTE
    assert counted(send(beat(end + 5 * MINUTE - MS, 1), beat(end + 5 * MINUTE), now=later)) == (1, 1, [])
    network.settle()
    assert recorded_slots() == [(2, 0, 0), (2, 0, 1), (2, 0, 2), (2, 1, 0)]


def test_imported_heartbeats_count_in_their_epoch(network: Network) -> None:
    minutes = [START + DAY + number * MINUTE for number in range(12)]
    assert counted(send(*(beat(at) for at in minutes), now=START, ahead=True)) == (3, 9, [])
    assert counted(send(*(beat(at) for at in minutes), now=START, ahead=True)) == (0, 12, [])
    network.settle(2)
    # Three of 288 slots; the other nodes were never heard.
    assert [network.row(machines.address(number), 2).uptime_bps for number in range(3)] == [
        10_000 * 3 // 288,
        0,
        0,
    ]


def test_a_heartbeat_in_the_slot_of_an_early_one_is_a_duplicate(network: Network) -> None:
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
    network = Network(heartbeat_slot_seconds=60, heard_quorum_bps=0)
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
def test_rejected_items_are_listed_and_the_others_recorded(network: Network, item: object, code: str) -> None:
    answer = send(beat(START), item, beat(START, 1))
    assert counted(answer) == (2, 0, [code])
    assert (answer.rejected[0].index, answer.rejected[0].job_id) == (1, None)


def test_early_heartbeats_get_the_slots_of_the_epoch_that_opens(network: Network) -> None:
    """Two of one slot count once; those of later epochs stay early; a new slot length applies."""
    minutes = (0, 1, 59, 60, 1_439, 1_440)
    send(*(beat(START + DAY + minute * MINUTE) for minute in minutes), now=START, ahead=True)
    schedule(changes={"heartbeat_slot_seconds": 3_600}, from_epoch=2, proposal=1, now=START)
    network.settle()
    assert recorded_slots() == [(2, 0, 0), (2, 1, 0), (2, 23, 0)]
    assert early() == [(START + 2 * DAY, 0)]
    network.settle()
    assert recorded_slots()[3:] == [(3, 0, 0)]
    assert early() == []


def test_two_nodes_in_one_slot_in_any_order(network: Network) -> None:
    answer = send(beat(START, 2), beat(START), beat(START, 1), beat(START + MINUTE, 2))
    assert counted(answer) == (3, 1, [])
    assert recorded_slots() == [(1, 0, 0), (1, 0, 1), (1, 0, 2)]


def test_an_empty_batch_records_nothing(network: Network) -> None:
    assert counted(send()) == (0, 0, [])
