"""One node through its endpoints: registered, read, changed, retired."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from protocol.amounts import MICRO
from staking.models import Node
from staking.services import rankings, stakes
from tests.network import Network
from tests.wallets import ANNA, EAST, NORTH, OLGA, OTTO, SOUTH, Caller, shown

NEW = "0x" + "5a" * 20
BODY = {"address": NEW, "name": "Kelvin", "region": "eu-west"}


def test_a_registered_node_is_answered_whole(net: Network, olga: Caller) -> None:
    net.set_clock(net.now)
    answer = olga.post(
        "nodes",
        {
            **BODY,
            "hardware": {"gpu": "A100", "gpus": 4, "tee": True, "memory_gb": 79.5},
            "signing_key": shown(ANNA),
            "custodial": True,
            "delegation_cap": "2500.5",
            "delegator_share_bps": 7_500,
        },
    )
    assert answer.status_code == 201
    assert answer.json() == {
        "address": shown(NEW),
        "name": "Kelvin",
        "operator": shown(OLGA),
        "signing_key": shown(ANNA),
        "region": "eu-west",
        "hardware": {"gpu": "A100", "gpus": 4, "tee": True, "memory_gb": 79.5},
        "custodial": True,
        "status": "active",
        "cooldown_until_epoch": None,
        "pending_slash": False,
        "operator_unbonding": False,
        "degraded": False,
        "open": True,
        "tier": 0,
        "self_stake": "0.000000",
        "delegated": "0.000000",
        "effective_stake": "0.000000",
        "pending_stake": "0.000000",
        "unbonding": "0.000000",
        "delegation_cap": "2500.500000",
        "delegation_room": "2500.500000",
        "delegator_share_bps": 7_500,
        "next_share_bps": None,
        "next_share_epoch": None,
        "rank": None,
        "movement": None,
        "score_bps": 10_000,
        "q_bps": 10_000,
        "penalty_bps": 0,
        "accepted": 0,
        "live": False,
        "sla_bps": None,
        "uptime_bps": 10_000,
        "latency_ms": None,
        "latency_percentile_bps": 0,
        "reputation": 500,
        "estimated_apr_bps": None,
        "registered_at": "2026-01-05T01:00:00Z",
        "registered_epoch": 1,
        "commitment": None,
    } | {"registered_at": answer.json()["registered_at"]}
    assert answer.json()["registered_at"].startswith("2026-01-05T01:00:0")


def test_what_may_be_left_out_has_the_protocols_defaults(net: Network, olga: Caller) -> None:
    node = olga.post("nodes", BODY).json()
    assert (node["signing_key"], node["delegator_share_bps"], node["delegation_cap"]) == (
        shown(NEW),
        8_000,
        None,
    )
    assert (node["hardware"], node["custodial"]) == ({}, False)
    assert olga.post("nodes", {**BODY, "address": EAST, "delegation_cap": None}).status_code == 201


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"address": None}, "address_invalid", "address"),
    ({"address": "0x12"}, "address_invalid", "address"),
    ({"address": "0x5A" + "5a" * 19}, "address_invalid", "address"),
    ({"address": 7}, "address_invalid", "address"),
    ({"name": ""}, "invalid", "name"),
    ({"name": "   "}, "invalid", "name"),
    ({"name": "x" * 65}, "invalid", "name"),
    ({"name": "a\nb"}, "invalid", "name"),
    ({"name": "a\x1fb"}, "invalid", "name"),
    ({"name": "evil‮txt"}, "invalid", "name"),
    ({"name": 5}, "invalid", "name"),
    ({"name": None}, "invalid", "name"),
    ({"region": "eu west"}, "invalid", "region"),
    ({"region": "EU-West"}, "invalid", "region"),
    ({"region": "e"}, "invalid", "region"),
    ({"region": "x" * 25}, "invalid", "region"),
    ({"region": "eu\n"}, "invalid", "region"),
    ({"hardware": []}, "invalid", "hardware"),
    ({"hardware": "A100"}, "invalid", "hardware"),
    ({"hardware": None}, "invalid", "hardware"),
    ({"hardware": {"gpu": {"model": "A100"}}}, "invalid", "hardware"),
    ({"hardware": {"gpu": ["A100"]}}, "invalid", "hardware"),
    ({"hardware": {"gpu": None}}, "invalid", "hardware"),
    ({"hardware": {"": 1}}, "invalid", "hardware"),
    ({"hardware": {"gpus": 2**63}}, "invalid", "hardware"),
    ({"hardware": {str(n): n for n in range(65)}}, "invalid", "hardware"),
    ({"signing_key": None}, "address_invalid", "signing_key"),
    ({"custodial": 1}, "invalid", "custodial"),
    ({"custodial": "true"}, "invalid", "custodial"),
    ({"delegation_cap": 5}, "amount_invalid", "delegation_cap"),
    ({"delegation_cap": "-1"}, "amount_invalid", "delegation_cap"),
    ({"delegation_cap": "1.0000001"}, "amount_invalid", "delegation_cap"),
    ({"delegator_share_bps": "8000"}, "invalid", "delegator_share_bps"),
    ({"delegator_share_bps": 4_999}, "parameter_out_of_bounds", "delegator_share_bps"),
    ({"delegator_share_bps": 10_001}, "parameter_out_of_bounds", "delegator_share_bps"),
    ({"delegator_share_bps": None}, "invalid", "delegator_share_bps"),
    ({"colour": "red"}, "invalid", "colour"),
]


def test_a_node_that_cannot_be_is_refused(net: Network, olga: Caller) -> None:
    for changed, code, field in WRONG:
        answer = olga.post("nodes", {**BODY, **changed})
        assert (answer.status_code, answer.json()["code"]) == (400, code), changed
        assert [error["field"] for error in answer.json()["errors"]] == [field], changed
    assert not Node.objects.exists()


@pytest.mark.parametrize("missing", ["address", "name", "region"])
def test_missing_required_fields_are_named(net: Network, olga: Caller, missing: str) -> None:
    answer = olga.post("nodes", {name: value for name, value in BODY.items() if name != missing})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, missing)


@pytest.mark.parametrize("body", [[], "node", 5, None])
def test_a_body_that_is_no_object_is_refused(net: Network, olga: Caller, body: Any) -> None:
    answer = olga.client.post("/api/v1/nodes", body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_an_address_is_taken_once(three: Network, otto: Caller) -> None:
    answer = otto.post("nodes", {**BODY, "address": shown(NORTH)})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert Node.objects.get(address=NORTH).operator == OLGA


def test_nobody_registers_without_a_token_that_may_write(net: Network) -> None:
    assert Client().post("/api/v1/nodes", BODY, "application/json").status_code == 401
    answer = Caller(OLGA, scope="read").post("nodes", BODY)
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


def test_stake_moves_the_tier_at_once_and_is_pending_until_the_next_epoch(three: Network, get: Any) -> None:
    node = get(f"nodes/{NORTH}")
    assert (node["tier"], node["self_stake"], node["pending_stake"]) == (3, "10000.000000", "10000.000000")
    stakes.unstake(node=NORTH, amount=1 * MICRO, actor=OLGA, now=three.now)
    node = get(f"nodes/{shown(NORTH)}")
    assert (node["tier"], node["unbonding"], node["operator_unbonding"]) == (2, "1.000000", True)
    assert node["effective_stake"] == node["pending_stake"] == "9999.000000"
    three.settle()
    assert get(f"nodes/{NORTH.upper().replace('X', 'x')}")["pending_stake"] == "0.000000"


def test_delegations_are_in_the_stake_and_fill_the_cap(three: Network, olga: Caller, get: Any) -> None:
    assert (
        olga.client.patch(f"/api/v1/nodes/{NORTH}", {"delegation_cap": "600"}, format="json").status_code
        == 200
    )
    Caller(ANNA).post(f"nodes/{NORTH}/delegate", {"amount": "500"})
    node = get(f"nodes/{NORTH}")
    assert (node["delegated"], node["delegation_room"]) == ("500.000000", "100.000000")
    assert node["effective_stake"] == node["pending_stake"] == "10500.000000"
    assert node["open"] is True
    Caller(ANNA).post(f"nodes/{NORTH}/delegate", {"amount": "99.5"})
    assert get(f"nodes/{NORTH}")["open"] is False, "less than min_amount is left"


def test_figures_are_live_once_enough_jobs_are_in_and_the_last_settled_ones_before(
    three: Network, get: Any
) -> None:
    three.work(NORTH, 8)
    three.work(NORTH, 1, outcome="timeout")
    node = get(f"nodes/{NORTH}")
    assert (node["live"], node["accepted"], node["q_bps"], node["sla_bps"]) == (False, 9, 10_000, 8_888)
    three.work(NORTH, 1)
    node = get(f"nodes/{NORTH}")
    # 10,000 + latency 1,000 + uptime 1,200 + stake 0 (pending) + scarcity 750 (all jobs for two nodes of three), times
    # the factor of an SLA of 90 %, 5,000 + 5,000 × 500 / 1,000: floor(12,950 × 0.75).
    assert (node["live"], node["sla_bps"], node["q_bps"], node["score_bps"]) == (True, 9_000, 9_712, 9_712)
    assert (node["latency_ms"], node["latency_percentile_bps"], node["uptime_bps"]) == (100, 10_000, 10_000)
    three.settle()
    settled = get(f"nodes/{NORTH}")
    assert (settled["live"], settled["accepted"], settled["sla_bps"], settled["q_bps"]) == (
        False,
        10,
        9_000,
        9_712,
    )
    assert (settled["penalty_bps"], settled["reputation"]) == (500, 500)
    assert settled["score_bps"] == 9_712 * 9_500 // 10_000
    three.work(NORTH)
    node = get(f"nodes/{NORTH}")
    # The stake is active by now and saturates: 10,000 + 1,000 + 1,200 + 1,300 + 750.
    assert (node["live"], node["sla_bps"], node["q_bps"]) == (True, 10_000, 14_250)
    assert node["score_bps"] == 14_250 * 9_500 // 10_000


def test_a_node_has_a_rank_once_it_is_ranked(three: Network, get: Any) -> None:
    assert get(f"nodes/{NORTH}")["rank"] is None
    rankings.rank(now=three.now)
    assert [get(f"nodes/{node}")["rank"] for node in (NORTH, SOUTH, EAST)] == [1, 2, None]
    three.node(NEW, OTTO, 0)
    assert get(f"nodes/{NEW}")["rank"] is None


def test_what_delegators_earned_is_estimated_for_a_year(three: Network, get: Any) -> None:
    Caller(ANNA).post(f"nodes/{NORTH}/delegate", {"amount": "10000"})
    three.settle()
    three.settle(worked=[NORTH])
    rankings.rank(now=three.now)
    # 10,000 IFM a day (and the carry of the first): half to the pool's part, 80 % of it to the delegators.
    assert get(f"nodes/{NORTH}")["estimated_apr_bps"] == 8_000 * 365 * 10_000 // 10_000
    assert get(f"nodes/{SOUTH}")["estimated_apr_bps"] is None


@pytest.mark.parametrize("suffix", ["", "/epochs", "/slashes", "/rankings"])
def test_addresses_are_checked_before_they_are_looked_up(three: Network, refused: Any, suffix: str) -> None:
    refused("not_found", f"nodes/{NEW}{suffix}", 404)
    refused("address_invalid", f"nodes/0xABC{suffix}")
    refused("address_invalid", f"nodes/{NORTH}%00{suffix}")
    wrong = shown("0x" + "5a" * 20).swapcase().replace("X", "x")
    refused("address_invalid", f"nodes/{wrong}{suffix}")


def test_the_operator_changes_what_it_may(three: Network, olga: Caller, get: Any) -> None:
    changes = {
        "name": "  Nord  ",
        "region": "eu-north",
        "hardware": {"gpu": "H100"},
        "signing_key": shown(ANNA),
        "delegation_cap": "100",
        "delegator_share_bps": 7_600,
    }
    answer = olga.client.patch(f"/api/v1/nodes/{shown(NORTH)}", changes, format="json")
    assert answer.status_code == 200
    node = answer.json()
    assert node == get(f"nodes/{NORTH}")
    assert (node["name"], node["region"], node["hardware"]) == ("Nord", "eu-north", {"gpu": "H100"})
    assert (node["signing_key"], node["delegation_cap"]) == (shown(ANNA), "100.000000")
    assert (node["delegator_share_bps"], node["next_share_bps"], node["next_share_epoch"]) == (
        8_000,
        7_600,
        2,
    )
    three.settle()
    node = get(f"nodes/{NORTH}")
    assert (node["delegator_share_bps"], node["next_share_bps"], node["next_share_epoch"]) == (
        7_600,
        None,
        None,
    )
    olga.client.patch(f"/api/v1/nodes/{NORTH}", {"delegation_cap": None}, format="json")
    assert get(f"nodes/{NORTH}")["delegation_room"] is None


FIXED: list[tuple[dict[str, Any], str]] = [
    ({"address": ANNA}, "invalid"),
    ({"operator": ANNA}, "invalid"),
    ({"custodial": True}, "invalid"),
    ({"status": "active"}, "invalid"),
    ({"status": None}, "invalid"),
    ({"status": "banned"}, "invalid"),
    ({"signing_key": None}, "address_invalid"),
    ({"name": "\x00"}, "invalid"),
    ({"region": ""}, "invalid"),
    ({"hardware": [1]}, "invalid"),
    ({"delegation_cap": "x"}, "amount_invalid"),
    ({"delegator_share_bps": 7_499}, "share_cut_too_large"),
    ({"delegator_share_bps": 10_001}, "parameter_out_of_bounds"),
]


def test_nothing_else_of_a_node_changes(three: Network, olga: Caller, get: Any) -> None:
    before = get(f"nodes/{NORTH}")
    for changes, code in FIXED:
        answer = olga.client.patch(f"/api/v1/nodes/{NORTH}", {"name": "Else", **changes}, format="json")
        assert (answer.status_code, answer.json()["code"]) == (400, code), changes
    assert get(f"nodes/{NORTH}") == before


def test_only_the_operator_changes_a_node(three: Network, otto: Caller) -> None:
    for caller, node, status, code in (
        (otto, NORTH, 403, "not_operator"),
        (Caller(OLGA, scope="read"), NORTH, 403, "permission_denied"),
        (otto, NEW, 404, "not_found"),
    ):
        answer = caller.client.patch(f"/api/v1/nodes/{node}", {"name": "Mine"}, format="json")
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    anonymous = Client().patch(f"/api/v1/nodes/{NORTH}", {"name": "Mine"}, "application/json")
    assert anonymous.status_code == 401
    assert Node.objects.get(address=NORTH).name == f"Node {NORTH[-2:]}"


def test_a_malformed_body_is_refused_before_rights_and_state_are_checked(
    three: Network, olga: Caller, otto: Caller
) -> None:
    """Body, not_found, rights, standing: the order of R12."""
    olga.client.patch(f"/api/v1/nodes/{EAST}", {"status": "retired"}, format="json")
    for caller, node in ((olga, NEW), (otto, NORTH), (olga, EAST)):
        answer = caller.client.patch(f"/api/v1/nodes/{node}", {"status": "active"}, format="json")
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
        assert answer.json()["errors"][0]["field"] == "status"


def test_a_retired_node_stays_so(three: Network, olga: Caller, get: Any) -> None:
    answer = olga.client.patch(f"/api/v1/nodes/{NORTH}", {"status": "retired"}, format="json")
    assert (answer.status_code, answer.json()["status"], answer.json()["open"]) == (200, "retired", False)
    again = olga.client.patch(f"/api/v1/nodes/{NORTH}", {"name": "Ghost"}, format="json")
    assert (again.status_code, again.json()["code"]) == (409, "node_retired")
    three.set_clock(three.now + timedelta(hours=1))
    assert rankings.rank(now=three.now).nodes == 1  # type: ignore[union-attr]
    assert get(f"nodes/{NORTH}")["rank"] is None
