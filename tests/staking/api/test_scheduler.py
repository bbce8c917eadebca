"""Eligible nodes, their weights, and draws that anyone can verify (R50)."""

from __future__ import annotations

from typing import Any

import pytest
from Crypto.Hash import keccak
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from protocol.amounts import MICRO
from staking.models import RankingRow
from staking.services import nodes, rankings, stakes
from tests.network import Network
from tests.shared_rows import shared
from tests.wallets import ANNA, EAST, NORTH, OLGA, OTTO, SOUTH, Caller, address, shown

WEST = address("0c04")
NAMES = {NORTH: "north", SOUTH: "south", EAST: "east", WEST: "west"}


@shared
def ranked(three: Network) -> Network:
    """North (tier 3, trusted hardware), West (tier 2), South (tier 1) and East (tier 0) after a ranking."""
    three.node(WEST, ANNA, 2_000, region="eu-west")
    three.fund(OLGA, 1)
    three.stake(EAST, 1)
    three.settle()
    rankings.rank(now=three.now)
    return three


def rows(get: Any, job_class: str = "cpu", **query: Any) -> list[tuple[Any, ...]]:
    """(name, tier, score, weight) of each eligible node."""
    nodes = get("scheduler/nodes", job_class=job_class, **query)["results"]
    return [(NAMES[one["node"].lower()], one["tier"], one["score_bps"], one["weight"]) for one in nodes]


def names(get: Any, job_class: str = "cpu", **query: Any) -> list[str]:
    return [row[0] for row in rows(get, job_class, **query)]


def post(path: str, **body: Any) -> Any:
    return Client().post(f"/api/v1/scheduler/{path}", body, "application/json")


def test_the_eligible_are_read_best_first_with_their_weights(ranked: Network, get: Any) -> None:
    ranking = get("rankings/latest")["id"]
    assert get("scheduler/nodes", job_class="zkml", limit=1) == {
        "results": [
            {"node": shown(NORTH), "tier": 3, "score_bps": 11_200, "weight": 11_200, "region": "eu-west"},
        ],
        "next": f"http://testserver/api/v1/scheduler/nodes?job_class=zkml&limit=1&cursor={ranking}.1",
    }
    # Nobody worked, so Q is 10,000 and the uptime's 1,200; the ties go by stake.
    assert [row[:2] for row in rows(get)] == [("north", 3), ("west", 2), ("south", 1), ("east", 0)]
    assert {row[2:] for row in rows(get)} == {(11_200, 11_200)}
    assert names(get, "gpu") == ["north", "west", "south"]
    assert names(get, "dag", offset=1) == ["west"]
    assert names(get, "coordinated") == names(get, "tee") == ["north"]


def test_weights_are_multiplied_first_and_floored_once(ranked: Network, get: Any) -> None:
    RankingRow.objects.filter(node__address=NORTH).update(score_bps=12_347, degraded=True)
    stakes.unstake(node=NORTH, amount=1 * MICRO, actor=OLGA, now=ranked.now)
    weights = {region: rows(get, region=region)[0][3] for region in ("eu-west", "us-east", "atlantis")}
    assert weights == {"eu-west": 12_347 * 5 // 32, "us-east": 12_347 // 8, "atlantis": 12_347 // 8}
    assert weights["eu-west"] == 1_929, "halving and quartering first would lose one"
    assert [row[3] for row in rows(get, region="us-east")] == [1_543, 11_200, 14_000, 11_200]
    assert [row[3] for row in rows(get)] == [1_543, 11_200, 11_200, 11_200]


def test_a_delegator_who_leaves_costs_the_node_no_weight(ranked: Network, get: Any) -> None:
    """Only its operator's unbonding halves it (R16)."""
    for act in ("delegate", "undelegate"):
        assert Caller(ANNA).post(f"nodes/{SOUTH}/{act}", {"amount": "10"}).status_code == 201
    assert rows(get, "gpu")[2] == ("south", 1, 11_200, 11_200)
    assert get(f"nodes/{SOUTH}")["operator_unbonding"] is False


def test_what_opens_and_closes_a_class_counts_at_once(ranked: Network, get: Any) -> None:
    assert names(get, "tee") == ["north"]
    [entry] = [stakes.unstake(node=NORTH, amount=1 * MICRO, actor=OLGA, now=ranked.now).unbonding]
    assert (names(get, "tee"), rows(get, "zkml")[0]) == ([], ("north", 2, 11_200, 5_600))
    Caller(OLGA).post(f"unbondings/{entry.pk}/cancel")  # type: ignore[union-attr]
    assert rows(get, "tee") == [("north", 3, 11_200, 11_200)]
    nodes.change(node=NORTH, actor=OLGA, changes={"hardware": {"tee": False}}, now=ranked.now)
    assert (names(get, "tee"), names(get, "coordinated")) == ([], ["north"])
    Caller(ANNA).post(f"nodes/{SOUTH}/delegate", {"amount": "1500"})
    assert names(get, "dag") == ["north", "west", "south"]
    nodes.change(node=WEST, actor=ANNA, changes={"status": "retired"}, now=ranked.now)
    assert names(get, "dag") == ["north", "south"]


@pytest.mark.parametrize(
    ("declared", "trusted"),
    [
        (True, True),
        (1, True),
        ("sev-snp", True),
        (False, False),
        (0, False),
        ("", False),
        ("False", False),
        ("no", False),
        (None, False),
    ],
)
def test_trusted_jobs_need_the_declared_capability(
    ranked: Network, get: Any, declared: Any, trusted: bool
) -> None:
    hardware = {} if declared is None else {"tee": declared}
    nodes.change(node=NORTH, actor=OLGA, changes={"hardware": hardware}, now=ranked.now)
    assert names(get, "tee") == ["north"] * trusted
    rows = get("nodes", job_class="tee")["results"]
    assert [node["address"] for node in rows] == [shown(NORTH)] * trusted


def test_slashed_nodes_are_gone_with_the_settlement(ranked: Network, get: Any) -> None:
    ranked.work(NORTH, 9)
    ranked.work(NORTH, 1, proof="forged")
    ranked.work(SOUTH, 9)
    ranked.work(SOUTH, 1, proof="invalid")
    ranked.settle()
    assert names(get) == ["west", "east"], "banned and in cooldown"
    assert get(f"nodes/{NORTH}")["status"] == "banned"
    south = get(f"nodes/{SOUTH}")
    assert (south["status"], south["cooldown_until_epoch"]) == ("cooldown", 6)
    assert get("nodes", status="cooldown")["results"][0]["address"] == shown(SOUTH)


def test_a_node_is_eligible_once_it_is_ranked(ranked: Network, get: Any) -> None:
    late = address("0c05")
    ranked.node(late, OTTO, 20_000)
    NAMES[late] = "late"
    assert names(get) == ["north", "west", "south", "east"]
    rankings.rank(now=ranked.now)
    assert names(get) == ["north", "west", "south", "east", "late"], (
        "its Q is 10,000: it has no settled epoch"
    )


def test_questions_that_cannot_be_meant_are_refused(ranked: Network, refused: Any) -> None:
    refused("invalid", "scheduler/nodes")
    for query in (
        {"job_class": "alchemy"}, {"job_class": ""}, {"region": "eu west"}, {"region": "\x00"}, {"limit": "0"},
        {"limit": "201"}, {"limit": "many"}, {"offset": "-1"},
    ):  # fmt: skip
        refused("invalid", "scheduler/nodes", **{"job_class": "cpu", **query})


def test_a_node_without_stake_and_recent_receipts_is_not_eligible(three: Network, get: Any) -> None:
    rankings.rank(now=three.now)
    assert names(get) == ["north", "south"]
    three.work(EAST, 1)
    rankings.rank(now=three.now)
    assert sorted(names(get)) == ["east", "north", "south"]


def test_nobody_is_eligible_before_the_first_ranking(three: Network, get: Any) -> None:
    assert get("scheduler/nodes", job_class="cpu") == {"results": [], "next": None}
    answer = post("assignments", job_id="job-1", job_class="cpu")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("region", ["us-east", "eu-west", None])
def test_anyone_can_draw_again(ranked: Network, get: Any, region: str | None) -> None:
    stakes.unstake(node=WEST, amount=1 * MICRO, actor=ANNA, now=ranked.now)
    where = {} if region is None else {"region": region}
    field = get("scheduler/nodes", job_class="gpu", **where)["results"]
    ranking = get("rankings/latest")["id"]
    total = sum(one["weight"] for one in field)
    drawn = set()
    for number in range(40):
        job = f"job-{number}"
        answer = post("assignments", job_id=job, job_class="gpu", **where)
        assert answer.status_code == 200
        body = answer.json()
        assert body["draw"] == int.from_bytes(_keccak(f"{ranking}:{job}".encode()), "big") % total
        assert (body["ranking"], body["total_weight"]) == (ranking, total)
        assert body["node"] == _walk(field, body["draw"])
        drawn.add(body["node"])
    assert len(drawn) == 3
    assert post("assignments", job_id="job-0", job_class="gpu", **where).json()["draw"] < total


def test_a_quorum_has_distinct_operators_and_one_leader(ranked: Network, get: Any) -> None:
    other = address("0c06")
    ranked.node(other, OTTO, 10_000)
    rankings.rank(now=ranked.now)
    for number in range(20):
        body = post("quorums", job_id=f"job-{number}", size=3, job_class="cpu").json()
        assert body["members"][0] == body["coordinator"]
        assert body["coordinator"] in (shown(NORTH), shown(other)), "tier 3"
        assert sorted(body["members"]) == sorted([shown(NORTH), shown(other), shown(WEST)])
        again = post("quorums", job_id=f"job-{number}", size=3, job_class="cpu", region="atlantis").json()
        assert again == body, "a region in which nobody is weighs for nobody"
    stakes.unstake(node=other, amount=1_000 * MICRO, actor=OTTO, now=ranked.now)
    Caller(ANNA).post(f"nodes/{other}/delegate", {"amount": "1000"})
    body = post("quorums", job_id="job-0", size=2, job_class="cpu").json()
    assert body["coordinator"] == shown(NORTH), "whoever is unbonding does not lead"
    assert body["ranking"] == get("rankings/latest")["id"]
    for size in (4, 100):
        answer = post("quorums", job_id="job-0", size=size, job_class="cpu")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_drawings_that_cannot_be_meant_are_refused(ranked: Network) -> None:
    good: dict[str, Any] = {"job_id": "job-1", "job_class": "cpu", "region": "eu-west", "size": 1}
    for wrong in (
        {"job_id": ""}, {"job_id": "x" * 65}, {"job_id": 5}, {"job_id": None}, {"job_id": "a\nb"},
        {"job_class": "alchemy"}, {"job_class": None}, {"job_class": ["cpu"]}, {"region": "eu west"}, {"region": 7},
        {"size": 0}, {"size": -1}, {"size": 101}, {"size": "3"}, {"size": 1.0}, {"size": True}, {"size": None},
    ):  # fmt: skip
        answer = post("quorums", **{**good, **wrong})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid"), wrong
        assert answer.json()["errors"][0]["field"] == next(iter(wrong)), wrong
    assert post("quorums", **{**good, "job_id": "a\x00b"}).status_code == 400
    for missing in ("job_id", "job_class", "size"):
        answer = post("quorums", **{name: value for name, value in good.items() if name != missing})
        assert answer.json()["errors"][0]["field"] == missing
    assert post("assignments", **good).status_code == 200


def test_a_cached_answer_costs_one_query(ranked: Network) -> None:
    client = Client()
    path = "/api/v1/scheduler/nodes?job_class=cpu&region=eu-west"
    first = client.get(path)
    with CaptureQueriesContext(connection) as queries:
        again = client.get(path, headers={"If-None-Match": "W/" + first.headers["ETag"]})
    assert (len(queries), again.status_code) == (1, 304)
    post("assignments", job_id="job-1", job_class="cpu")
    with CaptureQueriesContext(connection) as queries:
        post("assignments", job_id="job-2", job_class="cpu")
    assert len(queries) <= 2


def _walk(field: list[dict[str, Any]], drawn: int) -> str:
    for one in field:
        if drawn < one["weight"]:
            return str(one["node"])
        drawn -= one["weight"]
    raise AssertionError("beyond the last")


def _keccak(data: bytes) -> bytes:
    return keccak.new(data=data, digest_bits=256).digest()
