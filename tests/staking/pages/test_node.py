"""`/nodes/ADDR/`: why this Q, what it earned, what happened; strangers and hostile text."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from protocol.addresses import checksum
from staking.models import Node, RankingRow, Slash
from staking.services import stakes
from staking.services.rankings import rank
from tests.network import Network, node_address, wallet
from tests.shared_rows import shared
from tests.staking.pages.reading import Markup
from web.formatting import amount_digits, short_digits, times


def read(reader: Client, node: str, query: str = "") -> Markup:
    answer = reader.get(f"/nodes/{node}/{query}")
    assert answer.status_code == 200, answer.status_code
    return Markup(answer.content.decode())


@shared
def node(network: Network) -> str:
    """A node with its own 1,000 and 1,400 IFM delegated, two epochs of work and one running."""
    node = network.node(1, own=1_000, name="Kelvin 07", delegation_cap=15_000_000_000)
    network.delegate(node, 1, 1_000)
    network.delegate(node, 2, 400)
    network.settle()
    for credits in (2_000_000, 3_000_000):
        network.work(node, 12, credits=credits)
        network.settle()
    network.work(node, 12)
    rank(now=network.now)
    return node


def test_any_letter_case_is_the_same_node(network: Network, node: str, reader: Client) -> None:
    assert "Kelvin 07" in read(reader, checksum(node)).text
    assert "Kelvin 07" in read(reader, node.upper().replace("0X", "0x")).text


@pytest.mark.parametrize(
    "address", [node_address(99), "0x12", "nobody", node_address(1)[:-1], "0x" + "g" * 40]
)
def test_there_is_no_such_node(network: Network, reader: Client, address: str) -> None:
    answer = reader.get(f"/nodes/{address}/")
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.content.decode()


def test_a_wrong_checksum_is_no_address(network: Network, node: str, reader: Client) -> None:
    wrong = checksum("0x" + "ab" * 20).swapcase().replace("0X", "0x")
    assert reader.get(f"/nodes/{wrong}/").status_code == 404


def test_the_waterfall_adds_up_to_the_q_that_is_shown(network: Network, node: str, reader: Client) -> None:
    text = read(reader, node).text
    # One active node with work: percentile 100, uptime 100 (the oracle was silent), 2,400 of 10,000 IFM, no scarcity.
    for part in ("+1,000", "+1,200", "+312", "× 1.0000", "12,512"):
        assert part in text, part
    assert "Why this Q factor is 1.251×" in text
    assert "2,400 of the 10,000 IFM that count" in text


def test_headline_figures_are_those_of_the_ranking_with_live_and_settled_ones_beside(
    network: Network, node: str, reader: Client
) -> None:
    ranked = RankingRow.objects.order_by("-ranking_id")[0]
    network.work(node, 4, outcome="timeout")
    listed = Markup(reader.get("/").content.decode()).text
    page = read(reader, node)
    assert f"Why this Q factor is {times(ranked.q_bps)}" in page.text
    assert times(ranked.q_bps) in listed
    assert "Epoch 4 so far: 12 of 16 jobs good" in page.text
    table = page.text[page.text.index("Ranked, live and settled") :]
    # SLA by the ranking, in the open epoch so far and in epoch 3.
    assert "SLA 100.00% 75.00% 100.00%" in table
    assert f"Q factor {times(ranked.q_bps)}" in table


def test_an_operator_who_unbonds_is_announced_before_delegating(
    network: Network, node: str, reader: Client
) -> None:
    stakes.unstake(node=node, amount=1_000_000, actor=network.operator_of(node), now=network.now)
    page = read(reader, node).text
    assert "The operator is unbonding its own stake" in page
    assert "Operator unbonding" in Markup(reader.get("/").content.decode()).text


def test_the_last_reward_is_exact_and_explained(network: Network, node: str, reader: Client) -> None:
    row = network.row(node)
    text = read(reader, node).text
    assert f"Reward, epoch {row.epoch}" in text
    assert f"{short_digits(row.delegators_reward)} to delegators" in text
    exact = [span.get("title") for span in read(reader, node).all("span")]
    assert f"{amount_digits(row.reward, 6)} IFM" in exact
    assert f"{amount_digits(row.delegators_reward, 6)} IFM" in exact
    assert f"Why the reward of epoch {row.epoch} fell" in text
    assert "24.00" in text
    assert "36.00" in text


def test_delegators_are_listed_with_what_they_hold_now(network: Network, node: str, reader: Client) -> None:
    markup = read(reader, node)
    assert "2 wallets, 1,400.00 IFM of a 15,000 IFM cap." in markup.text
    assert "71.4%" in markup.text
    titles = [span.get("title") for span in markup.all("span")]
    assert titles.index(checksum(wallet(1))) < titles.index(checksum(wallet(2)))


def test_who_left_is_not_listed(network: Network, node: str, reader: Client) -> None:
    network.undelegate(node, 2)
    markup = read(reader, node)
    assert checksum(wallet(2)) not in [span.get("title") for span in markup.all("span")]
    assert "1 wallet," in markup.text


def test_a_new_node_shows_unknown_and_no_zero(network: Network, reader: Client) -> None:
    text = read(reader, network.node(5, name="Fresh")).text
    assert "No Q factor yet" in text
    assert "No rewards yet" in text
    assert "Known from the first ranking on" in text
    assert " 0.00%" not in text.split("Facts")[0]


def test_a_slash_is_shown_from_offence_to_outcome(network: Network, node: str, reader: Client) -> None:
    network.work(node, 1, outcome="dropped")
    network.settle()
    text = read(reader, node).text
    assert "Slash pending" in text
    assert "Slash created: dropout" in text
    network.settle()
    slash = Slash.objects.get()
    text = read(reader, node).text
    assert "Slash executed: dropout" in text
    assert f"Of {amount_digits(slash.slashed)} IFM, {amount_digits(slash.burned)} were burned" in text


def test_a_slash_of_own_stake_alone_says_so(network: Network, node: str, reader: Client) -> None:
    network.work(node, 12, outcome="timeout")
    network.settle()
    text = read(reader, node).text
    assert "Slash created: SLA drop" in text
    assert "10% of own stake in epoch" in text
    assert "It takes 10% of the operator’s own stake and nothing of what is delegated." in text


def test_who_works_no_more_is_not_compared(network: Network, node: str, reader: Client) -> None:
    Node.objects.update(retired_at=network.now)
    text = read(reader, node).text
    assert "not compared with the active nodes" in text
    assert "faster than" not in text
    assert "What an offence would cost you" not in text


def test_hardware_is_said_in_one_line(network: Network, reader: Client) -> None:
    declared = {"gpu": "H100", "gpus": 4, "gpu_memory_gb": 80, "tee": 1, "nvlink": "yes"}
    text = read(reader, network.node(6, hardware=declared)).text
    assert "Hardware 4 × H100, 80 GB Trusted enclave yes nvlink yes" in text


def test_a_chart_has_its_figures_without_javascript(network: Network, node: str, reader: Client) -> None:
    html = reader.get(f"/nodes/{node}/").content.decode()
    assert html.count('<noscript><svg class="im-spark"') == html.count('<figure class="im-chart"')


def test_history_is_charted_with_a_table_behind(network: Network, node: str, reader: Client) -> None:
    markup = read(reader, node)
    blocks = [script["data-of"] for script in markup.all("script") if "data-of" in script]
    assert blocks == ["rewards-3", "sla", "latency", "uptime", "stake"]
    assert [table["data-of"] for table in markup.all("table") if "data-of" in table] == blocks
    row = network.row(node)
    assert f"{amount_digits(row.operator_reward, 6)}" in markup.text


def test_queries_do_not_grow_with_history_or_delegators(network: Network, node: str, reader: Client) -> None:
    def queries() -> int:
        reader.get(f"/nodes/{node}/")
        with CaptureQueriesContext(connection) as queries:
            reader.get(f"/nodes/{node}/")
        return len(queries)

    before = queries()
    for number in range(3, 12):
        network.delegate(node, number, 5)
    network.settle(3)
    assert queries() == before


HOSTILE = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


def test_hostile_names_stay_text(network: Network, reader: Client) -> None:
    node = network.node(1, own=100, name=HOSTILE[:64], hardware={"<i>gpu</i>": "</script><script>1"})
    network.work(node, 12)
    network.settle()
    network.work(node, 12)
    network.settle()
    rank(now=network.now)
    for address in ("/", f"/nodes/{node}/", "/epochs/1/", "/top-nodes/"):
        markup = Markup(reader.get(address).content.decode())
        assert not markup.all("img"), address
        assert all(
            script.get("src") or script.get("type") == "application/json" for script in markup.all("script")
        )
        assert not [tag for tag, _ in markup.elements if tag == "i" and "im-key" not in str(_)], address


def test_a_moved_rank_is_explained(network: Network, reader: Client) -> None:
    slow, fast = network.node(1, own=1_000, name="Slow"), network.node(2, own=1_000, name="Fast")
    network.work(slow, 12, latency=900)
    network.work(fast, 12, latency=100)
    rank(now=network.now)
    assert "Why its place" not in read(reader, slow).text
    network.work(slow, 200, latency=1)
    rank(now=network.now)
    text = read(reader, slow).text
    assert "Why it rose by 1 place" in text
    assert "Latency 0 1,000 +1,000" in text
    assert "Its score rose by 1,000" in text
    text = read(reader, fast).text
    assert "Why it fell by 1 place" in text
    assert "Its score fell by 1,000" in text


def test_a_node_without_delegations_shows_the_estimate_for_a_first_one(
    network: Network, reader: Client
) -> None:
    node = network.node(1, own=1_000)
    network.settle()
    network.work(node, 12)
    network.settle()
    rank(now=network.now)
    page = read(reader, node).text
    assert "estimate for a first delegation of 1,000 IFM" in page
    assert "Known once delegated stake has earned" not in page
