"""Undelegating, moving, claiming, unbonding, disputing and voting."""

from __future__ import annotations

import json

import pytest


def test_undelegate_sends_all(infra, api, values):
    api.says("POST", f"nodes/{values.BELA}/undelegate", {"transaction": 3})
    result = infra("undelegate --node 0xABCE --amount all")
    assert (result.exit_code, result.stdout) == (0, "Undelegated all of it.\ntransaction  3\n")
    assert api.posts() == [(f"nodes/{values.BELA}/undelegate", {"amount": "all"})]


def test_redelegate_completes_both_ends(infra, api, values):
    api.says("POST", f"nodes/{values.ANNA}/redelegate", {"wallet": values.wallet()}, 201)
    result = infra("redelegate --node 0xABCD... --to 0xABCE... --amount 1250.5")
    assert result.exit_code == 0
    assert result.stdout == (
        f"Recorded: 1,250.5 IFM move to {values.BELA} when this epoch is settled.\navailable  7,500 IFM\n"
    )
    assert api.posts() == [(f"nodes/{values.ANNA}/redelegate", {"to": values.BELA, "amount": "1250.5"})]


def position(address, claimable):
    return {"node": address, "value": "1.000000", "pending": "0.000000", "claimable": claimable}


@pytest.fixture
def earning(api, values):
    """A delegation to Béla's node has earned; Anna's is operated by the caller; a third earned nothing."""
    rows = [position(values.BELA, "0.000001"), position("0x" + "3" * 40, "0.000000")]
    api.says("GET", f"wallets/{values.OWEN}/delegations", values.page(rows))
    for number, address in enumerate([values.BELA, values.ANNA]):
        for action in ("claim", "compound"):
            api.says("POST", f"nodes/{address}/{action}", {"transaction": number})
    return api


@pytest.mark.parametrize(("option", "action"), [("", "claim"), ("--compound", "compound")])
def test_claim_without_a_node_claims_wherever_there_is_something(infra, earning, values, option, action):
    result = infra(f"claim --json {option}")
    assert (result.exit_code, json.loads(result.stdout)) == (0, [{"transaction": 0}, {"transaction": 1}])
    assert earning.posts() == [(f"nodes/{values.BELA}/{action}", {}), (f"nodes/{values.ANNA}/{action}", {})]


def test_an_operated_node_that_earned_nothing_is_no_refusal(infra, earning, values):
    earning.refuses("POST", f"nodes/{values.ANNA}/claim", 409, "nothing_to_claim", "Nothing.")
    result = infra("claim")
    assert (result.exit_code, result.stdout, result.stderr) == (
        0,
        "Claimed the earnings.\ntransaction  0\n",
        "",
    )


def test_one_refusal_does_not_keep_the_others_from_their_claim(infra, earning, values):
    earning.refuses("POST", f"nodes/{values.BELA}/compound", 400, "amount_too_small", "Below the minimum.")
    result = infra("claim --compound")
    assert (result.exit_code, result.stdout) == (1, "Compounded the earnings.\ntransaction  1\n")
    assert result.stderr == f"amount_too_small: Below the minimum. ({values.BELA})\n"


def test_nothing_to_claim_anywhere(infra, api, values):
    api.says("GET", f"wallets/{values.OWEN}/delegations", values.page([]))
    api.says("GET", "nodes", values.page([]))
    result = infra("claim")
    assert (result.exit_code, api.posts()) == (1, [])
    assert result.stderr == "nothing_to_claim: None of your delegations or nodes has earnings to claim.\n"


def test_claim_from_one_node(infra, earning, values):
    result = infra("claim --node 0xABCE")
    assert (result.exit_code, result.stdout) == (0, "Claimed the earnings.\ntransaction  0\n")
    assert earning.posts() == [(f"nodes/{values.BELA}/claim", {})]


def test_a_dry_claim_lists_its_requests(infra, earning, values):
    requests = json.loads(infra("claim --dry-run --json").stdout)
    assert [request["url"].rpartition("/v1/")[2] for request in requests] == [
        f"nodes/{values.BELA}/claim",
        f"nodes/{values.ANNA}/claim",
    ]
    assert earning.posts() == []


def entry(number, values, **changed):
    return {
        "id": number, "node": values.ANNA, "kind": "self", "amount": "1000.000000", "epoch": 3,
        "matures_at": "2026-11-30T12:00:00Z", "status": "open", "held": False, **changed,
    }  # fmt: skip


def test_unbonding_lists_entries(infra, api, values):
    rows = [entry(5, values), entry(12, values, kind="delegated", amount="0.500000", held=True)]
    api.says("GET", f"wallets/{values.OWEN}/unbondings", values.page(rows))
    assert infra("unbonding").stdout == (
        "id  node                                        kind       amount  epoch  matures            "
        "      status  held\n"
        " 5  0xABcD000000000000000000000000000000000001  self        1,000      3"
        "  2026-11-30 12:00:00 UTC  open\n"
        "12  0xABcD000000000000000000000000000000000001  delegated     0.5      3"
        "  2026-11-30 12:00:00 UTC  open"
        "    by a slash\n"
    )
    assert json.loads(infra("unbonding --json").stdout) == values.page(rows)


def test_nothing_is_unbonding(infra, api, values):
    api.says("GET", f"wallets/{values.OWEN}/unbondings", values.page([]))
    assert infra("unbonding").stdout == "Nothing is unbonding.\n"


@pytest.mark.parametrize(("action", "done"), [("cancel", "Cancelled"), ("withdraw", "Withdrew")])
def test_an_unbonding_is_cancelled_or_withdrawn(infra, api, action, done):
    api.says("POST", f"unbondings/5/{action}", {"transaction": 9})
    result = infra(f"unbonding --{action} 5")
    assert (result.exit_code, result.stdout) == (0, f"{done} unbonding 5.\ntransaction  9\n")
    assert api.posts() == [(f"unbondings/5/{action}", {})]


def slash(values, **changed):
    return {
        "id": 4, "node": values.ANNA, "offence": "invalid_proof", "epoch": 5, "status": "pending",
        "self_bps": 2500, "delegated_bps": 2500, "base_self": "1000.000001", "base_delegated": "4000.000000",
        "disputable_until_epoch": 6, "slashed": "0.000000", "evidence": [], **changed,
    }  # fmt: skip


def test_slashes_show_what_is_at_stake(infra, api, values):
    rows = [slash(values), slash(values, id=3, status="executed", slashed="1250.000000")]
    api.says("GET", "slashes", values.page(rows))
    assert infra("slashes").stdout == (
        "id  node                                        offence        epoch  status    at stake  slashed"
        "  disputable until epoch\n"
        " 4  0xABcD000000000000000000000000000000000001  invalid_proof      5  pending      1,250        0"
        "                       6\n"
        " 3  0xABcD000000000000000000000000000000000001  invalid_proof      5  executed         –    1,250"
        "                       6\n"
    )


def test_slashes_of_one_node(infra, api, values):
    api.says("GET", f"nodes/{values.ANNA}/slashes", values.page([]))
    assert infra("slashes --node 0xABCD").stdout == "No slashes.\n"


def test_a_slash_is_disputed(infra, api):
    api.says("POST", "slashes/4/dispute", {"transaction": 8, "dispute": {"id": 2, "closes_epoch": 7}}, 201)
    result = infra("dispute 4 --reason", "The trace was re-executed on a broken GPU.")
    assert result.exit_code == 0
    assert result.stdout == (
        "Disputed slash 4 as dispute 2, voted until the end of epoch 7.\ntransaction  8\n"
    )
    assert api.posts() == [("slashes/4/dispute", {"reason": "The trace was re-executed on a broken GPU."})]


@pytest.mark.parametrize("choice", ["uphold", "overturn", "abstain"])
def test_a_vote_is_sent_and_confirmed(infra, api, choice):
    api.says("POST", "disputes/2/vote", {"id": 2})
    result = infra(f"vote 2 {choice}")
    assert (result.exit_code, result.stdout) == (0, f"Voted {choice} in dispute 2.\n")
    assert api.posts() == [("disputes/2/vote", {"choice": choice})]


def test_a_vote_with_a_reason(infra, api):
    api.says("POST", "disputes/2/vote", {"id": 2})
    assert json.loads(infra("vote 2 uphold --reason clear --json").stdout) == {"id": 2}
    assert api.posts() == [("disputes/2/vote", {"choice": "uphold", "reason": "clear"})]
