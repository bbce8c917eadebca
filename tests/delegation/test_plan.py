"""The plan page, its API and its confirmation; the replay equals what the engine pays."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from delegation.charts.plan import replay_chart
from delegation.selectors.plans import plan_for
from delegation.selectors.positions import positions_of_wallet
from delegation.selectors.what_if import replay_amounts
from delegation.services import positions
from delegation.services.plans import delegate_parts
from ledger.models import Transaction
from protocol.addresses import checksum
from protocol.amounts import MICRO
from staking.models import Node
from staking.services import nodes, rankings, stakes
from staking.services.epochs import open_epoch
from tests.network import Network
from tests.shared_rows import shared
from tests.wallets import ANNA, BELA, EAST, NORTH, OLGA, OTTO, SOUTH, address
from web import page_cache

CARLA = address("0a03")
FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


@shared
def network(net) -> Network:
    """Three nodes of three operators with three settled epochs; Bela delegates to each."""
    net.fund(BELA, 3_000)
    for node, operator in ((NORTH, OLGA), (SOUTH, OTTO), (EAST, CARLA)):
        net.node(node, operator, 1_000)
        positions.delegate(node=node, amount=500 * MICRO, wallet=BELA, now=net.now)
    for _ in range(3):
        net.settle(worked=[NORTH, SOUTH, EAST])
    rankings.rank(now=net.now)
    return net


def figures(amount: int = 900, risk_bps: int = 1_500, wallet: str = ""):
    epoch = open_epoch()
    assert epoch is not None
    return plan_for(amount * MICRO, risk_bps=risk_bps, wallet=wallet, epoch=epoch)


def test_equal_nodes_get_equal_parts_beside_all_on_the_first_of_the_ranking(network):
    made = figures()
    assert [(part.node.address, part.amount // MICRO) for part in made.plan.parts] == [
        (NORTH, 300), (SOUTH, 300), (EAST, 300),
    ]  # fmt: skip
    assert made.first.parts[0].amount == 900 * MICRO
    assert made.first.worst.loss == 337_500_000
    assert made.plan.worst.loss == 112_500_000
    assert made.plan.per_epoch > made.first.per_epoch


def test_nodes_that_refuse_a_delegation_are_left_out(network):
    nodes.change(node=NORTH, actor=OLGA, changes={"status": "retired"}, now=network.now)
    Node.objects.filter(address=SOUTH).update(cooldown_until=network.epoch.number)
    assert [part.node.address for part in figures().plan.parts] == [EAST]
    own = figures(wallet=CARLA)
    assert own.plan.parts == ()
    assert own.first is None


def test_what_a_wallet_has_there_already_counts(network):
    positions.undelegate(node=NORTH, amount=None, wallet=BELA, now=network.now)
    parts = {part.node.address: part.amount for part in figures(wallet=BELA, risk_bps=5_000).plan.parts}
    assert parts[NORTH] > parts[SOUTH]


def test_the_replay_of_a_plan_is_that_of_its_parts(network):
    made = figures(risk_bps=1_500)
    amounts = {Node.objects.get(address=part.node.address).id: part.amount for part in made.plan.parts}
    parts = replay_amounts(amounts, epochs=30).values()
    assert [epoch.number for epoch in made.replay.epochs] == [2, 3]
    assert made.replay.earned == sum(part.earned for part in parts) > 0
    assert made.replay.lost == 0


def test_nodes_of_unequal_age_are_replayed_over_one_window_of_epochs(network):
    young = address("0d01")
    network.node(young, address("0e01"), 5_000)
    network.delegate(young, ANNA, 500)
    for _ in range(2):
        network.settle(worked=[NORTH, SOUTH, EAST, young])
    rankings.rank(now=network.now)
    made = figures()
    assert made.first.parts[0].node.address == young
    assert made.window == (2, 3, 4, 5)
    assert [epoch.number for epoch in made.replay.epochs] == [2, 3, 4, 5]
    assert [epoch.number for epoch in made.first_replay.epochs] == [5]
    (view,) = replay_chart(made.window, made.replay, made.first_replay).views
    assert [row[0] for row in view.table.rows] == ["2", "3", "4", "5"]
    assert [row[2] == "–" for row in view.table.rows] == [True, True, True, False]
    # A line through one value would not be seen.
    assert [trace.mode for trace in view.figure.data] == ["lines", "markers"]
    page = Client().get("/plan/", {"amount": "900", "risk": "15"}).content.decode()
    assert "Earned in the last 4 epochs" in page
    assert page.count("replayed over 1 epoch") == 1


def test_the_page_shows_plan_comparison_replay_and_method_without_signing_in(network):
    page = Client().get("/plan/", {"amount": "900", "risk": "15"}).content.decode()
    for words in ("Sign in to delegate", "All on the first", "300.00", "Replay", "The plan maximises"):
        assert words in page
    assert "Review all delegations" not in page
    assert page.count("im-err") == 0


def shown_shares(amount: str, risk: str) -> list[str]:
    """The percentages beside the amounts of the plan, then that of what stays in the wallet."""
    page = Client().get("/plan/", {"amount": amount, "risk": risk}).content.decode()
    left = re.findall(r"IFM \(([\d.]+%)\) stay in the wallet", page)
    return re.findall(r'<span class="im-sub">([\d.]+%)</span>', page) + left


def test_the_parts_and_what_is_left_add_to_100_percent(network):
    assert shown_shares("900", "15") == ["33.4%", "33.3%", "33.3%"]
    parts = figures(risk_bps=700).plan
    assert parts.left > 0
    shares = shown_shares("900", "7")
    assert len(shares) == len(parts.parts) + 1
    assert round(sum(float(share[:-1]) for share in shares), 1) == 100


def test_the_page_rounds_rewards_to_two_decimals(network):
    page = Client().get("/plan/", {"amount": "900", "risk": "15"}).content.decode()
    tables = page[page.index('id="sp-t"') : page.index("Estimates and replays are no promise")]
    exact = re.findall(r"\b\d+\.\d{3,}\b", re.sub(r'title="[^"]*"', "", tables))
    assert exact == []


def test_the_least_risk_is_that_of_the_candidates_that_are_open(network):
    Node.objects.update(custodial=True)
    response = Client().get("/plan/", {"amount": "900", "risk": "0.01"})
    assert "Enter at least 0.06%." in response.content.decode()
    assert Client().get("/plan/", {"amount": "900", "risk": "0.06"}).status_code == 200
    Node.objects.filter(address=EAST).update(custodial=False)
    page_cache.clear()
    assert (
        "Enter at least 0.05%." in Client().get("/plan/", {"amount": "900", "risk": "0.01"}).content.decode()
    )
    assert Client().get("/plan/", {"amount": "900", "risk": "0.05"}).status_code == 200


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"amount": "0.5", "risk": "15"}, "Enter at least 1.00 IFM"),
        ({"amount": "x", "risk": "15"}, "cannot be read"),
        ({"amount": "900", "risk": "0"}, "from 0.01% to 100%"),
        ({"amount": "900", "risk": "101"}, "from 0.01% to 100%"),
        ({"amount": "900", "risk": "0.01"}, "Enter at least 0.05%"),
    ],
)
def test_bad_input_is_refused_at_its_field_with_what_is_possible(network, query, words):
    response = Client().get("/plan/", query)
    assert response.status_code == 400
    assert words in response.content.decode()


def test_more_than_the_wallet_has_is_refused_at_the_amount(network, sign_in):
    network.fund(ANNA, 100)
    response = sign_in(ANNA).get("/plan/", {"amount": "900", "risk": "15"})
    assert "You have 100.00 IFM available." in response.content.decode()
    assert "Review all delegations" not in response.content.decode()


def test_an_amount_above_the_balance_is_refused_also_when_caps_leave_a_smaller_spread(network, sign_in):
    network.fund(ANNA, 500)
    Node.objects.update(delegation_cap=600 * MICRO)
    page = sign_in(ANNA).get("/plan/", {"amount": "900", "risk": "15"})
    assert page.status_code == 409
    html = page.content.decode()
    assert html.count("100.00</span>") >= 3
    assert "You have 500.00 IFM available." in html
    assert "Review all delegations" not in html


def test_room_below_the_smallest_delegation_is_none(network):
    Node.objects.filter(address=NORTH).update(delegation_cap=500 * MICRO + 999_999)
    made = figures()
    assert NORTH not in [part.node.address for part in made.plan.parts]
    assert made.first.parts[0].node.address != NORTH
    Node.objects.exclude(address=NORTH).update(delegation_cap=0)
    nothing = figures(risk_bps=1)
    assert (nothing.first, nothing.least_rate_bps) == (None, 0)


def test_nodes_whose_operator_unbonds_have_a_chip_and_a_warning_in_the_review(network, sign_in):
    stakes.unstake(node=SOUTH, amount=1_000_000, actor=OTTO, now=network.now)
    network.fund(ANNA, 900)
    anna = sign_in(ANNA)
    page = anna.get("/plan/", {"amount": "900", "risk": "15"}).content.decode()
    table = page[page.index('id="sp-t"') : page.index('id="cm-t"')]
    assert table.count("Operator unbonding") == 1
    rows = {
        part["node"]: part["operator_unbonding"]
        for part in Client().get("/api/v1/plan?amount=900").json()["parts"]
    }
    assert rows == {checksum(NORTH): False, checksum(SOUTH): True, checksum(EAST): False}
    parts = ",".join(f"{checksum(node)}:300" for node in (NORTH, SOUTH, EAST))
    review = anna.get("/plan/review/", {"parts": parts}, follow=True).content.decode()
    assert review.count("Its operator is unbonding own stake") == 1
    assert f"{Node.objects.get(address=SOUTH).name}: Its operator is unbonding" in review


def test_the_page_says_what_the_limit_leaves_out(network):
    page = Client().get("/plan/", {"amount": "900", "risk": "15"}).content.decode()
    assert "what your wallet already has with the same operator or in the same region is not counted" in page


def test_a_first_visit_is_no_refusal_when_no_node_accepts_delegations(network):
    Node.objects.update(delegation_cap=0)
    first, sent = Client().get("/plan/"), Client().get("/plan/", {"amount": "900", "risk": "15"})
    assert (first.status_code, sent.status_code) == (200, 400)
    assert "No node that earns accepts delegations now." in first.content.decode()


def test_one_confirmation_makes_all_delegations_once(network, sign_in):
    network.fund(ANNA, 900)
    anna = sign_in(ANNA)
    page = anna.get("/plan/", {"amount": "900", "risk": "15"}).content.decode()
    review_page = re.search(r'href="(/plan/review/[^"]+)"', page)[1].replace("&amp;", "&")
    review = anna.get(review_page, follow=True)
    assert "Delegate 900.00 IFM to 3 nodes" in review.content.decode()
    assert Transaction.objects.filter(kind="delegate", actor=ANNA).count() == 0
    form = dict(FIELD.findall(review.content.decode()[review.content.decode().index("data-once") :]))
    answers = [anna.post("/plan/review/", form) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {303}
    assert {(p.node, p.value) for p in positions_of_wallet(ANNA)} == {
        (NORTH, 300 * MICRO), (SOUTH, 300 * MICRO), (EAST, 300 * MICRO),
    }  # fmt: skip
    done = anna.get(answers[0]["Location"]).content.decode()
    assert done.count("Delegated") >= 3
    posted = Transaction.objects.filter(kind="delegate", actor=ANNA).values_list("id", flat=True)
    assert all(f'href="/transactions/{id_}/"' in done for id_ in posted)
    assert "Refused" not in done
    # Going back to the review shows the result.
    back = anna.get(f"/plan/review/{review.redirect_chain[-1][0]}", follow=True)
    assert back.redirect_chain[-1][0] == answers[0]["Location"]


def test_each_delegation_is_all_or_nothing_and_its_outcome_is_listed(network, sign_in):
    network.fund(ANNA, 900)
    nodes.change(node=SOUTH, actor=OTTO, changes={"status": "retired"}, now=network.now)
    parts = ",".join(f"{checksum(node)}:300" for node in (NORTH, SOUTH, EAST))
    anna = sign_in(ANNA)
    review = anna.get("/plan/review/", {"parts": parts}, follow=True).content.decode()
    assert "300.00 IFM refused" in review
    assert "Delegate 600.00 IFM to 2 nodes" in review
    form = dict(FIELD.findall(review[review.index("data-once") :]))
    done = anna.get(anna.post("/plan/review/", form)["Location"]).content.decode()
    assert "node_retired" in done
    assert network.figures(ANNA).available == 300 * MICRO
    assert network.figures(ANNA).delegated == 600 * MICRO


@pytest.mark.parametrize(
    "parts", ["", "x", f"{NORTH}:1,{NORTH}:2", f"{NORTH}:-1", f"{NORTH}:0", f"{NORTH}:1e3"]
)
def test_a_broken_plan_is_refused_and_changes_nothing(network, sign_in, parts):
    network.fund(ANNA, 900)
    response = sign_in(ANNA).get("/plan/review/", {"parts": parts, "back": "900:15"}, follow=True)
    assert response.redirect_chain[-1][0].startswith("/plan/?amount=900&risk=15")
    assert network.figures(ANNA).available == 900 * MICRO


def test_a_plan_of_which_nothing_is_possible_is_refused_as_a_whole(network, sign_in):
    response = sign_in(ANNA).get(
        "/plan/review/", {"parts": f"{NORTH}:10,{SOUTH}:10", "back": "20:15"}, follow=True
    )
    assert response.redirect_chain[-1][0].startswith("/plan/?amount=20")


def test_several_delegations_in_one_transaction_keep_the_books(network):
    network.fund(ANNA, 500)
    outcomes = delegate_parts(
        parts={NORTH: 300 * MICRO, SOUTH: 300 * MICRO, EAST: 200 * MICRO}, wallet=ANNA, now=network.now
    )
    assert [(one.node, one.refusal.code if one.refusal else "") for one in outcomes] == [
        (NORTH, ""), (SOUTH, "insufficient_balance"), (EAST, ""),
    ]  # fmt: skip
    network.settle()


def test_the_api_answers_the_plan(network):
    answer = Client().get("/api/v1/plan", {"amount": "900", "risk_bps": "1500"})
    assert answer.status_code == 200
    body = answer.json()
    assert [part["amount"] for part in body["parts"]] == ["300.000000"] * 3
    assert body["left"] == "0.000000"
    assert body["worst_event"]["loss"] == "112.500000"
    assert body["replay"]["epochs"] == 2
    assert body["all_on_first"]["parts"][0]["amount"] == "900.000000"


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ("amount=1.0000001", "amount_invalid", "amount"), ("", "amount_invalid", "amount"),
        ("amount=0.5", "amount_too_small", "amount"), ("amount=5&risk_bps=0", "invalid", "risk_bps"),
        ("amount=5&risk_bps=10001", "invalid", "risk_bps"), ("amount=5&wallet=0x1", "address_invalid", "wallet"),
    ],
)  # fmt: skip
def test_the_api_refuses_what_cannot_be_meant(network, query, code, field):
    answer = Client().get(f"/api/v1/plan?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def count_queries(path: str, **query: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert Client().get(path, query).status_code == 200
    return len(queries)


def test_the_queries_of_a_plan_do_not_depend_on_the_number_of_nodes(network):
    count_queries("/plan/", amount="900", risk="15")
    few = [count_queries("/plan/", amount="901", risk="15"), count_queries("/api/v1/plan", amount="901")]
    more = [address(f"{0x0D00 + number:04x}") for number in range(9)]
    for number, node in enumerate(more):
        network.node(node, address(f"{0x0E00 + number:04x}"), 1_000)
        positions.delegate(node=node, amount=10 * MICRO, wallet=fund(network), now=network.now)
    for _ in range(2):
        network.settle(worked=[NORTH, SOUTH, EAST, *more])
    rankings.rank(now=network.now)
    count_queries("/plan/", amount="902", risk="15")
    many = [count_queries("/plan/", amount="903", risk="15"), count_queries("/api/v1/plan", amount="903")]
    assert len(figures().nodes) == 12
    assert many == few
    assert few[0] <= 24


def fund(network: Network) -> str:
    network.fund(ANNA, 10)
    return ANNA
