"""Endpoints of the records: epochs and their proofs, rankings, slashes, parameters, the journal."""

from __future__ import annotations

from typing import Any

import pytest
from Crypto.Hash import keccak
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from protocol.amounts import MICRO
from protocol.parameters import DEFAULTS, apply_changes
from staking.models import Epoch
from staking.services import rankings
from staking.services.epochs import store_parameters
from tests.network import Network
from tests.owner import as_owner
from tests.shared_rows import shared
from tests.wallets import ANNA, EAST, NORTH, OLGA, OTTO, SOUTH, Caller, address, shown

EMISSION = 10_000


@shared
def settled(three: Network) -> Network:
    """Two epochs in which North worked; in the second South dropped a job."""
    Caller(ANNA).post(f"nodes/{NORTH}/delegate", {"amount": "10000"})
    three.settle(worked=[NORTH])
    rankings.rank(now=three.now)
    three.work(SOUTH, 9)
    three.work(SOUTH, 1, outcome="dropped")
    three.settle(worked=[NORTH])
    rankings.rank(now=three.now)
    return three


def test_epochs_are_listed_with_what_they_gave(settled: Network, get: Any) -> None:
    answer = get("epochs")
    assert answer["next"] is None
    assert [(row["number"], row["status"]) for row in answer["results"]] == [
        (3, "open"), (2, "settled"), (1, "settled"),
    ]  # fmt: skip
    assert answer["results"][0]["pool"] is None
    assert answer["results"][0]["merkle_root"] is None
    first = get("epochs/1")
    assert first == answer["results"][2]
    assert (first["start"], first["end"]) == ("2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z")
    assert (first["pool"], first["minted"], first["distributed"]) == ("10000.000000",) * 3
    assert (first["carry"], first["burned"], first["parameters_version"]) == ("0.000000", "0.000000", 1)
    assert first["totals"]["operator_reward"] == "10000.000000", "the delegation was pending"
    assert (first["totals"]["accepted"], first["totals"]["nodes"]) == (10, 3)
    assert first["totals"]["late"] == "0.000000"
    assert [row["number"] for row in get("epochs", limit=2)["results"]] == [3, 2]
    following = get("epochs", limit=2)["next"]
    assert following.endswith("?limit=2&cursor=2")
    assert [row["number"] for row in get("epochs", limit=2, cursor=2)["results"]] == [1]


def test_the_rows_of_an_epoch_and_of_a_node_are_the_same(settled: Network, get: Any) -> None:
    rows = get("epochs/2/nodes")["results"]
    assert [row["node"] for row in rows] == [shown(NORTH), shown(SOUTH), shown(EAST)]
    north = rows[0]
    assert get(f"nodes/{NORTH}/epochs")["results"][0] == north
    assert [row["epoch"] for row in get(f"nodes/{NORTH}/epochs")["results"]] == [2, 1]
    assert (north["accepted"], north["good"], north["sla_bps"], north["latency_ms"]) == (10, 10, 10_000, 100)
    assert (north["credits"], north["tier"], north["bonus_bps"]) == (10_000_000, 3, 4_000)
    # All jobs for two of three nodes: 750. Both nodes answered in 100 ms, so neither was faster.
    assert [north[f"q_{term}_bps"] for term in ("latency", "uptime", "stake", "scarcity", "sla")] == [
        0, 1_200, 1_300, 750, 10_000,
    ]  # fmt: skip
    assert north["q_bps"] == 13_250
    assert north["weight"] == str(10_000_000 * 14_000 * 13_250)
    total = sum(int(row["weight"]) for row in rows)
    reward = EMISSION * MICRO * int(north["weight"]) // total
    delegators = reward // 2 * 8_000 // 10_000
    assert north["reward"] == f"{reward // MICRO}.{reward % MICRO:06d}"
    assert north["delegators_reward"] == f"{delegators // MICRO}.{delegators % MICRO:06d}"
    assert (north["honest_reward"], north["slashed"]) == ("0.000000", "0.000000")
    assert (rows[2]["sla_bps"], rows[2]["latency_ms"], rows[2]["weight"]) == (None, None, "0")
    assert get("epochs/3/nodes") == {"results": [], "next": None}
    following = get("epochs/2/nodes", limit=1)["next"]
    assert following.endswith(f"?limit=1&cursor={rows[0]['node'].lower()}")
    assert Client().get(following).json()["results"] == rows[1:2]


def test_a_leaf_is_proved_to_anyone_who_has_the_root(settled: Network, get: Any) -> None:
    settled.settle(worked=[NORTH])
    for number, kinds in ((1, ["reward"]), (3, ["reward", "slash"])):
        proof = get(f"epochs/{number}/proof/{SOUTH}")
        assert proof["root"] == get(f"epochs/{number}")["merkle_root"]
        assert proof["leaf_encoding"] == ["string", "address", "uint256", "uint256"]
        assert [leaf["value"][0] for leaf in proof["leaves"]] == kinds
        for leaf in proof["leaves"]:
            assert leaf["value"][1] == shown(SOUTH)
            assert leaf["value"][3] == number
            assert _climb(leaf) == proof["root"]
    row = next(row for row in get("epochs/3/nodes")["results"] if row["node"] == shown(SOUTH))
    slashed = proof["leaves"][1]["value"][2]
    assert row["slashed"] == f"{slashed // MICRO}.{slashed % MICRO:06d}" == "75.000000"
    assert proof["leaves"][0]["value"][2] == 0


def test_what_is_not_settled_is_not_proved(settled: Network, refused: Any) -> None:
    refused("not_found", f"epochs/3/proof/{NORTH}", 404)
    refused("not_found", f"epochs/2/proof/{ANNA}", 404)
    refused("not_found", f"epochs/9/proof/{NORTH}", 404)
    refused("address_invalid", "epochs/2/proof/0xABC")


def test_rows_that_were_tampered_with_prove_nothing(settled: Network, client: Any) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE staking_nodeepoch SET reward = reward + 1, operator_reward = operator_reward + 1"
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
    with pytest.raises(AssertionError, match="do not have the root"):
        client.get(f"/api/v1/epochs/1/proof/{NORTH}")


@pytest.mark.parametrize(
    "path", ["epochs/9", "epochs/99999999999", "epochs/9/nodes", "epochs/0", "rankings/99"]
)
def test_what_is_not_there_is_not_found(settled: Network, refused: Any, path: str) -> None:
    refused("not_found", path, 404)


def test_the_latest_ranking_is_read_best_first(settled: Network, get: Any) -> None:
    latest = get("rankings/latest")
    assert [(row["rank"], row["node"], row["movement"]) for row in latest["results"]] == [
        (1, shown(NORTH), 0), (2, shown(SOUTH), 0),
    ]  # fmt: skip
    assert latest["results"][0]["score_bps"] == latest["results"][0]["q_bps"] == 13_250
    assert latest["results"][0]["effective_stake"] == "20000.000000"
    assert (latest["epoch"], latest["nodes"], latest["next"]) == (3, 2, None)
    assert latest["computed_at"].startswith("2026-01-07T01:00:0")
    assert latest["next_at"] == "2026-01-07T06:00:00Z"
    former = get(f"rankings/{latest['id'] - 1}")
    assert former["next_at"] is None
    assert former["results"][0]["movement"] is None
    assert [row["id"] for row in get("rankings")["results"]] == [latest["id"], latest["id"] - 1]
    page = get("rankings/latest", limit=1)
    assert page["next"] == f"http://testserver/api/v1/rankings/{latest['id']}?limit=1&cursor=1"
    assert [row["rank"] for row in get("rankings/latest", limit=1, cursor=1)["results"]] == [2]


def test_a_node_has_a_place_in_each_ranking(settled: Network, get: Any) -> None:
    places = get(f"nodes/{NORTH}/rankings")["results"]
    assert [(row["rank"], row["movement"]) for row in places] == [(1, 0), (1, None)]
    assert places[0]["ranking"] == get("rankings/latest")["id"]
    assert places[0]["computed_at"] == get("rankings/latest")["computed_at"]
    assert len(get(f"nodes/{NORTH}/rankings", limit=1, cursor=places[0]["ranking"])["results"]) == 1


def test_there_is_no_ranking_before_the_first(three: Network, refused: Any) -> None:
    refused("not_found", "rankings/latest", 404)


def test_a_slash_is_read_with_its_evidence_and_what_became_of_it(settled: Network, get: Any) -> None:
    [slash] = get("slashes")["results"]
    assert slash == get(f"slashes/{slash['id']}") == get(f"nodes/{SOUTH}/slashes")["results"][0]
    assert get(f"nodes/{NORTH}/slashes")["results"] == []
    expected = {
        "node": shown(SOUTH), "offence": "dropout", "epoch": 2, "status": "pending",
        "self_bps": 1_500, "delegated_bps": 1_500,
        "base_self": "500.000000", "base_delegated": "0.000000",
        "self_at_stake": "75.000000", "delegated_at_stake": "0.000000",
        "disputable_until_epoch": 3, "due_epoch": 3,
        "self_slashed": "0.000000", "delegated_slashed": "0.000000", "slashed": "0.000000",
        "burned": "0.000000", "honest": "0.000000", "returned": "0.000000", "evidence": slash["evidence"],
        "ban": False, "strike": False, "cooldown_until_epoch": None, "tier": 1, "resolved_epoch": None,
    }  # fmt: skip
    assert {name: slash[name] for name in expected} == expected
    assert len(slash["evidence"]) == 1
    node = get(f"nodes/{SOUTH}")
    assert (node["pending_slash"], node["open"], node["penalty_bps"]) == (True, False, 625 + 2_500)
    settled.settle(worked=[NORTH])
    slash = get(f"slashes/{slash['id']}")
    assert (slash["status"], slash["self_slashed"], slash["slashed"]) == (
        "executed",
        "75.000000",
        "75.000000",
    )
    assert (slash["burned"], slash["honest"], slash["returned"]) == ("56.250000", "18.750000", "0.000000")
    assert slash["resolved_epoch"] == 3
    assert get("epochs/3")["burned"] == "56.250000"


def test_slashes_are_filtered_by_node_status_offence_and_epoch(
    settled: Network, get: Any, refused: Any
) -> None:
    for query, count in (
        ({"node": shown(SOUTH)}, 1), ({"node": NORTH}, 0), ({"status": "pending"}, 1), ({"status": "executed"}, 0),
        ({"offence": "dropout"}, 1), ({"offence": "sla_drop"}, 0), ({"epoch": 2}, 1), ({"epoch": 3}, 0),
    ):  # fmt: skip
        assert len(get("slashes", **query)["results"]) == count, query
    refused("invalid", "slashes", status="guilty")
    refused("invalid", "slashes", offence="rudeness")
    refused("invalid", "slashes", epoch="x")
    refused("address_invalid", "slashes", node="0x1")
    refused("not_found", "slashes/99999", 404)
    refused("not_found", f"slashes/{10**30}", 404)


def test_parameters_come_with_bounds_and_history(three: Network, get: Any) -> None:
    now = three.now
    store_parameters(
        version=2,
        params=apply_changes(DEFAULTS, {"emission_per_epoch": "9000"}),
        from_epoch=2,
        proposal=7,
        now=now,
    )
    before = get("parameters")
    assert (before["version"], before["values"]["emission_per_epoch"]) == (1, "10000.000000")
    assert before["bounds"]["epoch_seconds"]["min"] == 60
    assert [row["version"] for row in before["history"]] == [2, 1]
    assert before["history"][0]["changes"] == {
        "emission_per_epoch": {"old": "10000.000000", "new": "9000.000000"}
    }
    assert (before["history"][0]["from_epoch"], before["history"][0]["proposal"]) == (2, 7)
    assert before["history"][1]["changes"] == {}
    three.settle()
    after = get("parameters")
    assert (after["version"], after["values"]["emission_per_epoch"]) == (2, "9000.000000")
    assert after["values"]["tiers"][3]["minimum"] == "10000.000000"
    assert Epoch.objects.get(number=2).parameters_id == 2


def test_parameters_are_the_defaults_before_the_network_starts(db: None, get: Any) -> None:
    answer = get("parameters")
    assert (answer["version"], answer["history"]) == (0, [])
    assert answer["values"]["min_amount"] == "1.000000"
    assert get("nodes") == {"results": [], "next": None}
    assert get("epochs") == {"results": [], "next": None}
    assert get("slashes") == {"results": [], "next": None}


def test_the_journal_is_read_newest_first_and_sums_to_zero(three: Network, get: Any) -> None:
    rows = get("ledger/transactions")["results"]
    assert [row["kind"] for row in rows] == ["faucet", "stake", "faucet", "stake", "faucet"]
    assert sorted(rows[0]["entries"], key=lambda entry: entry["amount"]) == [
        {"account": "issuance", "amount": "-100000.000000"},
        {"account": f"wallet:{shown(ANNA)}", "amount": "100000.000000"},
    ]
    stake = rows[3]
    assert (stake["reference"], stake["actor"], stake["epoch"]) == (shown(NORTH), shown(OLGA), 1)
    page = get("ledger/transactions", limit=2)
    assert page["next"].endswith(f"?limit=2&cursor={rows[1]['id']}")
    assert get("ledger/transactions", limit=2, cursor=rows[1]["id"])["results"] == rows[2:4]


def test_the_journal_is_filtered(three: Network, get: Any, refused: Any) -> None:
    for query, count in (
        ({"kind": "stake"}, 2), ({"kind": "none"}, 0), ({"epoch": 1}, 5), ({"epoch": 2}, 0),
        ({"account": "issuance"}, 3), ({"account": f"stake:{shown(NORTH)}"}, 1), ({"account": "treasury"}, 0),
        ({"account": f"wallet:{OTTO}", "kind": "faucet"}, 1),
    ):  # fmt: skip
        assert len(get("ledger/transactions", **query)["results"]) == count, query
    for query in (
        {"kind": "a b"},
        {"kind": ""},
        {"account": "vault"},
        {"account": "stake:0x1"},
        {"epoch": "-1"},
    ):
        refused("invalid", "ledger/transactions", **query)


def test_an_account_has_a_balance_or_can_never_be(three: Network, get: Any, refused: Any) -> None:
    assert get("ledger/accounts/issuance") == {"name": "issuance", "balance": "-110500.000000"}
    assert get("ledger/accounts/burned")["balance"] == "0.000000"
    assert get(f"ledger/accounts/stake:{shown(NORTH)}") == {
        "name": f"stake:{shown(NORTH)}", "balance": "10000.000000",
    }  # fmt: skip
    assert get(f"ledger/accounts/wallet:{address('ffff')}")["balance"] == "0.000000"
    for name in (
        "vault", "wallet", "wallet:", "wallet:0x12", f"purse:{NORTH}", f"stake:{NORTH}0", "stake:0x" + "5A5b" * 10,
        "%00", "issuance%0A", "Issuance",
    ):  # fmt: skip
        refused("not_found", f"ledger/accounts/{name}", 404)


def test_what_lists_cost_does_not_grow_with_their_rows(settled: Network, get: Any) -> None:
    settled.work(SOUTH, 9)
    settled.work(SOUTH, 1, outcome="dropped")
    settled.settle(worked=[NORTH])
    paths = ("epochs", "epochs/2/nodes", "rankings", "rankings/latest", "slashes", f"nodes/{SOUTH}/slashes",
             "ledger/transactions", f"nodes/{NORTH}/epochs", f"nodes/{NORTH}/rankings")  # fmt: skip

    def cost(path: str, limit: int) -> tuple[int, bool]:
        with CaptureQueriesContext(connection) as queries:
            rows = get(path, limit=limit)["results"]
        return len(queries), len(rows) > 1

    for path in paths:
        one, several = cost(path, 1), cost(path, 200)
        assert (one[0], one[1], several[1]) == (several[0], False, True), path
        assert one[0] <= 6, path


def _climb(leaf: dict[str, Any]) -> str:
    """OpenZeppelin's processProof, written again from its description."""
    kind, node, amount, epoch = leaf["value"]
    text = kind.encode()
    encoded = (
        (128).to_bytes(32, "big") + bytes.fromhex(node[2:]).rjust(32, b"\0") + amount.to_bytes(32, "big")
        + epoch.to_bytes(32, "big") + len(text).to_bytes(32, "big") + text.ljust(32, b"\0")
    )  # fmt: skip
    reached = _keccak(_keccak(encoded))
    for sibling in leaf["proof"]:
        reached = _keccak(b"".join(sorted((reached, bytes.fromhex(sibling[2:])))))
    return "0x" + reached.hex()


def _keccak(data: bytes) -> bytes:
    return keccak.new(data=data, digest_bits=256).digest()
