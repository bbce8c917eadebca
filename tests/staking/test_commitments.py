"""Operators' commitments: made, replaced, withdrawn; kept or broken according to the records."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from protocol.amounts import MICRO
from protocol.errors import Invalid, NodeRetired, NotOperator, ParameterOutOfBounds
from staking.models import Commitment, Event, Node
from staking.selectors.commitments import Breach, Commitments, commitments_of
from staking.selectors.nodes import NodeQuery, list_page
from staking.services.commitments import announce_share, make_commitment, withdraw_commitment
from staking.services.rankings import rank
from tests.network import Network, operator, wallet
from tests.shared_rows import shared

pytestmark = pytest.mark.django_db


@shared
def net() -> Network:
    """A node with 1,000 IFM of own stake, a share of 80 % and a cap of 5,000 IFM, in epoch 2."""
    net = Network()
    net.node(1, own=1_000, delegation_cap=5_000 * MICRO)
    net.settle()
    return net


def node() -> str:
    return Node.objects.get().address


def promise(
    net: Network, share: int | None = None, notice: int | None = None, most: int | None = None
) -> Commitment:
    return make_commitment(
        node=node(), actor=operator(1), minimum_share_bps=share, notice_epochs=notice,
        maximum_delegated=None if most is None else most * MICRO, now=net.now,
    )  # fmt: skip


def read(net: Network) -> Commitments:
    return commitments_of(Node.objects.get().id, epoch=net.epoch.number)


def breaches(net: Network) -> list[Breach]:
    return [breach for record in read(net).records for breach in record.breaches]


def test_a_promise_is_kept_until_a_record_breaks_it(net: Network) -> None:
    promise(net, share=8_000, notice=2, most=6_000)
    net.settle(3)
    commitments = read(net)
    assert (commitments.are_kept, len(commitments.records)) == (True, 1)
    current = commitments.current
    assert current is not None
    assert (current.commitment.from_epoch, current.commitment.ends_epoch, current.in_force) == (2, None, True)


def test_a_share_below_the_minimum_breaks_it_from_the_epoch_of_the_change(net: Network) -> None:
    promise(net, share=8_000)
    net.change(node(), delegator_share_bps=7_800)
    assert breaches(net) == [Breach("minimum_share", 3, 7_800)]
    assert not read(net).are_kept
    # The last change of an epoch counts: what was taken back in time broke nothing.
    net.change(node(), delegator_share_bps=8_000)
    assert breaches(net) == []


def test_a_reduction_needs_an_announcement_in_time(net: Network) -> None:
    promise(net, notice=2)
    announce_share(node=node(), actor=operator(1), share_bps=7_500, from_epoch=4, now=net.now)
    net.change(node(), delegator_share_bps=7_600)
    # In force from epoch 3 on: one epoch after the announcement, and before the epoch that it named.
    assert breaches(net) == [Breach("notice", 3, 7_600)]
    net.change(node(), delegator_share_bps=8_000)
    net.settle()
    net.change(node(), delegator_share_bps=7_500)
    assert breaches(net) == []
    net.settle()
    net.change(node(), delegator_share_bps=7_400)
    assert breaches(net) == [Breach("notice", 5, 7_400)]


def test_an_announcement_serves_the_first_reduction_from_its_epoch_on_and_no_other(net: Network) -> None:
    promise(net, notice=2)
    announce_share(node=node(), actor=operator(1), share_bps=7_000, from_epoch=4, now=net.now)
    net.settle()
    net.change(node(), delegator_share_bps=7_500)
    assert breaches(net) == []
    net.settle()
    # The share rises and falls again: the old announcement would cover every later reduction.
    net.change(node(), delegator_share_bps=8_000)
    net.settle()
    assert [row.served_epoch for row in read(net).announcements] == [4]
    net.change(node(), delegator_share_bps=7_500)
    assert breaches(net) == [Breach("notice", 6, 7_500)]
    assert [row.served_epoch for row in read(net).announcements] == [4]


def test_each_step_of_a_reduction_has_its_announcement(net: Network) -> None:
    promise(net, notice=2)
    for share, epoch in ((7_500, 4), (7_000, 5)):
        announce_share(node=node(), actor=operator(1), share_bps=share, from_epoch=epoch, now=net.now)
    for share in (7_500, 7_000):
        net.settle()
        net.change(node(), delegator_share_bps=share)
    assert breaches(net) == []
    assert [(row.announcement.share_bps, row.served_epoch) for row in read(net).announcements] == [
        (7_000, 5),
        (7_500, 4),
    ]


def test_more_delegated_than_the_maximum_breaks_it(net: Network) -> None:
    promise(net, most=5_000)
    net.delegate(node(), 1, 5_000)
    net.settle()
    assert breaches(net) == []
    net.change(node(), delegation_cap=None)
    net.delegate(node(), 2, 2)
    net.settle(2)
    assert breaches(net) == [Breach("maximum_delegated", 3, 5_002 * MICRO)]


def test_a_withdrawn_promise_holds_for_its_notice_and_stays_in_the_history(net: Network) -> None:
    promise(net, share=8_000, notice=3)
    ended = withdraw_commitment(node=node(), actor=operator(1), now=net.now)
    assert ended is not None
    assert ended.ends_epoch == 5
    assert withdraw_commitment(node=node(), actor=operator(1), now=net.now) is None
    assert read(net).are_kept
    net.settle(2)
    net.change(node(), delegator_share_bps=7_500)
    # Epoch 5 is the first without the promise.
    assert breaches(net) == []
    net.settle()
    commitments = read(net)
    assert (len(commitments.records), commitments.in_force, commitments.current) == (1, (), None)
    assert not commitments.are_kept


def test_a_new_promise_replaces_the_old_one_after_its_notice(net: Network) -> None:
    first = promise(net, share=8_000, notice=2)
    second = promise(net, share=7_000)
    first.refresh_from_db()
    assert (first.ends_epoch, second.from_epoch, second.ends_epoch) == (4, 2, None)
    assert len(read(net).in_force) == 2
    net.change(node(), delegator_share_bps=7_500)
    assert {breach.term for breach in breaches(net)} == {"minimum_share", "notice"}
    assert [record.is_kept for record in read(net).records] == [True, False]


def test_repeating_the_terms_in_force_changes_nothing(net: Network) -> None:
    first = promise(net, share=8_000)
    assert promise(net, share=8_000).pk == first.pk
    assert Commitment.objects.count() == 1
    assert Event.objects.filter(kind="commitment_made").count() == 1


@pytest.mark.parametrize(
    ("terms", "error", "field"),
    [
        ({}, Invalid, "minimum_share_bps"),
        ({"share": 8_001}, Invalid, "minimum_share_bps"),
        ({"share": 4_999}, ParameterOutOfBounds, "delegator_share_bps"),
        ({"notice": 0}, ParameterOutOfBounds, "notice_epochs"),
        ({"notice": 31}, ParameterOutOfBounds, "notice_epochs"),
        ({"most": 0}, Invalid, "maximum_delegated"),
        ({"most": 4_999}, Invalid, "maximum_delegated"),
    ],
)
def test_a_promise_that_cannot_hold_is_refused(net: Network, terms: dict, error: type, field: str) -> None:
    with pytest.raises(error) as refusal:
        promise(net, **terms)
    if error is not ParameterOutOfBounds or field != "delegator_share_bps":
        assert refusal.value.field == field
    assert not Commitment.objects.exists()


def test_a_maximum_below_the_present_pool_is_refused(net: Network) -> None:
    net.delegate(node(), 1, 300)
    net.change(node(), delegation_cap=200 * MICRO)
    with pytest.raises(Invalid, match=r"300\.000000 IFM is delegated now"):
        promise(net, most=250)


def test_only_the_operator_of_an_active_node_promises(net: Network) -> None:
    with pytest.raises(NotOperator):
        make_commitment(
            node=node(), actor=wallet(1), minimum_share_bps=8_000, notice_epochs=None, maximum_delegated=None,
            now=net.now,
        )  # fmt: skip
    net.change(node(), status="retired")
    with pytest.raises(NodeRetired):
        promise(net, share=8_000)


@pytest.mark.parametrize(
    ("share_bps", "from_epoch", "error"),
    [(8_000, 4, Invalid), (7_500, 2, Invalid), (4_999, 4, ParameterOutOfBounds), (7_500, 2 + 366, Invalid),
     (7_500, 2**31, Invalid), (7_500, 2**63, Invalid)],
)  # fmt: skip
def test_an_announcement_is_of_a_lower_share_in_one_of_the_next_365_epochs(
    net: Network, share_bps: int, from_epoch: int, error: type
) -> None:
    with pytest.raises(error):
        announce_share(
            node=node(), actor=operator(1), share_bps=share_bps, from_epoch=from_epoch, now=net.now
        )


def test_an_announcement_is_recorded_once_and_delegators_can_read_it(net: Network) -> None:
    for _ in range(2):
        announce_share(node=node(), actor=operator(1), share_bps=7_500, from_epoch=4, now=net.now)
    shown = [(row.announcement, row.served_epoch) for row in read(net).announcements]
    assert [(row.share_bps, row.from_epoch, row.epoch, used) for row, used in shown] == [(7_500, 4, 2, None)]
    assert Event.objects.filter(kind="share_cut_announced").count() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE staking_commitment SET minimum_share_bps = 5000",
        "UPDATE staking_commitment SET ends_epoch = 9",
        "UPDATE staking_commitment SET signature = '\\x00'",
        "DELETE FROM staking_commitment",
        "DELETE FROM staking_shareannouncement",
    ],
)
def test_the_database_keeps_promises_as_they_were_made(net: Network, statement: str) -> None:
    promise(net, share=8_000)
    withdraw_commitment(node=node(), actor=operator(1), now=net.now)
    announce_share(node=node(), actor=operator(1), share_bps=7_500, from_epoch=4, now=net.now)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_leaderboard_lists_nodes_whose_promises_are_kept(net: Network) -> None:
    others = [net.node(number, own=1_000) for number in (2, 3)]
    net.settle()
    rank(now=net.now)
    first = Node.objects.order_by("id").first()
    assert first is not None
    for number, address in ((1, first.address), (2, others[0])):
        make_commitment(
            node=address, actor=operator(number), minimum_share_bps=8_000, notice_epochs=None,
            maximum_delegated=None, now=net.now,
        )  # fmt: skip
    net.change(others[0], delegator_share_bps=7_900)
    page = list_page(NodeQuery(promises_kept=True), limit=10, offset=0, after=None)
    assert page is not None
    assert list(page.ids) == [first.id]


def test_the_queries_do_not_depend_on_the_number_of_commitments_and_breaches(net: Network) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            read(net)
        return len(queries)

    promise(net, share=8_000)
    few = count()
    for share in (7_600, 7_200, 6_800):
        announce_share(
            node=node(), actor=operator(1), share_bps=share, from_epoch=net.epoch.number + 1, now=net.now
        )
        net.change(node(), delegator_share_bps=share)
        promise(net, share=share)
        net.settle()
    assert len(read(net).records) == 4
    assert count() == few
