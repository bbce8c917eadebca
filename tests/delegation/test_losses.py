"""Losses of a wallet to slashes: in positions, statement, exports, rewards chart and notifications (R34, R35)."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from django.test import Client

from delegation.charts.rewards import rewards
from delegation.selectors.losses import losses_of_wallet
from delegation.selectors.portfolio import portfolio_of
from delegation.selectors.positions import positions_of_wallet
from delegation.selectors.statement import Period, lines, read_period, statement
from delegation.services import earnings, positions, unbondings
from ledger.models import Transaction
from notifications import inbox
from protocol.addresses import checksum
from protocol.amounts import MICRO
from staking.models import Slash, Unbonding
from tests.shared_rows import shared
from tests.wallets import ANNA, BELA, NORTH, OLGA, SOUTH

IFM = MICRO


@shared
def slashed(net):
    """Example 2 of section 15: 25 % of operator 1,000, Anna 3,000, Bela 500 and 500 unbonding; a quarter returns."""
    net.node(NORTH, OLGA, 1_000)
    for wallet, amount in ((ANNA, 3_000), (BELA, 1_000)):
        net.fund(wallet, amount)
        positions.delegate(node=NORTH, amount=amount * IFM, wallet=wallet, now=net.now)
    net.settle()
    positions.undelegate(node=NORTH, amount=500 * IFM, wallet=BELA, now=net.now)
    net.work(NORTH)
    net.work(NORTH, 1, proof="invalid")
    net.settle()
    net.settle()
    return net


def read(path: str, **query: str) -> str:
    response = Client().get(f"/api/v1/{path}", query)
    assert response.status_code == 200, response.content
    return b"".join(response.streaming_content).decode() if response.streaming else response.content.decode()


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_position_shows_cost_value_earned_and_lost(slashed):
    [anna] = Client().get(f"/api/v1/wallets/{ANNA}/delegations").json()["results"]
    assert (anna["cost"], anna["value"], anna["lost"]) == ("3000.000000", "2484.375000", "515.625000")
    [position] = positions_of_wallet(ANNA)
    assert anna["earned"] == f"{position.earned / IFM:.6f}"
    # 500 of Bela's 1,000 had left the pool before: what it lost while it unbonds is not this position's loss.
    [bela] = Client().get(f"/api/v1/wallets/{BELA}/delegations").json()["results"]
    assert (bela["cost"], bela["value"], bela["lost"]) == ("500.000000", "414.062500", "85.937500")
    listed = Client().get(f"/api/v1/nodes/{NORTH}/delegations").json()["results"]
    assert [row["lost"] for row in listed] == ["515.625000", "85.937500"]


def test_cost_stays_what_went_in_less_what_came_out(slashed):
    positions.undelegate(node=NORTH, amount=484_375_000, wallet=ANNA, now=slashed.now)
    [anna] = positions_of_wallet(ANNA)
    assert (anna.cost, anna.value, anna.lost) == (2_515_625_000, 1_999_999_999, 515_625_000)
    entry = Unbonding.objects.get(wallet=ANNA)
    # The node is in cooldown until the end of epoch 7.
    while slashed.epoch.number < 8:
        slashed.settle()
    unbondings.cancel(unbonding=entry.pk, wallet=ANNA, now=slashed.now)
    [anna] = positions_of_wallet(ANNA)
    assert (anna.cost, anna.value, anna.lost) == (3_000_000_000, 2_484_374_999, 515_625_000)


def test_a_slash_is_a_line_of_the_statement_with_taken_returned_and_net(slashed):
    [slash] = [row for row in lines(BELA, Period()) if row.kind == "slash"]
    assert (slash.taken, slash.returned, slash.net) == (250 * IFM, 78_125_000, 171_875_000)
    assert (slash.amount, slash.balance, slash.slash) == (0, 0, Slash.objects.get().pk)
    answer = Client().get(f"/api/v1/wallets/{BELA}/statement").json()
    [row] = [row for row in answer["results"] if row["kind"] == "slash"]
    assert {name: row[name] for name in ("taken", "returned", "net", "slash", "amount", "epoch")} == {
        "taken": "250.000000", "returned": "78.125000", "net": "171.875000", "slash": slash.slash, "amount": "0.000000",
        "epoch": 3,
    }  # fmt: skip
    assert row["transaction"] == Transaction.objects.get(kind="slash").pk
    assert answer["totals"]["lost"] == "171.875000"
    assert answer["totals"]["movements"] == len(answer["results"]) == 3
    [delegated] = [row for row in answer["results"] if row["kind"] == "delegate"]
    assert (delegated["taken"], delegated["slash"]) == (None, None)


def test_an_operator_sees_what_its_own_stake_lost(slashed):
    [loss] = losses_of_wallet(OLGA)
    assert (loss.taken, loss.returned, loss.own) == (250 * IFM, 0, 250 * IFM)


def test_lines_of_a_statement_keep_their_order_over_pages(slashed):
    everything = lines(BELA, Period())
    assert [row.kind for row in everything] == ["faucet", "delegate", "slash"]
    one_by_one = [row for offset in range(4) for row in lines(BELA, Period(), limit=1, offset=offset)]
    assert one_by_one == everything
    assert lines(BELA, Period(), newest_first=True) == everything[::-1]


def test_losses_are_the_difference_of_what_wallets_have(slashed):
    for wallet, before in ((ANNA, 3_000 * IFM), (BELA, 1_000 * IFM), (OLGA, 1_000 * IFM)):
        assert slashed.figures(wallet).total == before - statement(wallet, Period()).lost
    lost = sum(statement(wallet, Period()).lost for wallet in (ANNA, BELA, OLGA))
    taken = (
        Transaction.objects.get(kind="slash").entries.filter(amount__lt=0).values_list("amount", flat=True)
    )
    assert lost == -sum(taken)


def test_the_statement_and_rewards_as_csv_say_when_an_epoch_ended(slashed):
    statement_rows = rows_of(read(f"wallets/{BELA}/statement", format="csv"))
    assert [row["epoch_end"] for row in statement_rows] == [
        "2026-01-06T00:00:00.000000Z", "2026-01-06T00:00:00.000000Z", "2026-01-08T00:00:00.000000Z",
    ]  # fmt: skip
    assert [row["net"] for row in statement_rows] == ["", "", "171.875000"]
    assert statement_rows[2]["other"] == f"pool:{checksum(NORTH)}"
    rewards_rows = rows_of(read(f"wallets/{OLGA}/rewards", format="csv"))
    assert {(row["epoch"], row["epoch_end"]) for row in rewards_rows} <= {
        (str(number), f"2026-01-{number + 5:02}T00:00:00.000000Z") for number in (1, 2, 3)
    }


def test_tax_tools_get_what_changes_the_sum_of_all_that_a_wallet_has(slashed):
    slashed.node(SOUTH, OLGA, 1_000)
    slashed.fund(BELA, 100)
    positions.delegate(node=SOUTH, amount=100 * IFM, wallet=BELA, now=slashed.now)
    slashed.settle()
    slashed.settle(worked=[SOUTH])
    paid = earnings.claim(node=SOUTH, wallet=BELA, now=slashed.now).amount
    slashed.settle(worked=[SOUTH])
    compounded = earnings.compound(node=SOUTH, wallet=BELA, now=slashed.now).amount
    koinly = rows_of(read(f"wallets/{BELA}/statement", format="csv", preset="koinly"))
    changes = [(row["Label"], row["Sent Amount"], row["Received Amount"]) for row in koinly]
    assert changes == [
        ("", "", "1000.000000"), ("lost", "171.875000", ""), ("", "", "100.000000"),
        ("reward", "", f"{paid / IFM:.6f}"), ("reward", "", f"{compounded / IFM:.6f}"),
    ]  # fmt: skip
    assert koinly[1]["Date"] == "2026-01-08 01:00:00 UTC"
    assert koinly[1]["Sent Currency"] == "IFM"
    cointracking = rows_of(read(f"wallets/{BELA}/statement", format="csv", preset="cointracking"))
    assert [row["Type"] for row in cointracking] == ["Deposit", "Lost", "Deposit", "Staking", "Staking"]
    assert [row["Tx-ID"] for row in cointracking] == [row["TxHash"] for row in koinly]
    gained = sum(Decimal(row["Buy Amount"] or 0) - Decimal(row["Sell Amount"] or 0) for row in cointracking)
    assert gained * IFM == slashed.figures(BELA).total


@pytest.mark.parametrize(
    ("query", "field"), [("preset=koinly", "preset"), ("preset=excel&format=csv", "preset")]
)
def test_a_preset_is_refused_without_csv_and_when_it_is_unknown(net, query, field):
    response = Client().get(f"/api/v1/wallets/{BELA}/statement?{query}")
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == field


def test_the_rewards_chart_shows_losses_below_zero(slashed):
    portfolio = portfolio_of(BELA, now=slashed.now)
    chart = rewards(portfolio.earned, portfolio.losses, first=1, last=3)
    assert chart.views[0].table.rows[2][-1] == "−171.875000"
    assert "171.87 IFM lost" in chart.views[0].summary


def test_the_notification_of_a_slash_says_what_this_wallet_lost(slashed):
    def texts(wallet: str) -> list[str]:
        notifications = inbox.page(wallet, limit=20, offset=0)
        return [
            notification.text for notification in notifications if notification.kind.name == "slash_executed"
        ]

    [bela], [anna] = texts(BELA), texts(ANNA)
    assert "You lost 171.875 IFM: 250.00 IFM were taken" in bela
    assert "You lost 515.625 IFM" in anna


def test_the_pages_name_the_loss(slashed):
    page = Client().get(f"/wallets/{BELA}/").content.decode()
    assert "Losses from slashes" in page
    assert "cost 500.00, earned 0.00, lost 85.93" in page
    page = Client().get(f"/wallets/{BELA}/statement/").content.decode()
    assert "171.875000 lost" in page
    assert "preset=koinly" in page


def test_a_node_lists_a_void_position_only_while_it_has_earnings_to_claim(net):
    net.parameters(offences=[{"name": "invalid_proof", "self_bps": 2_500, "delegated_bps": 10_000}])
    net.node(NORTH, OLGA, 1_000, custodial=True)
    for wallet in (ANNA, BELA):
        net.fund(wallet, 500)
    positions.delegate(node=NORTH, amount=100 * IFM, wallet=ANNA, now=net.now)
    net.settle()
    net.settle(worked=[NORTH])
    net.work(NORTH)
    net.work(NORTH, 1, proof="invalid")
    net.settle()
    net.settle()
    [anna] = Client().get(f"/api/v1/nodes/{NORTH}/delegations").json()["results"]
    assert (anna["value"], anna["lost"], anna["cost"]) == ("0.000000", "100.000000", "100.000000")
    earnings.claim(node=NORTH, wallet=ANNA, now=net.now)
    assert Client().get(f"/api/v1/nodes/{NORTH}/delegations").json()["results"] == []
    assert Client().get(f"/api/v1/wallets/{ANNA}/delegations").json()["results"] == []


@pytest.fixture
def returned(net):
    """A slash that takes 750 of Anna's 3,000 IFM and returns all of it: the operator has no stake of its own."""
    net.parameters(slash_delegators_bps=10_000, slash_honest_bps=0, slash_burn_bps=0)
    net.node(NORTH, OLGA, 0)
    net.fund(ANNA, 3_100)
    positions.delegate(node=NORTH, amount=3_000 * IFM, wallet=ANNA, now=net.now)
    net.settle()
    net.work(NORTH)
    net.work(NORTH, 1, proof="invalid")
    net.settle()
    net.settle()
    net.fund(ANNA, 5)
    return net


def test_a_slash_that_returns_everything_is_a_line_without_a_transaction(returned, sign_in):
    everything = lines(ANNA, Period())
    assert [row.kind for row in everything] == ["faucet", "delegate", "slash", "faucet"]
    slash = everything[2]
    assert (slash.transaction, slash.taken, slash.returned, slash.net) == (None, 750 * IFM, 750 * IFM, 0)
    assert (slash.amount, slash.balance, slash.epoch) == (0, 100 * IFM, 3)
    assert [lines(ANNA, Period(), limit=1, offset=offset)[0] for offset in range(4)] == everything
    assert lines(ANNA, Period(), newest_first=True) == everything[::-1]
    answer = Client().get(f"/api/v1/wallets/{ANNA}/statement").json()
    assert (answer["totals"]["movements"], answer["totals"]["lost"]) == (4, "0.000000")
    row = answer["results"][2]
    assert (row["transaction"], row["taken"], row["net"]) == (None, "750.000000", "0.000000")
    assert (row["kind"], row["slash"], row["reference"]) == ("slash", slash.slash, f"slash:{slash.slash}")
    in_csv = rows_of(read(f"wallets/{ANNA}/statement", format="csv"))[2]
    assert (in_csv["transaction"], in_csv["returned"]) == ("", "750.000000")
    koinly = rows_of(read(f"wallets/{ANNA}/statement", format="csv", preset="koinly"))
    assert [row["Received Amount"] for row in koinly] == ["3100.000000", "5.000000"]
    page = sign_in(ANNA).get(f"/wallets/{ANNA}/statement/").content.decode()
    assert f'href="/slashes/{slash.slash}/"' in page


PERIODS = (
    ("2026-01-08", "2026-01-08", ["slash", "faucet"]),
    ("2026-01-09", "", []),
    ("", "2026-01-07", ["faucet", "delegate"]),
)


@pytest.mark.parametrize(("first", "last", "kinds"), PERIODS)
def test_a_period_has_the_slashes_that_were_executed_in_it(returned, first, last, kinds):
    period = read_period(first, last)
    assert [row.kind for row in lines(ANNA, period)] == kinds
    assert statement(ANNA, period).sums.movements == len(kinds)
