"""Permissions of the endpoints, and the order of refusals when several apply (R12)."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from tests.wallets import ANNA, BELA, EAST, NORTH, OLGA, OTTO, SOUTH, shown

NOBODYS = "0x" + "9" * 40
MONEY = [
    (f"nodes/{NORTH}/stake", {"amount": "1"}),
    (f"nodes/{NORTH}/unstake", {"amount": "1"}),
    (f"nodes/{NORTH}/delegate", {"amount": "1"}),
    (f"nodes/{NORTH}/undelegate", {"amount": "1"}),
    (f"nodes/{NORTH}/redelegate", {"to": SOUTH, "amount": "1"}),
    (f"nodes/{NORTH}/claim", {}),
    (f"nodes/{NORTH}/compound", {}),
    ("unbondings/1/cancel", {}),
    ("unbondings/1/withdraw", {}),
]


def refused(answer) -> tuple[int, str]:
    assert answer["Content-Type"].startswith("application/problem+json")
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize(("path", "body"), MONEY)
def test_writing_needs_a_wallet_that_may_write(net, caller, path, body):
    net.node(NORTH, OLGA, 1_000)
    stranger = APIClient().post(f"/api/v1/{path}", body, format="json")
    assert refused(stranger) == (401, "unauthenticated")
    assert refused(caller(ANNA, scope="read").post(path, body)) == (403, "permission_denied")
    assert refused(caller("", scope="oracle").post(path, body)) == (403, "permission_denied")


@pytest.mark.parametrize("action", ["stake", "unstake", "delegate", "undelegate"])
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (400, "invalid")),
        ([], (400, "invalid")),
        ({"amount": None}, (400, "amount_invalid")),
        ({"amount": 5}, (400, "amount_invalid")),
        ({"amount": "1e3"}, (400, "amount_invalid")),
        ({"amount": "-1"}, (400, "amount_invalid")),
        ({"amount": ""}, (400, "amount_invalid")),
        ({"amount": "0.0000001"}, (400, "amount_invalid")),
        ({"amount": "0"}, (400, "amount_too_small")),
        ({"amount": "1"}, (404, "not_found")),
    ],
)
def test_the_body_is_judged_before_the_node(net, caller, action, body, expected):
    assert refused(caller(ANNA).post(f"nodes/{NOBODYS}/{action}", body)) == expected


def test_all_is_for_what_leaves(net, caller):
    net.node(NORTH, OLGA, 1_000)
    anna, olga = caller(ANNA), caller(OLGA)
    for who, action in ((anna, "delegate"), (olga, "stake")):
        assert refused(who.post(f"nodes/{NORTH}/{action}", {"amount": "all"})) == (400, "amount_invalid")
    assert refused(anna.post(f"nodes/{NORTH}/undelegate", {"amount": "all"})) == (409, "insufficient_balance")
    assert refused(anna.post(f"nodes/{NORTH}/redelegate", {"to": SOUTH, "amount": "all"})) == (
        404,
        "not_found",
    )
    net.node(SOUTH, OTTO, 1_000)
    assert refused(anna.post(f"nodes/{NORTH}/redelegate", {"to": SOUTH, "amount": "all"})) == (
        409,
        "insufficient_balance",
    )
    left = olga.post(f"nodes/{NORTH}/unstake", {"amount": "all"})
    assert (left.status_code, left.json()["unbonding"]["amount"]) == (201, "1000.000000")


def test_rights_come_before_amounts_and_states(net, caller):
    net.node(NORTH, OLGA, 1_000)
    anna, olga = caller(ANNA), caller(OLGA)
    assert refused(anna.post(f"nodes/{NORTH}/stake", {"amount": "0.5"})) == (403, "not_operator")
    assert refused(anna.post(f"nodes/{NORTH}/unstake", {"amount": "0.5"})) == (403, "not_operator")
    own = olga.post(f"nodes/{NORTH}/delegate", {"amount": "0.5"})
    assert (refused(own), own.json()["node"]) == ((409, "own_node"), shown(NORTH))
    assert refused(anna.post(f"nodes/{NORTH}/delegate", {"amount": "0.5"})) == (400, "amount_too_small")
    assert refused(anna.post(f"nodes/{NORTH}/delegate", {"amount": "5"})) == (409, "insufficient_balance")


def test_a_full_pool_says_how_much_it_still_accepts(net, caller):
    net.node(NORTH, OLGA, 1_000, delegation_cap=100_000_000)
    net.fund(ANNA, 500)
    answer = caller(ANNA).post(f"nodes/{NORTH}/delegate", {"amount": "100.000001"})
    assert refused(answer) == (409, "delegation_cap_exceeded")
    assert answer.json()["room"] == "100.000000"
    assert caller(ANNA).post(f"nodes/{NORTH}/delegate", {"amount": "100"}).status_code == 201


@pytest.mark.parametrize("amount", ["9223372036854.775807", "9223372036844.775808"])
def test_no_amount_is_too_large_to_be_refused(net, caller, amount):
    """Beside what is in the pool it would not fit a column of 63 bits."""
    net.node(NORTH, OLGA, 1_000)
    net.fund(BELA, 50)
    assert caller(BELA).post(f"nodes/{NORTH}/delegate", {"amount": "10"}).status_code == 201
    for who, action in ((ANNA, "delegate"), (BELA, "undelegate"), (OLGA, "stake"), (OLGA, "unstake")):
        answer = caller(who).post(f"nodes/{NORTH}/{action}", {"amount": amount})
        assert refused(answer) == (409, "insufficient_balance"), action


def test_an_undelegation_above_the_position_says_what_there_is(net, caller):
    net.node(NORTH, OLGA, 1_000)
    net.fund(ANNA, 50)
    caller(ANNA).post(f"nodes/{NORTH}/delegate", {"amount": "2"})
    body = caller(ANNA).post(f"nodes/{NORTH}/undelegate", {"amount": "2.000001"}).json()
    assert (body["code"], body["available"]) == ("insufficient_balance", "2.000000")
    assert body["errors"][0]["field"] == "amount"


def test_redelegating_to_the_same_node_is_invalid(net, caller):
    net.node(NORTH, OLGA, 1_000)
    anna = caller(ANNA)
    answer = anna.post(f"nodes/{NORTH}/redelegate", {"to": shown(NORTH), "amount": "1"})
    assert refused(answer) == (400, "invalid")
    answer = anna.post(f"nodes/{NORTH}/redelegate", {"to": "0x12", "amount": "1"})
    assert refused(answer) == (400, "address_invalid")


def test_what_is_somebody_elses_is_not_found(net, caller):
    """The matrix of objects and strangers: nobody sees or moves what is another's."""
    net.node(NORTH, OLGA, 1_000)
    net.fund(ANNA, 100)
    anna, bela, olga = caller(ANNA), caller(BELA), caller(OLGA)
    anna.post(f"nodes/{NORTH}/delegate", {"amount": "50"})
    theirs = anna.post(f"nodes/{NORTH}/undelegate", {"amount": "20"}).json()["unbonding"]["id"]
    own = olga.post(f"nodes/{NORTH}/unstake", {"amount": "20"}).json()["unbonding"]["id"]
    for stranger, entries in ((bela, (theirs, own)), (anna, (own,)), (olga, (theirs,))):
        for entry in entries:
            for action in ("cancel", "withdraw"):
                assert refused(stranger.post(f"unbondings/{entry}/{action}")) == (404, "not_found")
    for missing in ("999999", str(2**63), "9" * 40):
        assert refused(anna.post(f"unbondings/{missing}/cancel")) == (404, "not_found")
    assert refused(bela.post(f"nodes/{NORTH}/undelegate", {"amount": "1"})) == (409, "insufficient_balance")
    assert refused(bela.post(f"nodes/{NORTH}/claim")) == (409, "nothing_to_claim")
    assert net.figures(ANNA).unbonding == 20_000_000


def test_a_closed_node_refuses_in_order(net, caller):
    net.node(NORTH, OLGA, 1_000)
    net.node(SOUTH, OTTO, 1_000)
    net.node(EAST, OTTO, 1_000)
    net.fund(ANNA, 1_000)
    anna = caller(ANNA)
    anna.post(f"nodes/{SOUTH}/delegate", {"amount": "100"})
    net.work(NORTH)
    net.work(NORTH, 1, proof="invalid")
    net.settle(worked=[SOUTH])
    assert refused(anna.post(f"nodes/{NORTH}/delegate", {"amount": "10"})) == (409, "pending_slash")
    move = {"to": NORTH, "amount": "10"}
    assert refused(anna.post(f"nodes/{SOUTH}/redelegate", move)) == (409, "pending_slash")
    net.settle(worked=[SOUTH])
    assert refused(anna.post(f"nodes/{NORTH}/delegate", {"amount": "10"})) == (409, "node_cooldown")
    caller(OTTO).post(f"nodes/{SOUTH}/unstake", {"amount": "1"})
    move = {"to": EAST, "amount": "10"}
    assert refused(anna.post(f"nodes/{SOUTH}/redelegate", move)) == (409, "node_unbonding")


def test_a_bad_address_is_said_so(net, caller):
    anna = caller(ANNA)
    for path in ("wallets/0x12", "wallets/0x12/delegations", "wallets/zz/rewards", "nodes/0x12/delegations"):
        assert refused(anna.get(path)) == (400, "address_invalid")
    assert refused(anna.get(f"nodes/{NOBODYS}/delegations")) == (404, "not_found")
    assert anna.get(f"wallets/{NOBODYS}").json()["total"] == "0.000000"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "yesterday"}, "from"),
        ({"to": "2026-02-30"}, "to"),
        ({"to": "2026-02-03T10:00:00"}, "to"),
        ({"from": "0001-01-01T00:00:00+23:59"}, "from"),
        ({"from": "2026-02-02", "to": "2026-02-01"}, "to"),
        ({"format": "pdf"}, "format"),
        ({"limit": "0"}, "limit"),
    ],
)
def test_a_nonsensical_statement_is_refused(net, caller, query, field):
    answer = caller(ANNA).get(f"wallets/{ANNA}/statement", **query)
    assert refused(answer) == (400, "invalid")
    assert answer.json()["errors"][0]["field"] == field
