"""Worked stories through the API, to the µIFM."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

from delegation.api import wallets
from delegation.exports import plain
from tests.wallets import ANNA, BELA, NORTH, OLGA, OTTO, SOUTH, address, shown


def test_delegate_earn_claim_leave(net, caller):
    net.node(NORTH, OLGA, 1_000)
    net.fund(ANNA, 2_000)
    anna = caller(ANNA)

    answer = anna.post(f"nodes/{shown(NORTH)}/delegate", {"amount": "1000"})

    assert answer.status_code == 201, answer.json()
    body = answer.json()
    assert body["transaction"] > 0
    assert body["wallet"] == {
        "address": shown(ANNA),
        "total": "2000.000000",
        "available": "1000.000000",
        "staked": "0.000000",
        "delegated": "1000.000000",
        "unbonding": "0.000000",
        "claimable": "0.000000",
        "voting_power": "0.000000",
    }
    assert body["node"]["delegated"] == "1000.000000"
    assert body["delegation"]["pending"] == body["delegation"]["value"] == "1000.000000"
    net.settle(worked=[NORTH])
    assert net.figures(ANNA).claimable == 0
    net.settle(worked=[NORTH])
    # S = D = 1,000 of a reward of 10,000: portion 5,000, delegators 4,000.
    assert anna.get(f"wallets/{ANNA}").json()["claimable"] == "4000.000000"

    answer = anna.post(f"nodes/{NORTH}/claim")
    assert answer.status_code == 200
    assert answer.json()["amount"] == "4000.000000"
    assert answer.json()["wallet"]["available"] == "5000.000000"
    assert anna.post(f"nodes/{NORTH}/claim").json()["code"] == "nothing_to_claim"

    answer = anna.post(f"nodes/{NORTH}/undelegate", {"amount": "all"})
    assert answer.status_code == 201
    entry = answer.json()["unbonding"]
    assert entry["amount"] == "1000.000000"
    assert entry["status"] == "open"
    assert not entry["held"]
    assert answer.json()["wallet"]["total"] == "6000.000000"
    refusal = anna.post(f"unbondings/{entry['id']}/withdraw")
    assert (refusal.status_code, refusal.json()["code"]) == (409, "unbonding_not_mature")
    for _ in range(8):
        net.settle()
    answer = anna.post(f"unbondings/{entry['id']}/withdraw")
    assert answer.status_code == 200
    assert answer.json()["unbonding"]["status"] == "paid"
    assert answer.json()["wallet"]["available"] == answer.json()["wallet"]["total"] == "6000.000000"
    assert anna.post(f"unbondings/{entry['id']}/withdraw").json()["code"] == "unbonding_closed"


def test_the_statement_adds_up_to_what_was_claimed_and_can_be(net, caller):
    net.node(NORTH, OLGA, 1_000)
    for wallet, amount in ((ANNA, 700), (BELA, 1_300)):
        net.fund(wallet, amount)
        caller(wallet).post(f"nodes/{NORTH}/delegate", {"amount": str(amount - 1)})
    anna = caller(ANNA)
    net.settle(worked=[NORTH])
    net.settle(worked=[NORTH])
    anna.post(f"nodes/{NORTH}/claim")
    net.settle(worked=[NORTH])
    caller(BELA).post(f"nodes/{NORTH}/undelegate", {"amount": "333.333333"})
    net.settle(worked=[NORTH])
    anna.post(f"nodes/{NORTH}/compound")
    net.settle(worked=[NORTH])
    net.settle(worked=[NORTH])

    for wallet in (ANNA, BELA, OLGA):
        answer = caller(wallet).get(f"wallets/{wallet}/statement").json()
        totals = answer["totals"]
        earned, claimed, claimable = (Decimal(totals[name]) for name in ("earned", "claimed", "claimable"))
        assert earned == claimed + claimable > 0
        assert earned == sum(Decimal(row["amount"]) for row in answer["earned"])
        rewards = caller(wallet).get(f"wallets/{wallet}/rewards").json()["results"]
        assert sum(Decimal(row["amount"]) for row in rewards) == earned
        assert Decimal(totals["closing"]) == Decimal(answer["results"][-1]["balance"])
        assert totals["closing"] == caller(wallet).get(f"wallets/{wallet}").json()["available"]


def test_redelegation_moves_when_the_epoch_settles(net, caller):
    net.node(NORTH, OLGA, 1_000)
    net.node(SOUTH, OTTO, 1_000)
    net.fund(ANNA, 500)
    anna = caller(ANNA)
    anna.post(f"nodes/{NORTH}/delegate", {"amount": "500"})
    net.settle()

    answer = anna.post(f"nodes/{NORTH}/redelegate", {"to": shown(SOUTH), "amount": "200"})
    assert answer.status_code == 201
    recorded = answer.json()["redelegation"]
    assert recorded["from"] == shown(NORTH)
    assert recorded["to"] == shown(SOUTH)
    assert (recorded["amount"], recorded["status"], recorded["moved"]) == ("200.000000", "recorded", None)
    assert answer.json()["transaction"] is None
    net.settle(worked=[NORTH])

    (moved,) = anna.get(f"wallets/{ANNA}/redelegations").json()["results"]
    assert (moved["status"], moved["moved"]) == ("executed", "200.000000")
    worth = {row["node"]: row["value"] for row in anna.get(f"wallets/{ANNA}/delegations").json()["results"]}
    assert worth == {shown(NORTH): "300.000000", shown(SOUTH): "200.000000"}
    hop = anna.post(f"nodes/{SOUTH}/redelegate", {"to": NORTH, "amount": "1"})
    assert hop.json()["code"] == "redelegation_hop"
    # It earned the epoch in which it moved on the old node, whole: floor(20,000 × 500 / 1,500) × 80 %, floor.
    (earned,) = anna.get(f"wallets/{ANNA}/rewards").json()["results"]
    assert (earned["node"], earned["epoch"], earned["amount"]) == (shown(NORTH), 2, "5333.333332")


def test_a_slash_holds_what_leaves_and_reaches_it(net, caller):
    net.node(NORTH, OLGA, 1_000)
    net.fund(ANNA, 4_000)
    anna = caller(ANNA)
    anna.post(f"nodes/{NORTH}/delegate", {"amount": "4000"})
    net.settle()
    left = anna.post(f"nodes/{NORTH}/undelegate", {"amount": "500"}).json()["unbonding"]
    net.work(NORTH)
    net.work(NORTH, 1, proof="invalid")
    net.settle()

    (position,) = anna.get(f"wallets/{ANNA}/delegations").json()["results"]
    (entry,) = anna.get(f"wallets/{ANNA}/unbondings").json()["results"]
    assert len(position["liable_slashes"]) == 1
    assert entry["held"]
    assert anna.post(f"unbondings/{left['id']}/cancel").json()["code"] == "held_by_slash"
    net.settle()

    # Section 15, example 2: nothing honest to pay, so the honest part goes to the treasury.
    (position,) = anna.get(f"wallets/{ANNA}/delegations").json()["results"]
    (entry,) = anna.get(f"wallets/{ANNA}/unbondings").json()["results"]
    assert position["value"] == "2898.437500"
    assert entry["amount"] == "414.062500"
    assert not entry["held"]
    assert position["liable_slashes"] == []
    wallet = anna.get(f"wallets/{ANNA}").json()
    assert (wallet["total"], wallet["unbonding"]) == ("3312.500000", "414.062500")


def test_what_a_slash_took_whole_still_pays_what_it_had_earned(net, caller):
    net.parameters(offences=[{"name": "invalid_proof", "self_bps": 10_000, "delegated_bps": 10_000}])
    net.node(NORTH, OLGA, 1_000, custodial=True)
    net.node(SOUTH, OTTO, 1_000)
    net.fund(ANNA, 2_000)
    anna = caller(ANNA)
    anna.post(f"nodes/{NORTH}/delegate", {"amount": "1000"})
    net.settle()
    # The pool has the emission of two epochs: 20,000 / 2 × 80 %.
    net.settle(worked=[NORTH])
    net.work(NORTH)
    net.work(NORTH, 1, proof="invalid")
    net.settle(worked=[SOUTH])
    net.settle(worked=[SOUTH])

    (position,) = anna.get(f"wallets/{ANNA}/delegations").json()["results"]
    assert position["value"] == "0.000000"
    assert position["claimable"] == "8000.000000"
    assert position["voided_by"] is not None
    totals = anna.get(f"wallets/{ANNA}/statement").json()["totals"]
    assert totals["earned"] == totals["claimable"] == "8000.000000"
    assert anna.post(f"nodes/{NORTH}/claim").json()["amount"] == "8000.000000"
    totals = anna.get(f"wallets/{ANNA}/statement").json()["totals"]
    assert (totals["earned"], totals["claimed"], totals["claimable"]) == (
        "8000.000000",
        "8000.000000",
        "0.000000",
    )


def test_operators_claim_and_compound_their_own_part(net, caller):
    net.node(NORTH, OLGA, 1_000)
    olga = caller(OLGA)
    assert olga.post(f"nodes/{NORTH}/claim").json()["code"] == "nothing_to_claim"
    net.settle(worked=[NORTH])
    assert olga.get(f"wallets/{OLGA}").json()["claimable"] == "10000.000000"
    answer = olga.post(f"nodes/{NORTH}/compound")
    assert answer.status_code == 200
    assert answer.json()["node"]["self_stake"] == "11000.000000"
    assert "delegation" not in answer.json()
    (earned,) = olga.get(f"wallets/{OLGA}/rewards").json()["results"]
    assert (earned["role"], earned["amount"], earned["epoch"]) == ("operator", "10000.000000", 1)


def test_a_cancelled_unbonding_comes_back_whole(net, caller):
    net.node(NORTH, OLGA, 1_000)
    net.fund(ANNA, 300)
    anna, olga = caller(ANNA), caller(OLGA)
    anna.post(f"nodes/{NORTH}/delegate", {"amount": "300"})
    for who, action, total in ((anna, "undelegate", "300.000000"), (olga, "unstake", "1000.000000")):
        left = who.post(f"nodes/{NORTH}/{action}", {"amount": "120.5"}).json()["unbonding"]
        assert (left["amount"], left["kind"]) == ("120.500000", "self" if who is olga else "delegated")
        answer = who.post(f"unbondings/{left['id']}/cancel")
        assert answer.status_code == 200
        assert answer.json()["unbonding"]["status"] == "cancelled"
        wallet = answer.json()["wallet"]
        assert (wallet["unbonding"], wallet["total"]) == ("0.000000", total)


def test_lists_are_paged_to_their_end(net, caller):
    net.node(NORTH, OLGA, 1_000)
    for number in range(7):
        wallet = address(f"0d{number:02}")
        net.fund(wallet, 10 + number)
        caller(wallet).post(f"nodes/{NORTH}/delegate", {"amount": str(10 + number)})
    anna = caller(ANNA)
    rows, path = [], f"nodes/{NORTH}/delegations?limit=3"
    while path:
        page = anna.client.get(path if path.startswith("http") else f"/api/v1/{path}").json()
        assert len(page["results"]) <= 3
        rows += page["results"]
        path = page["next"]
    assert [row["value"] for row in rows] == [f"{value}.000000" for value in range(16, 9, -1)]


def test_the_csv_has_the_same_figures_and_no_formula(net, caller):
    net.node(NORTH, OLGA, 1_000)
    net.fund(ANNA, 100)
    anna = caller(ANNA)
    anna.post(f"nodes/{NORTH}/delegate", {"amount": "60"})
    answer = anna.get(f"wallets/{ANNA}/statement", format="csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    shown_rows = anna.get(f"wallets/{ANNA}/statement").json()["results"]
    for name in ("amount", "balance", "kind", "reference", "other"):
        assert [row[name] for row in rows] == [row[name] for row in shown_rows]
    assert [row["amount"] for row in rows] == ["100.000000", "-60.000000"]
    assert plain("=HYPERLINK(1)") == "'=HYPERLINK(1)"
    assert [plain(text) for text in ("+1", "-x", "@x", "\tx", "x=")] == ["'+1", "'-x", "'@x", "'\tx", "x="]


def test_a_file_has_an_end(net, caller, monkeypatch):
    net.node(NORTH, OLGA, 1_000)
    net.fund(ANNA, 1_000)
    anna = caller(ANNA)
    anna.post(f"nodes/{NORTH}/delegate", {"amount": "60"})
    for _ in range(3):
        net.settle(worked=[NORTH])
    for most, status in ((2, 200), (1, 400)):
        monkeypatch.setattr(wallets, "LARGEST_FILE", most)
        for kind in ("statement", "rewards"):
            answer = anna.get(f"wallets/{ANNA}/{kind}", format="csv")
            assert answer.status_code == status
            assert anna.get(f"wallets/{ANNA}/{kind}").status_code == 200
    assert (answer.json()["code"], answer.json()["errors"][0]["field"]) == ("invalid", "from")
    assert answer.json()["detail"] == "Ask for a shorter period: a file has at most 1 rows."


def test_a_statement_shows_addresses_with_their_shown(net, caller):
    net.node(NORTH, OLGA, 1_000)
    net.fund(ANNA, 100)
    anna = caller(ANNA)
    anna.post(f"nodes/{NORTH}/delegate", {"amount": "60"})
    faucet, delegated = anna.get(f"wallets/{ANNA}/statement").json()["results"]
    assert (faucet["reference"], faucet["other"]) == (shown(ANNA), "issuance")
    assert (delegated["reference"], delegated["other"]) == (shown(NORTH), f"pool:{shown(NORTH)}")


def test_rewards_as_csv_say_why(net, caller):
    net.node(NORTH, OLGA, 1_000)
    net.fund(ANNA, 1_000)
    anna = caller(ANNA)
    anna.post(f"nodes/{NORTH}/delegate", {"amount": "1000"})
    for _ in range(3):
        net.settle(worked=[NORTH])
    answer = anna.get(f"wallets/{ANNA}/rewards", format="csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [(row["epoch"], row["amount"]) for row in rows] == [("3", "4000.000000"), ("2", "4000.000000")]
    whole = rows[0]
    # 1.00 + 0.10 latency + 0.12 uptime + 0.13 × 2,000 / 10,000, tier 2.
    assert (whole["q_bps"], whole["bonus_bps"], whole["share_bps"]) == ("12460", "2500", "8000")
    assert (whole["reward"], whole["delegators_reward"]) == ("10000.000000", "4000.000000")
    assert whole["active"] == whole["active_shares"] == "1000000000"
    rows = anna.get(f"wallets/{ANNA}/rewards", to="2026-01-07").json()["results"]
    assert [row["epoch"] for row in rows] == [2]
    assert rows[0]["why"]["pool_share_bps"] == 10_000


def test_the_statement_of_a_period_opens_and_closes(net, caller):
    net.node(NORTH, OLGA, 1_000)
    net.fund(ANNA, 100)
    anna = caller(ANNA)
    anna.post(f"nodes/{NORTH}/delegate", {"amount": "40"})
    net.settle(worked=[NORTH])
    net.fund(ANNA, 7)
    net.settle(worked=[NORTH])
    anna.post(f"nodes/{NORTH}/claim")
    first = anna.get(f"wallets/{ANNA}/statement", to="2026-01-05").json()
    second = anna.get(f"wallets/{ANNA}/statement", **{"from": "2026-01-06", "to": "2026-01-06"}).json()
    third = anna.get(f"wallets/{ANNA}/statement", **{"from": "2026-01-07"}).json()
    assert [part["totals"]["opening"] for part in (first, second, third)] == [
        "0.000000", "60.000000", "67.000000",
    ]  # fmt: skip
    assert first["totals"]["closing"] == "60.000000"
    assert second["totals"]["received"] == "7.000000"
    assert [len(part["results"]) for part in (first, second, third)] == [2, 1, 1]
    moments = anna.get(
        f"wallets/{ANNA}/statement", **{"from": "2026-01-06T00:00:00Z", "to": "2026-01-07T00:00:00+00:00"}
    ).json()
    assert moments["results"] == second["results"]
    # Epoch 2 ended at the first moment of 7 January: what it earned belongs there.
    assert second["totals"]["earned"] == "0.000000"
    assert third["totals"]["earned"] == third["totals"]["received"]
