"""The commands of the source text, typed as they stand there."""

from __future__ import annotations

import json

import pytest


def money(values, **made):
    return {"transaction": 17, "wallet": values.wallet(), "node": values.node(values.ANNA, "Anna"), **made}


REPORT = """\
node         0xABcD000000000000000000000000000000000001
stake        2,400.5 IFM, tier 2
available    7,500 IFM
transaction  17
"""


def test_stake_completes_the_prefix_and_sends_the_amount(infra, api, values):
    api.says("POST", f"nodes/{values.ANNA}/stake", money(values))
    result = infra("stake --node 0xABCD... --amount 2000")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "Staked 2,000 IFM.\n" + REPORT, "")
    assert api.posts() == [(f"nodes/{values.ANNA}/stake", {"amount": "2000"})]
    assert api.requests[-1].rights == f"Bearer {values.TOKEN}"


def test_status_stake_shows_the_wallet_and_the_nodes_it_operates(infra, values):
    result = infra("status --stake")
    assert result.exit_code == 0
    assert result.stdout == (
        "wallet        0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf\n"
        "total         10,000 IFM\n"
        "available     7,500 IFM\n"
        "staked        2,000 IFM\n"
        "delegated     500 IFM\n"
        "unbonding     0 IFM\n"
        "claimable     12.345678 IFM\n"
        "voting power  2,500\n"
        "\n"
        "node                                        name  status  tier  self stake  delegated"
        "  effective  pending"
        "  unbonding\n"
        "0xABcD000000000000000000000000000000000001  Anna  active     2       2,000      400.5  "
        "  2,400.5        0"
        "          0\n"
    )


def test_delegate_with_the_ellipsis_of_the_text(infra, api, values):
    api.says("POST", f"nodes/{values.ANNA}/delegate", money(values, delegation={}), 201)
    result = infra("delegate --node 0xABCD… --amount 1500")
    assert (result.exit_code, result.stdout) == (0, "Delegated 1,500 IFM.\n" + REPORT)
    assert api.posts() == [(f"nodes/{values.ANNA}/delegate", {"amount": "1500"})]


def test_delegate_lists_positions(infra, api, values):
    position = {
        "node": values.BELA, "shares": "500000000", "value": "499.999999", "pending": "0.000000",
        "claimable": "1.500000", "liable_slashes": [4],
    }  # fmt: skip
    api.says("GET", f"wallets/{values.OWEN}/delegations", values.page([position]))
    result = infra("delegate --list")
    assert result.exit_code == 0
    assert result.stdout == (
        "node                                             value  pending  claimable"
        "  slashes that can reach it\n"
        "0xABCe000000000000000000000000000000000002  499.999999        0        1.5                   "
        "       1\n"
    )


def test_unstake_shows_when_the_tokens_are_free(infra, api, values):
    entry = {
        "id": 5, "node": values.ANNA, "kind": "self", "amount": "1000.000000", "epoch": 3,
        "matures_at": "2026-11-30T12:00:05Z", "status": "open", "held": False,
    }  # fmt: skip
    api.says("POST", f"nodes/{values.ANNA}/unstake", money(values, unbonding=entry))
    result = infra("unstake --node 0xABCD... --amount 1000")
    assert result.exit_code == 0
    assert result.stdout == (
        "Unstaked 1,000 IFM.\n"
        "node         0xABcD000000000000000000000000000000000001\n"
        "stake        2,400.5 IFM, tier 2\n"
        "unbonding    5: 1,000 IFM, open\n"
        "matures      2026-11-30 12:00:05 UTC\n"
        "available    7,500 IFM\n"
        "transaction  17\n"
    )


@pytest.mark.parametrize(
    "line", ["stake --node 0xABCD... --amount 2000 --json", "--json stake --node 0xabcd --amount 2000"]
)
def test_json_is_the_answer_itself(infra, api, values, line):
    api.says("POST", f"nodes/{values.ANNA}/stake", money(values))
    result = infra(line)
    assert (result.exit_code, json.loads(result.stdout)) == (0, money(values))
