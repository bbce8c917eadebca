"""`infra represent`: name representatives, take them back, show them."""

from __future__ import annotations

import json
from typing import Any

BELA = "0xABCe000000000000000000000000000000000002"
NOBODY = {"power": "0.000000", "wallets": 0}


def answer(**changed: Any) -> dict[str, Any]:
    return {
        "wallet": "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
        "disputes": None,
        "proposals": None,
        "from_epoch": {"disputes": None, "proposals": None},
        "in_force": {"disputes": None, "proposals": None},
        "represents": {"disputes": NOBODY, "proposals": NOBODY},
        **changed,
    }


def test_represent_names_and_takes_back(infra, api):
    named = answer(disputes=BELA, from_epoch={"disputes": 9, "proposals": None})
    api.says("POST", "representatives", named)
    result = infra(f"represent --disputes {BELA} --proposals none")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"disputes   {BELA} in votes opened from epoch 9 on\nproposals  none\n"
    assert api.posts() == [("representatives", {"disputes": BELA, "proposals": None})]


def test_represent_sends_only_the_options_that_are_present(infra, api):
    api.says("POST", "representatives", answer())
    assert infra("represent --proposals none --json").exit_code == 0
    assert api.posts() == [("representatives", {"proposals": None})]


def test_represent_without_options_shows_both_sides(infra, api, values):
    shown = answer(
        disputes=None,
        in_force={"disputes": BELA, "proposals": BELA},
        proposals=BELA,
        represents={"disputes": {"power": "1500.500000", "wallets": 3}, "proposals": NOBODY},
    )
    api.says("GET", f"wallets/{values.OWEN}/representatives", shown)
    result = infra("represent")
    assert result.stdout == (
        f"disputes                   none from the next epoch on ({BELA} until then)\n"
        "you represent in disputes  3 wallets with 1,500.5 IFM\n"
        f"proposals                  {BELA}\n"
    )
    assert json.loads(infra("represent --json").stdout) == shown
    assert api.posts() == []


def test_represent_reports_a_refusal(infra, api):
    api.refuses("POST", "representatives", 400, "invalid", "Enter another wallet.")
    result = infra(f"represent --disputes {BELA}")
    assert (result.exit_code, result.stderr) == (1, "invalid: Enter another wallet.\n")


def test_a_dry_run_of_represent_sends_nothing(infra, api):
    result = infra(f"represent --disputes {BELA} --dry-run")
    assert (result.exit_code, api.posts()) == (0, [])
    assert "representatives" in result.stdout
