"""`infra plan`: a spread over nodes, its figures, and the commands that make it."""

from __future__ import annotations

import json
from typing import Any

import pytest

ANNA = "0xABcD000000000000000000000000000000000001"
BELA = "0xABCe000000000000000000000000000000000002"


def spread(*parts: tuple[str, str], left: str = "0.000000") -> dict[str, Any]:
    return {
        "parts": [
            {
                "node": node, "name": f"Node {node[-1]}", "operator": BELA, "region": "eu-west", "amount": amount,
                "expected_per_epoch": "1.250000", "expected_apr_bps": 912, "operator_unbonding": node == BELA,
            }
            for node, amount in parts
        ],
        "left": left, "expected_per_epoch": "2.500000", "expected_apr_bps": 912,
        "worst_event": {"kind": "region", "name": "eu-west", "loss": "112.500000"},
        "replay": {"epochs": 30, "earned": "75.000000", "lost": "0.000000"},
    }  # fmt: skip


def answer() -> dict[str, Any]:
    return {
        **spread((ANNA, "600.000000"), (BELA, "400.500000")),
        "amount": "1000.500000",
        "risk_bps": 1250,
        "all_on_first": spread((ANNA, "1000.500000")),
    }


def test_plan_shows_the_spread_beside_all_on_the_first_and_its_commands(infra, api):
    api.says("GET", "plan", answer())
    result = infra("plan --amount 1000.5 --risk 12.5")
    assert result.exit_code == 0
    assert result.stderr == (
        f"warning: the operator of {BELA} is unbonding own stake: you could not redelegate from it\n"
    )
    assert "Plan: 2.5 IFM per epoch expected, worst event 112.5 IFM (region eu-west)" in result.stdout
    assert "All on the first: " in result.stdout
    assert f"infra delegate --node {ANNA} --amount 600\n" in result.stdout
    assert f"infra delegate --node {BELA} --amount 400.5\n" in result.stdout


def test_plan_is_one_for_the_wallet_that_is_signed_in(infra, api, values):
    api.says("GET", "plan", answer())
    assert infra("plan --amount 1000.5 --risk 12.5").exit_code == 0
    assert api.requests[-1].query == {"amount": "1000.5", "risk_bps": "1250", "wallet": values.OWEN}


def test_plan_with_a_token_that_expired_is_for_nobody_and_says_so(infra, api):
    api.says("GET", "plan", answer())
    api.refuses("GET", "me", 401, "unauthenticated", "The token has expired.")
    result = infra("plan --amount 1000.5 --risk 12.5")
    assert result.exit_code == 0
    assert (
        "warning: the plan is not for your wallet: unauthenticated: The token has expired.\n" in result.stderr
    )
    assert api.requests[-1].query == {"amount": "1000.5", "risk_bps": "1250"}


def test_plan_of_somebody_who_is_not_signed_in_names_no_wallet(bare, api):
    api.says("GET", "plan", answer())
    assert bare("plan --amount 1000.5 --risk 12.5", "--url", api.url).exit_code == 0
    assert api.requests[-1].query == {"amount": "1000.5", "risk_bps": "1250"}


def test_plan_prints_the_answer_as_json(infra, api):
    api.says("GET", "plan", answer())
    assert json.loads(infra("plan --amount 1000.5 --json").stdout) == answer()
    assert api.requests[-1].query["risk_bps"] == "1500"


@pytest.mark.parametrize("risk", ["0", "101", "x", "1.234", "-5"])
def test_plan_refuses_a_limit_that_is_no_percentage(infra, api, risk):
    result = infra(f"plan --amount 10 --risk={risk}")
    assert result.exit_code == 2
    assert not api.requests


def test_plan_passes_on_what_the_network_refuses(infra, api):
    api.refuses("GET", "plan", 400, "amount_too_small", "Enter at least 1 IFM.")
    result = infra("plan --amount 0.1")
    assert result.exit_code == 1
    assert "amount_too_small" in result.stderr
