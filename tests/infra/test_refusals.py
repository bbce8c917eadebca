"""Refusals: message and exit status."""

from __future__ import annotations

import json

import pytest


@pytest.mark.parametrize(
    "amount", ["1.2345678", "1e3", "-1", "+1", "1,000", "", "NaN", "٣", ".5", "5.", "1 ", "0x10"]
)
def test_an_amount_that_is_none_is_not_sent(infra, api, amount):
    result = infra("stake --node 0xABCD --amount", amount)
    assert result.exit_code == 1
    assert result.stderr == (
        f"amount_invalid: {amount!r} is not an amount: write IFM as 1500 or 0.25, at most 6 decimals.\n"
    )
    assert api.requests == []


@pytest.mark.parametrize("command", ["stake", "delegate", "redelegate --to 0xABCE"])
def test_all_is_an_amount_only_for_what_leaves(infra, api, command):
    result = infra(f"{command} --node 0xABCD --amount all")
    assert (result.exit_code, result.stderr.partition(":")[0], api.posts()) == (1, "amount_invalid", [])


def test_the_apis_refusal_is_code_and_sentence(infra, api, values):
    api.refuses(
        "POST", f"nodes/{values.BELA}/stake", 403, "not_operator", "Only the operator may stake here."
    )
    result = infra("stake --node 0xABCE --amount 1")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "not_operator: Only the operator may stake here.\n"


def test_with_json_the_problem_is_on_stdout_as_well(infra, api, values):
    api.refuses(
        "POST", f"nodes/{values.BELA}/stake", 403, "not_operator", "Only the operator may stake here."
    )
    result = infra("stake --node 0xABCE --amount 1 --json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["code"] == "not_operator"
    assert result.stderr == "not_operator: Only the operator may stake here.\n"


def test_fields_that_fail_are_named(infra, api, values):
    errors = [{"field": "reason", "code": "invalid", "detail": "Too long."}]
    api.refuses("POST", "slashes/4/dispute", 400, "invalid", "The request is not valid.", errors=errors)
    result = infra("dispute 4 --reason x")
    assert result.stderr == "invalid: The request is not valid.\n  reason: Too long.\n"


def test_a_throttle_says_when_to_come_again(infra, api):
    api.refuses("GET", "epochs", 429, "rate_limited", "Too many requests.")
    result = infra("epochs")
    assert (result.exit_code, result.stderr) == (1, "rate_limited: Too many requests. Try again in 7 s.\n")


def test_an_ambiguous_prefix_gives_the_candidates(infra, api, values):
    result = infra("delegate --node 0xABC --amount 5")
    assert (result.exit_code, result.stdout, api.posts()) == (1, "", [])
    assert result.stderr == (
        "ambiguous: 0xABC fits 2 nodes; type more of the address:\n"
        f"  {values.ANNA}  Anna\n"
        f"  {values.BELA}  Béla\n"
    )


def test_only_the_first_ten_candidates_are_listed(infra, api, values):
    rows = [values.node(f"0xAB{number:038x}", f"n{number}") for number in range(13)]
    api.says("GET", "nodes", values.page(rows))
    result = infra("status --node 0xAB")
    lines = result.stderr.splitlines()
    assert (len(lines), lines[0], lines[-1]) == (
        12, "ambiguous: 0xAB fits 13 nodes; type more of the address:", "  and 3 more",
    )  # fmt: skip


def test_a_name_that_holds_the_prefix_is_no_candidate(infra, api, values):
    api.says(
        "GET", "nodes", values.page([values.node(values.BELA, "0xabcd"), values.node(values.ANNA, "Anna")])
    )
    api.says("GET", f"nodes/{values.ANNA}", values.node(values.ANNA, "Anna"))
    assert infra("status --node 0xabcd --json").exit_code == 0


def test_an_unknown_prefix_is_refused(infra, api):
    result = infra("stake --node 0xFFFF --amount 5")
    assert (result.exit_code, result.stderr) == (1, "not_found: No node begins with 0xFFFF.\n")


@pytest.mark.parametrize("typed", ["anna", "0x", "ABCD", "0xABCG", "0x" + "a" * 41, "..."])
def test_what_cannot_be_an_address(infra, api, typed):
    result = infra("stake --amount 5 --node", typed)
    assert result.exit_code == 1
    assert (
        result.stderr
        == f"address_invalid: {typed!r} is not an address (0x and hex digits) or its beginning.\n"
    )
    assert api.requests == []


def test_a_whole_address_is_judged_by_the_network_alone(infra, api, values):
    wrong = values.ANNA.replace("ABcD", "abCd")
    api.refuses("POST", f"nodes/{wrong}/stake", 400, "address_invalid", "The checksum is wrong.")
    result = infra(f"stake --amount 5 --node {wrong}")
    assert (result.exit_code, result.stderr) == (1, "address_invalid: The checksum is wrong.\n")
    assert [request.method for request in api.requests] == ["POST"]


@pytest.mark.parametrize(
    "line",
    [
        "stake --amount 5",
        "stake --node 0xABCD",
        "delegate",
        "delegate --node 0xABCD",
        "delegate --list --node 0xABCD --amount 1",
        "unbonding --cancel 1 --withdraw 2",
        "unbonding --cancel ../nodes",
        "unbonding --withdraw one",
        "vote 4 maybe",
        "vote 4",
        "vote four uphold",
        "dispute 4",
        "dispute 0 --reason x",
        "epochs eleven",
        "nodes --sort beauty",
        "nodes --url ftp://x",
        "login --key /nowhere",
        "dance",
    ],
)
def test_wrong_usage_is_status_two_and_sends_nothing(infra, api, line):
    result = infra(line)
    assert (result.exit_code, result.stdout, api.requests) == (2, "", [])
    assert result.stderr


def test_without_a_sign_in_nothing_is_sent(bare, api):
    result = bare(f"stake --node 0xABCD --amount 5 --url {api.url}")
    assert (result.exit_code, api.posts()) == (1, [])
    assert result.stderr == f"unauthenticated: Not signed in to {api.url}: run `infra login --key FILE`.\n"


def test_words_from_elsewhere_cannot_drive_the_terminal(infra, api, values):
    api.says("GET", "nodes", values.page([values.node(values.ANNA, "\x1b[2J[red]x\x9b")]))
    listed = infra("nodes")
    assert "�[2J[red]x�" in listed.stdout
    assert "\x1b" not in listed.stdout
    api.refuses("GET", "epochs", 400, "invalid", "no \x1b]0;title\x07")
    assert infra("epochs").stderr == "invalid: no �]0;title�\n"
