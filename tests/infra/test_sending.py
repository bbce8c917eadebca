"""Retries, keys, dry runs and pages."""

from __future__ import annotations

import json
import socket

import pytest

from infra import client


@pytest.fixture
def staking(api, values):
    api.says("POST", f"nodes/{values.ANNA}/stake", {"transaction": 17})
    return f"stake --node {values.ANNA} --amount 5 --json"


def test_a_cut_connection_is_tried_again_under_the_same_key_and_acts_once(infra, api, staking):
    api.troubles = ["cut", "cut"]
    result = infra(staking)
    assert (result.exit_code, json.loads(result.stdout)) == (0, {"transaction": 17})
    assert len(api.requests) == 3
    assert len({request.key for request in api.requests}) == len(api.actions) == 1


def test_every_run_has_a_key_of_its_own(infra, api, staking):
    infra(staking)
    infra(staking)
    assert len({request.key for request in api.requests}) == 2


def test_a_given_key_repeats_an_earlier_run(infra, api, staking):
    infra(f"{staking} --idempotency-key mine")
    infra(f"{staking} --idempotency-key mine")
    assert [request.key for request in api.requests] == ["mine", "mine"]
    assert len(api.actions) == 1


def test_a_gateway_that_is_away_is_tried_again(infra, api, staking):
    api.troubles = [502, 503, 504]
    assert infra(staking).exit_code == 0
    assert len(api.requests) == 4


def test_tries_end_and_the_sentence_says_how_to_repeat_safely(infra, api, staking):
    api.troubles = ["cut"] * client.ATTEMPTS
    result = infra(f"{staking} --idempotency-key mine")
    assert (result.exit_code, result.stdout, len(api.requests)) == (1, "", client.ATTEMPTS)
    assert result.stderr.startswith(f"unreachable: No answer from {api.url} (")
    assert result.stderr.endswith(
        "The action may have been executed: repeat it safely with --idempotency-key mine.\n"
    )


def test_a_refusal_is_not_tried_again(infra, api, values, staking):
    api.refuses("POST", f"nodes/{values.ANNA}/stake", 409, "node_banned", "The node is banned.")
    assert infra(staking).exit_code == 1
    assert len(api.requests) == 1


def test_a_network_that_is_down_is_named(infra):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        result = infra(f"rank --url {url}")
    assert result.exit_code == 1
    assert result.stderr == (
        f"unreachable: No answer from {url} ([Errno 111] Connection refused). "
        "Check --url, and that the network is up.\n"
    )


def test_an_answer_that_is_no_api(infra, api):
    api.troubles = [500]
    result = infra("rank")
    assert (result.exit_code, result.stderr) == (
        1,
        f"bad_answer: {api.url}/api/v1/rankings/latest?limit=50 answered 500 and not as an InfraMind API does. "
        "Check --url.\n",
    )


def test_a_dry_run_shows_the_request_and_sends_none(bare, api, values):
    result = bare(f"--url {api.url} stake --node 0xABCD --amount 2000 --dry-run --idempotency-key mine")
    assert (result.exit_code, api.posts()) == (0, [])
    assert result.stdout == (
        f"would send       POST {api.url}/api/v1/nodes/{values.ANNA}/stake\n"
        "body             amount=2000\n"
        "idempotency key  mine\n"
    )


def test_a_dry_run_in_json(infra, api, values):
    result = infra(
        "redelegate --node 0xABCD --to 0xABCE --amount 0.5 --dry-run --json --idempotency-key mine"
    )
    assert json.loads(result.stdout) == {
        "method": "POST",
        "url": f"{api.url}/api/v1/nodes/{values.ANNA}/redelegate",
        "idempotency_key": "mine",
        "body": {"to": values.BELA, "amount": "0.5"},
    }
    assert api.posts() == []


def test_pages_are_followed_on_the_same_address_and_without_the_token(infra, api, values):
    rows = [{"rank": n} for n in range(3)]

    def slashes(request):
        second = request.query.get("cursor") == "b=="
        following = None if second else "https://elsewhere.example/api/v1/slashes?cursor=b%3D%3D&limit=2"
        return {"results": rows[2:] if second else rows[:2], "next": following}

    api.says("GET", "slashes", slashes)
    answer = json.loads(infra("slashes --json").stdout)
    assert answer == {"results": rows, "next": None}
    assert [request.query for request in api.requests] == [{"limit": "50"}, {"cursor": "b==", "limit": "48"}]
    assert {request.rights for request in api.requests} == {None}


def test_a_list_ends_at_its_limit(infra, api, values):
    api.says("GET", "nodes", {"results": [values.node(values.ANNA, "Anna")], "next": "http://x/?offset=1"})
    result = infra("nodes --limit 1")
    assert result.stdout.splitlines()[-1] == "The first 1; --limit shows more."
    assert len(api.requests) == 1


def test_the_filters_of_the_list(infra, api):
    infra("nodes --tier 2 --region eu-north --job-class zkml --open --sort -stake")
    assert api.requests[0].query == {
        "tier": "2", "region": "eu-north", "job_class": "zkml", "open": "true", "ordering": "-stake",
        "limit": "50",
    }  # fmt: skip
