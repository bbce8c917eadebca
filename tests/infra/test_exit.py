"""`infra exit`: take IFM out, see where it is, print the transactions that release it."""

from __future__ import annotations

import json
from typing import Any


def row(**changed: Any) -> dict[str, Any]:
    return {
        "id": 7, "wallet": "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf", "amount": "300.500000", "epoch": 12,
        "epoch_end": "2026-01-02T00:00:00Z", "requested_at": "2026-01-01T12:00:00Z", "status": "recorded",
        "stage": "recorded", "provable": False, "proof": None, "transactions": [], **changed,
    }  # fmt: skip


def test_exit_takes_an_amount_out(infra, api, values):
    api.says("POST", "exits", {"transaction": 4, "wallet": values.wallet(), "exit": row()}, 201)
    result = infra("exit --amount 300.5 --yes")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "300.5 IFM leave when epoch 12 is settled.\navailable    7,500 IFM\ntransaction  4\n"
    )
    assert api.posts() == [("exits", {"amount": "300.5"})]


def test_exit_lists_what_is_on_its_way(infra, api, values):
    released = row(id=6, stage="provable", status="released", provable=True)
    api.says("GET", f"wallets/{values.OWEN}/exits", values.page([row(), released]))
    lines = infra("exit").stdout.splitlines()
    assert "it leaves when the epoch is settled" in lines[1]
    assert "provable now" in lines[2]
    assert len(json.loads(infra("exit --json").stdout)["results"]) == 2


def test_exit_prints_the_transactions_of_one(infra, api, values):
    sent = [{"cast": "cast send 0x1 minted"}, {"cast": "cast send 0x1 released"}]
    api.says("GET", f"wallets/{values.OWEN}/exits", values.page([row(stage="provable", transactions=sent)]))
    assert infra("exit --proof 7").stdout == (
        "Exit 7, 300.5 IFM: provable now.\ncast send 0x1 minted\ncast send 0x1 released\n"
    )


def test_exit_refuses_an_exit_that_the_wallet_does_not_have(infra, api, values):
    api.says("GET", f"wallets/{values.OWEN}/exits", values.page([row()]))
    for options in ("", " --json"):
        result = infra(f"exit --proof 999{options}")
        assert (result.exit_code, "not_found" in result.stderr + result.stdout) == (1, True)


def test_exit_reports_a_network_without_a_chain(infra, api):
    api.refuses("POST", "exits", 404, "not_found", "IFM of this network is not on a chain.")
    result = infra("exit --amount 1 --yes")
    assert (result.exit_code, result.stderr) == (1, "not_found: IFM of this network is not on a chain.\n")
    assert infra("exit --amount 1 --proof 2").exit_code == 2
