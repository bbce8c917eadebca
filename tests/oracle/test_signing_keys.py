"""Signing keys that change within an epoch: the key that judges a receipt, at intake and in the replay (R22, R53)."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from protocol.replay import Recount, compare, parse, recount
from protocol.times import unix_ms
from staking.models import FormerSigningKey, Node, Receipt
from staking.selectors.epoch_inputs import inputs_of, receipts_of
from tests.network import START, Network
from tests.oracle import machines
from tests.oracle.machines import proofs, send, signed
from tests.together import together

NODE, NEW, NEWEST = machines.address(0), machines.address(9), machines.address(8)
HOUR, MS = timedelta(hours=1), timedelta(milliseconds=1)
NOW = START + 2 * HOUR


def change_key(network: Network, key: str, *, now: datetime = NOW) -> None:
    network.now = now
    network.change(NODE, signing_key=key)


def replayed(number: int = 1) -> Recount:
    """The receipts of a settled epoch, counted again as `infra verify --level receipts` does."""
    inputs = parse(gzip.decompress(inputs_of(number)).splitlines())
    _, *lines = gzip.decompress(b"".join(receipts_of(number))).splitlines()
    return recount(inputs, map(json.loads, lines))


def settle_and_replay(network: Network) -> Recount:
    network.settle()
    result = replayed()
    assert compare(result.published, result.computed) == []
    assert result.proofs == {}
    return result


@pytest.mark.django_db
def test_a_receipt_is_judged_by_the_key_in_force_when_its_job_was_accepted(network: Network) -> None:
    send(signed("first", at=NOW - HOUR))
    change_key(network, NEW)
    send(
        signed("sent late", at=NOW - MS), signed("new key too early", by=9, at=NOW - MS),
        signed("old key", at=NOW), signed("new key", by=9, at=NOW),
    )  # fmt: skip
    assert {job: proof for job, (proof, _) in proofs().items()} == {
        "first": "valid", "sent late": "valid", "new key too early": "invalid", "old key": "invalid",
        "new key": "valid",
    }  # fmt: skip
    assert settle_and_replay(network).receipts == 5


@pytest.mark.django_db
def test_several_changes_in_an_epoch_have_a_key_for_each_time(network: Network) -> None:
    change_key(network, NEW)
    change_key(network, NEWEST, now=NOW + HOUR)
    change_key(network, NEWEST, now=NOW + 2 * HOUR)
    assert list(FormerSigningKey.objects.order_by("until").values_list("key", flat=True)) == [NODE, NEW]
    for number, by in enumerate((0, 9, 8)):
        send(signed(f"job-{number}", by=by, at=NOW - HOUR + number * HOUR), at=NOW + 3 * HOUR)
    assert set(proofs().values()) == {("valid", True)}
    settle_and_replay(network)


@pytest.mark.django_db
def test_a_receipt_ahead_of_the_clock_stays_as_it_was_judged(network: Network) -> None:
    ahead = NOW + timedelta(minutes=5)
    send(signed("ahead", at=ahead))
    change_key(network, NEW)
    assert Node.objects.get(address=NODE).signing_key_since == unix_ms(ahead) + 1
    send(signed("old key", at=ahead), signed("new key", by=9, at=ahead + MS), at=ahead)
    assert set(proofs().values()) == {("valid", True)}
    settle_and_replay(network)


@pytest.mark.django_db
def test_imported_history_moves_no_change(network: Network) -> None:
    send(signed("history", at=NOW + 9 * HOUR), unchecked=True)
    change_key(network, NEW)
    send(signed("job", by=9, at=NOW))
    assert proofs()["job"] == ("valid", True)
    result = settle_and_replay(network)
    assert (result.receipts, result.unchecked) == (2, 1)


@pytest.mark.django_db
def test_a_former_key_is_published_as_long_as_receipts_can_have_it(network: Network) -> None:
    change_key(network, NEW)
    published = []
    for number in range(1, 5):
        network.settle()
        lines = parse(gzip.decompress(inputs_of(number)).splitlines()).lines["former_key"]
        published.append([(line["node"], line["key"]) for line in lines])
    assert published == [[(NODE, NODE)]] * 3 + [[]]


@pytest.mark.django_db
def test_a_former_key_is_not_changed(network: Network) -> None:
    change_key(network, NEW)
    with pytest.raises(IntegrityError), transaction.atomic():
        FormerSigningKey.objects.update(until=0)


@pytest.mark.django_db(transaction=True)
def test_keys_that_change_between_batches_judge_as_the_replay_does(network: Network) -> None:
    """Receipts are up to five minutes ahead of the clock while the key changes from one to the other."""

    def act(client: int) -> None:
        for turn in range(6):
            if client == 0:
                network.change(NODE, signing_key=(NEW, NODE)[turn % 2])
            else:
                batch = [
                    signed(f"{client}-{turn}-{job}", by=(0, 9)[job % 2], at=NOW + job * MS)
                    for job in range(4)
                ]
                send(*batch)

    network.now = NOW
    together(4, act)
    assert Receipt.objects.count() == 72
    settle_and_replay(network)
