"""Time and order of settlements, and conditions that halt them (R4, R43, S)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from ledger import accounts
from ledger.models import Transaction
from ledger.posting import post
from ledger.selectors import balance, supply
from protocol.amounts import MICRO
from settlement import epoch as epoch_module
from settlement.epoch import settle_due, settle_epoch
from settlement.epoch_lifecycle import AlreadySettled, Halted, NotDue
from staking.models import Epoch, Node, NodeEpoch
from staking.models import Network as NetworkRow
from staking.pages.epoch_steps import STEPS
from staking.services.parameters import schedule
from tests.docs.document import PROTOCOL, section
from tests.network import START, Network
from tests.owner import as_owner

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def test_an_epoch_is_not_settled_before_its_end(net: Network) -> None:
    with pytest.raises(NotDue):
        settle_epoch(now=START + DAY - timedelta(milliseconds=1))
    assert Epoch.objects.get().status == "open"
    settle_epoch(now=START + DAY)
    first, second = Epoch.objects.order_by("number")
    assert (first.status, second.status) == ("settled", "open")
    assert (first.start, first.end, second.start, second.end) == (
        START,
        START + DAY,
        START + DAY,
        START + 2 * DAY,
    )


def test_missed_epochs_are_settled_one_after_the_other(net: Network) -> None:
    node = net.node(own=1_000)
    net.work(node)
    late = START + 5 * DAY + timedelta(hours=3)
    assert [work.number for work in settle_due(now=late)] == [1, 2, 3, 4, 5]
    assert list(settle_due(now=late)) == []
    rows = Epoch.objects.filter(status="settled").order_by("number")
    assert [row.pool // (10_000 * MICRO) for row in rows] == [1, 1, 2, 3, 4]
    assert {row.settled_at for row in rows} == {late}
    net.now = late
    net.check()


def test_a_settlement_far_too_late_pays_what_one_in_time_pays(net: Network) -> None:
    """One function settles: what was done in an epoch that was missed counts in the one that was open then."""
    node = net.node(own=1_000)
    net.delegate(node, 1, 500)
    net.now = START + 3 * DAY
    net.work(node)
    assert [work.number for work in settle_due(now=net.now)] == [1, 2, 3]
    assert [NodeEpoch.objects.get(epoch=number).good for number in (1, 2, 3)] == [10, 0, 0]
    # Everything was pending in epoch 1, whose work earns what nobody had at stake: all is the operator's.
    assert NodeEpoch.objects.get(epoch=1).operator_reward == 10_000 * MICRO


def test_up_to_an_epoch_and_no_further(net: Network) -> None:
    late = START + 5 * DAY
    assert [work.number for work in settle_due(now=late, until=2)] == [1, 2]


def test_a_settled_number_is_not_settled_again(net: Network) -> None:
    late = START + 5 * DAY
    settle_epoch(now=late, number=1)
    with pytest.raises(AlreadySettled):
        settle_epoch(now=late, number=1)
    assert Epoch.objects.get(number=2).status == "open"


def test_an_error_in_any_step_leaves_nothing(net: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    node = net.node(own=1_000)
    net.work(node)
    before = Transaction.objects.count()

    def fail(settlement: object) -> None:
        raise RuntimeError("the disk is full")

    for place in range(1, len(epoch_module.EPOCH_STEPS)):
        steps = list(epoch_module.EPOCH_STEPS)
        steps[place] = fail
        with monkeypatch.context() as patch:
            patch.setattr(epoch_module, "EPOCH_STEPS", tuple(steps))
            with pytest.raises(RuntimeError):
                settle_epoch(now=START + DAY)
        assert Epoch.objects.get().status == "open"
        assert (Transaction.objects.count(), NodeEpoch.objects.count()) == (before, 0)
    settle_epoch(now=START + DAY)
    net.check()


def test_a_fault_in_the_books_stops_the_next_settlement_until_it_is_mended(net: Network) -> None:
    node = net.node(own=1_000)
    settle_epoch(now=START + DAY)
    Node.objects.update(self_stake=1_000 * MICRO + 1)
    net.work(node)
    settle_epoch(now=START + 2 * DAY)
    assert any("stake:" + node in fault for fault in NetworkRow.objects.get().halted)
    with pytest.raises(Halted):
        settle_epoch(now=START + 3 * DAY)
    with pytest.raises(Halted):
        list(settle_due(now=START + 3 * DAY))
    Node.objects.update(self_stake=1_000 * MICRO)
    assert [work.number for work in settle_due(now=START + 3 * DAY)] == [3]
    assert NetworkRow.objects.get().halted == []


def test_minted_distributed_and_carried_to_the_micro(net: Network) -> None:
    made = [net.node(number, own=100) for number in (1, 2, 3)]
    for node in made:
        net.work(node, 3)
    net.settle()
    epoch = Epoch.objects.get(number=1)
    assert (epoch.carry_in, epoch.minted, epoch.pool) == (0, 10_000 * MICRO, 10_000 * MICRO)
    assert (epoch.distributed, epoch.carry) == (9_999_999_999, 1)
    assert balance(accounts.REWARD_POOL) == 1
    assert supply() == 10_300 * MICRO
    kinds = Transaction.objects.filter(epoch=1, kind__in=("mint", "rewards")).values_list(
        "kind", "reference", "key"
    )
    assert sorted(kinds) == [("mint", "epoch:1", "mint:1"), ("rewards", "epoch:1", "rewards:1")]


def test_fees_paid_into_the_pool_are_shared_out(net: Network) -> None:
    node = net.node(own=100)
    net.work(node)
    post(kind="fee", moves={accounts.ISSUANCE: -7, accounts.REWARD_POOL: 7}, at=net.now, epoch=1)
    net.settle()
    epoch = Epoch.objects.get(number=1)
    assert (epoch.carry_in, epoch.pool, epoch.distributed) == (7, 10_000 * MICRO + 7, 10_000 * MICRO + 7)


def test_a_change_of_parameters_waits_for_the_next_epoch(net: Network) -> None:
    """Decided in the middle of epoch 1: settled under the old, opened under the new, lengths included."""
    changes = {"emission_per_epoch": "50", "epoch_seconds": 43_200, "unbonding_seconds": 3 * 86_400}
    schedule(changes=changes, from_epoch=2, proposal=1, now=net.now)
    node = net.node(own=100)
    net.work(node)
    net.settle()
    net.work(node)
    net.settle()
    assert [
        (net.row(node, number).reward, Epoch.objects.get(number=number).parameters_id) for number in (1, 2)
    ] == [
        (10_000 * MICRO, 1),
        (50 * MICRO, 2),
    ]
    second, third = Epoch.objects.get(number=2), Epoch.objects.get(number=3)
    assert second.end - second.start == third.end - third.start == timedelta(hours=12)


def test_the_newest_version_due_is_in_force(net: Network) -> None:
    for version, share in enumerate((6_000, 7_000), 2):
        schedule(changes={"sla_threshold_bps": share}, from_epoch=version, proposal=version, now=net.now)
    net.settle()
    assert net.epoch.params.sla_threshold_bps == 6_000
    net.settle()
    assert net.epoch.params.sla_threshold_bps == 7_000


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE staking_epoch SET pool = pool WHERE number = 1",
        "DELETE FROM staking_epoch WHERE number = 1",
        "UPDATE staking_nodeepoch SET reward = reward",
        "DELETE FROM staking_nodeepoch",
    ],
)
def test_settled_rows_are_protected_by_the_database(net: Network, sql: str) -> None:
    net.node(own=100)
    net.settle()
    refused = pytest.raises(IntegrityError, match="settled")
    with as_owner(), refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_the_steps_are_numbered_in_their_order() -> None:
    steps = section(PROTOCOL.read_text(), "### S Order of settlement")
    numbered = [int(number) for number in re.findall(r"^([0-9]+)\. ", steps, re.MULTILINE)]
    assert numbered == list(range(1, len(epoch_module.EPOCH_STEPS) + 1))
    for number, step in enumerate(epoch_module.EPOCH_STEPS, 1):
        assert (step.__doc__ or "").startswith(f"Step {number}. ")


def test_the_page_of_an_epoch_lists_the_steps_in_their_order() -> None:
    listed = [step.name for step in STEPS]
    assert ["lock_epoch", "read_nodes", *listed] == [step.__name__ for step in epoch_module.EPOCH_STEPS]
