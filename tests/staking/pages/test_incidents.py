"""`/nodes/ADDR/incidents/`: what happened to a node, epoch by epoch, and why."""

from __future__ import annotations

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from staking.models import Slash
from staking.services.nodes import change
from staking.services.rankings import rank
from tests.network import Network, node_address
from tests.shared_rows import shared
from tests.staking.pages.reading import Markup
from web import page_cache
from web.formatting import amount_digits


def read(reader: Client, node: str, query: str = "") -> Markup:
    answer = reader.get(f"/nodes/{node}/incidents/{query}")
    assert answer.status_code == 200, answer.status_code
    return Markup(answer.content.decode())


def epoch_text(page: Markup, epoch: int) -> str:
    """Return the text of an epoch in the list."""
    whole = page.text[page.text.index("in 30 epochs") if "in 30 epochs" in page.text else 0 :]
    start = whole.rindex(f"Epoch {epoch} ")
    return whole[start:].split(" Epoch ")[0]


@shared
def node(network: Network) -> str:
    """Good work and 500 IFM delegated in epoch 2, one of twelve jobs dropped in 3, the slash for it executed in 4."""
    node = network.node(1, own=1_000, name="Kelvin 07")
    network.settle()
    network.work(node, 12)
    network.delegate(node, 1, 500)
    network.settle()
    network.work(node, 11)
    network.work(node, 1, outcome="dropped")
    network.settle()
    network.work(node, 12)
    network.settle()
    return node


def test_a_fall_of_the_sla_names_the_jobs_that_caused_it(network: Network, node: str, reader: Client) -> None:
    assert "SLA fell from 100.00% to 91.66%: 1 job dropped." in epoch_text(read(reader, node), 3)


def test_a_slash_is_listed_when_created_and_when_executed_with_the_exact_loss(
    network: Network, node: str, reader: Client
) -> None:
    slash = Slash.objects.get()
    page = read(reader, node)
    assert "Slash created: dropout." in epoch_text(page, 3)
    executed = epoch_text(page, slash.resolved_epoch or 0)
    assert f"Slash executed: dropout, {amount_digits(slash.slashed)} IFM." in executed
    lost = amount_digits(slash.slashed - slash.returned)
    assert f"Slashes took {lost} IFM of its stake, after what returned to its delegators." in page.text


def test_stake_that_came_is_listed_apart_from_what_a_slash_took(
    network: Network, node: str, reader: Client
) -> None:
    page = read(reader, node)
    assert "Delegated stake +500.00 IFM." in epoch_text(page, 2)
    # 15% of 1,000 and of 500 IFM.
    assert "225.00 IFM" in epoch_text(page, 4)
    assert "stake −" not in epoch_text(page, 4)


def test_a_reduced_share_is_listed_in_the_epoch_in_which_it_starts(
    network: Network, node: str, reader: Client
) -> None:
    change(
        node=node, actor=network.operator_of(node), changes={"delegator_share_bps": 7_500}, now=network.now
    )
    network.work(node, 12)
    network.settle(2)
    assert "Delegator share changed from 80% to 75%." in epoch_text(read(reader, node), 6)


def test_the_figures_of_all_panels_are_in_one_table(network: Network, node: str, reader: Client) -> None:
    page = read(reader, node)
    assert [script["data-of"] for script in page.all("script") if "data-of" in script] == ["node-timeline"]
    for name in (
        "Rank",
        "Q factor",
        "SLA",
        "Uptime",
        "Delegator share",
        "Own stake",
        "Delegated stake",
        "Slashed",
    ):
        assert name in page.text


def test_a_node_without_settled_epochs_has_no_timeline(network: Network, reader: Client) -> None:
    page = read(reader, network.node(2))
    assert "No incident in these epochs." in page.text
    assert not [script for script in page.all("script") if "data-of" in script]


def test_the_node_page_loads_the_timeline_later(network: Network, node: str, reader: Client) -> None:
    page = Markup(reader.get(f"/nodes/{node}/").content.decode())
    assert "Open the timeline" in page.text
    part = reader.get(f"/nodes/{node}/incidents/", HTTP_HX_REQUEST="true").content.decode()
    assert "<html" not in part
    assert "SLA fell from" in part


def test_only_the_offered_spans_are_accepted(network: Network, node: str, reader: Client) -> None:
    assert "90 epochs" in read(reader, node, "?epochs=90").text
    assert reader.get(f"/nodes/{node}/incidents/?epochs=7").status_code == 400
    assert reader.get(f"/nodes/{node_address(99)}/incidents/").status_code == 404


def test_queries_do_not_grow_with_epochs_or_slashes(network: Network, node: str, reader: Client) -> None:
    def queries() -> int:
        page_cache.clear()
        with CaptureQueriesContext(connection) as captured:
            reader.get(f"/nodes/{node}/incidents/")
        return len(captured)

    queries()
    rank(now=network.now)
    before = queries()
    network.work(node, 12)
    network.work(node, 1, outcome="dropped")
    network.settle(2)
    rank(now=network.now)
    assert queries() == before
