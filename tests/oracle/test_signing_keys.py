"""Signing keys that change within an epoch: the key that judges a receipt, at intake and in the replay (R22, R53)."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from protocol.replay import Recount, compare, parse, recount
from staking.models import FormerSigningKey, Receipt
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
def test_a_receipt_is_judged_by_the_key_that_the_node_has_when_it_is_recorded(network: Network) -> None:
    """Whenever its job was accepted: before the change or, as clocks differ, a little after."""
    send(signed("first", at=NOW + timedelta(minutes=5)), signed("too early", by=9, at=NOW))
    change_key(network, NEW)
    send(
        signed("sent late", at=NOW - HOUR),
        signed("new key", by=9, at=NOW - HOUR),
        signed("now", by=9, at=NOW),
    )
    assert {job: proof for job, (proof, _) in proofs().items()} == {
        "first": "valid", "too early": "invalid", "sent late": "invalid", "new key": "valid", "now": "valid",
    }  # fmt: skip
    assert settle_and_replay(network).receipts == 5


@pytest.mark.django_db
def test_several_changes_in_an_epoch_have_a_key_for_each_receipt(network: Network) -> None:
    change_key(network, NEWEST)
    change_key(network, NODE)
    send(signed("job-0"))
    for key in (NEWEST, NEW, NEW):
        change_key(network, key)
    send(signed("job-1", by=9))
    change_key(network, NEWEST)
    send(signed("job-2", by=8))
    assert set(proofs().values()) == {("valid", True)}
    assert list(FormerSigningKey.objects.order_by("receipts").values_list("key", "receipts")) == [
        (NODE, 1),
        (NEW, 2),
    ]
    settle_and_replay(network)


@pytest.mark.django_db
def test_imported_history_counts_among_the_receipts_before_a_change(network: Network) -> None:
    send(signed("history", at=NOW + 9 * HOUR), unchecked=True)
    send(signed("job"))
    change_key(network, NEW)
    send(signed("later", by=9))
    result = settle_and_replay(network)
    assert (result.receipts, result.unchecked) == (3, 1)


@pytest.mark.django_db
def test_a_former_key_is_published_with_the_epoch_in_which_it_was_replaced(network: Network) -> None:
    send(signed("job"))
    change_key(network, NEW)
    published = []
    for number in range(1, 3):
        network.settle()
        lines = parse(gzip.decompress(inputs_of(number)).splitlines()).lines["former_key"]
        published.append([(line["node"], line["key"], line["receipts"]) for line in lines])
    assert published == [[(NODE, NODE, 1)], []]


@pytest.mark.django_db
def test_a_former_key_is_not_changed(network: Network) -> None:
    send(signed("job"))
    change_key(network, NEW)
    with pytest.raises(IntegrityError), transaction.atomic():
        FormerSigningKey.objects.update(receipts=0)


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
