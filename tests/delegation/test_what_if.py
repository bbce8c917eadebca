"""The replay of an amount, compared with a delegation that was made."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from delegation.models import Position
from delegation.selectors.what_if import replay_on
from protocol.delegation_replay import Replay
from protocol.pools import accrue, claimable, value_of
from staking.models import Node, NodeEpoch, Pool, Slash
from tests.network import Network, operator, wallet
from tests.shared_rows import shared
from tests.staking.pages.reading import Markup
from web import page_cache
from web.formatting import amount_digits

pytestmark = pytest.mark.django_db
MINE = 9
AMOUNT = 1_234_567_891


@pytest.fixture
def network(db: None) -> Network:
    return Network()


class Rollback(Exception):
    """Raised to roll back a run."""


def history(network: Network, mine: int) -> str:
    """Two nodes with delegations; `mine` µIFM are delegated in epoch 2; epochs 3 to 6 have work and a slash."""
    north, south = network.node(1, own=800), network.node(2, own=3_000)
    network.delegate(north, 1, 700)
    network.delegate(south, 2, 900)
    network.settle()
    if mine:
        network.delegate(north, MINE, mine / 1_000_000)
    network.settle()
    for epoch in range(3, 7):
        network.work(north, 11, credits=1_000_003)
        network.work(south, 13, credits=999_983)
        if epoch == 4:
            network.work(north, 1, outcome="dropped")
        network.settle()
    return north


@shared
def north() -> str:
    """The first of the nodes, to which nobody but others delegated."""
    return history(Network(), 0)


def earned_and_value(node: str) -> tuple[int, int]:
    """Return claimable earnings and value of MINE's shares on the node, µIFM."""
    position = Position.objects.get(node__address=node, wallet=wallet(MINE))
    row, pool = (
        NodeEpoch.objects.filter(node__address=node).latest("epoch"),
        Pool.objects.get(node__address=node),
    )
    owed = accrue(position.owed, position.shares, position.reward_index, int(row.reward_index))
    return claimable(owed), value_of(position.shares, pool.tokens, pool.shares)


def made(run: Callable[[], str]) -> tuple[int, int]:
    """Earnings and value of a delegation that was made, in a run that is rolled back."""
    figures = (0, 0)
    try:
        with transaction.atomic():
            figures = earned_and_value(run())
            raise Rollback
    except Rollback:
        return figures


def test_the_replay_equals_a_delegation_that_was_made_to_the_micro_ifm() -> None:
    def run() -> str:
        return history(Network(), AMOUNT)

    earned, value = made(run)
    assert earned > 0
    north = history(Network(), 0)
    node = Node.objects.get(address=north)
    replay = replay_on([node.id], amount=AMOUNT, epochs=4)[node.id]
    assert Slash.objects.get().delegated_slashed > 0
    assert replay.earned == earned
    assert abs(replay.epochs[-1].value - value) <= 1
    assert replay.lost == AMOUNT - replay.epochs[-1].value > 0


def test_a_larger_amount_earns_a_lower_rate(north: str) -> None:
    node = Node.objects.get(address=north)

    def of(amount: int) -> Replay:
        return replay_on([node.id], amount=amount, epochs=4)[node.id]

    small, large = of(1_000_000), of(10_000_000_000)
    assert small.apr_bps is not None
    assert large.apr_bps is not None
    assert small.apr_bps > large.apr_bps


def test_a_node_without_two_settled_epochs_has_no_replay(network: Network) -> None:
    node = network.node(1, own=100)
    network.settle()
    assert replay_on([Node.objects.get(address=node).id], amount=AMOUNT, epochs=30) == {}


def read(path: str, status: int = 200) -> Markup:
    answer = Client().get(path)
    assert answer.status_code == status
    return Markup(answer.content.decode())


def test_the_page_shows_what_the_replay_says(north: str) -> None:
    replay = replay_on([Node.objects.get(address=north).id], amount=AMOUNT, epochs=7)
    (result,) = replay.values()
    page = read(f"/nodes/{north}/what-if/?amount=1234.567891&epochs=7")
    assert f"{amount_digits(result.earned, 2)} IFM earned in 5 epochs." in page.text
    titles = [span.get("title") for span in page.all("span")]
    for amount in (result.earned, result.lost, result.result):
        assert f"{amount_digits(amount, 6)} IFM" in titles


def test_a_wrong_amount_is_answered_at_its_field(north: str) -> None:
    page = read(f"/nodes/{north}/what-if/?amount=much&epochs=7", 400)
    (field,) = [one for one in page.all("input") if one.get("name") == "amount"]
    assert field.get("aria-invalid") == "true"
    assert read(f"/nodes/{north}/what-if/?amount=5&epochs=8", 400)
    assert read("/nodes/nobody/what-if/", 404)


def test_the_node_page_and_compare_lead_to_the_replay(north: str) -> None:
    assert "What if you had delegated?" in read(f"/nodes/{north}/").text
    (result,) = replay_on([Node.objects.get(address=north).id], amount=1_000_000_000, epochs=30).values()
    compared = read(f"/compare/?n={north}&amount=1000").text
    assert (
        f"Result of 1,000.00 IFM over the last 5 epochs, IFM replayed {amount_digits(result.result, 2)}"
        in compared
    )


def test_compare_names_the_epochs_of_a_younger_node_and_marks_no_best_result(north: str) -> None:
    network, south = Network.current(), Node.objects.get(operator=operator(2)).address
    young = network.node(3, own=500)
    network.delegate(young, 3, 500)
    for _ in range(2):
        for node in (north, south, young):
            network.work(node)
        network.settle(sound=False)
    line = "Result of 1,000.00 IFM over the last 7 epochs, IFM replayed"
    same = read(f"/compare/?n={north}&n={south}&amount=1000").text.partition(line)[2].partition("Rank")[0]
    assert "best:" in same
    assert "in 1 epoch" not in same
    other = read(f"/compare/?n={north}&n={young}&amount=1000").text.partition(line)[2].partition("Rank")[0]
    assert other.count(" in 1 epoch") == 1
    assert "best:" not in other


def test_the_queries_do_not_depend_on_the_number_of_epochs_and_slashes(network: Network) -> None:
    node = history(network, 0)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert (
                Client().get(f"/nodes/{node}/what-if/", {"amount": "1000", "epochs": "7"}).status_code == 200
            )
        return len(queries)

    count()
    page_cache.clear()
    few = count()
    for epoch in range(5):
        network.work(node, 11)
        if epoch in (1, 3):
            network.work(node, 1, outcome="dropped")
        network.settle()
    page_cache.clear()
    count()
    page_cache.clear()
    assert count() == few
