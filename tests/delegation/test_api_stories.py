"""Worked stories through the API, to the µIFM."""

from __future__ import annotations

from decimal import Decimal

from tests.delegation.net import ANNA, BELA, NORTH, OLGA, shown


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
    net.settle(NORTH)
    assert net.wallet(ANNA).claimable == 0
    net.settle(NORTH)
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
    net.settle(NORTH)
    net.settle(NORTH)
    anna.post(f"nodes/{NORTH}/claim")
    net.settle(NORTH)
    caller(BELA).post(f"nodes/{NORTH}/undelegate", {"amount": "333.333333"})
    net.settle(NORTH)
    anna.post(f"nodes/{NORTH}/compound")
    net.settle(NORTH)
    net.settle(NORTH)

    for wallet in (ANNA, BELA, OLGA):
        found = caller(wallet).get(f"wallets/{wallet}/statement").json()
        totals = found["totals"]
        earned, claimed, claimable = (Decimal(totals[name]) for name in ("earned", "claimed", "claimable"))
        assert earned == claimed + claimable > 0
        assert earned == sum(Decimal(row["amount"]) for row in found["earned"])
        rewards = caller(wallet).get(f"wallets/{wallet}/rewards").json()["results"]
        assert sum(Decimal(row["amount"]) for row in rewards) == earned
        assert Decimal(totals["closing"]) == Decimal(found["results"][-1]["balance"])
        assert totals["closing"] == caller(wallet).get(f"wallets/{wallet}").json()["available"]
