"""Nodes, one node, the network, epochs and ranks, as tables and as JSON."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as some

from infra import amounts


def test_nodes_are_a_table(bare, api):
    result = bare(f"nodes --url {api.url}")
    assert result.stdout == (
        "rank  node                                        name  status  tier  region      stake  room"
        "   share        Q"
        "     APR      SLA  uptime\n"
        "   1  0xABcD000000000000000000000000000000000001  Anna  active     2  eu-north  2,400.5     –"
        "  80.00%  1.2398×"
        "  12.50%  100.00%  99.10%\n"
        "   2  0xABCe000000000000000000000000000000000002  Béla  active     2  eu-north  2,400.5     –"
        "  80.00%  1.2398×"
        "  12.50%  100.00%  99.10%\n"
    )


def test_a_node_is_a_list_of_facts(bare, api, values):
    row = values.node(
        values.ANNA, "Anna", delegation_cap="5000.000000", sla_bps=None, latency_ms=None, rank=None
    )
    api.says("GET", f"nodes/{values.ANNA}", row)
    assert bare(f"status --node 0xabcd --url {api.url}").stdout == (
        "node             0xABcD000000000000000000000000000000000001\n"
        "name             Anna\n"
        "operator         0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf\n"
        "region           eu-north\n"
        "status           active\n"
        "tier             2\n"
        "self stake       2,000 IFM\n"
        "delegated        400.5 IFM\n"
        "effective stake  2,400.5 IFM\n"
        "pending stake    0 IFM\n"
        "unbonding        0 IFM\n"
        "delegation cap   5,000 IFM\n"
        "delegation room  –\n"
        "delegator share  80.00%\n"
        "rank             –\n"
        "score            1.2398×\n"
        "Q factor         1.2398×\n"
        "SLA              –\n"
        "uptime           99.10%\n"
        "latency          –\n"
        "faster than      94.00%\n"
        "reputation       505\n"
        "estimated APR    12.50%\n"
        "custodial        no\n"
    )
    assert json.loads(bare(f"status --node 0xabcd --json --url {api.url}").stdout) == row


EPOCH = {
    "number": 7, "start": "2026-11-24T00:00:00Z", "end": "2026-11-25T00:00:00Z", "status": "settled",
    "parameters_version": 1, "pool": "10000.000000", "distributed": "9999.999998", "carry": "0.000002",
    "burned": "625.000000", "merkle_root": "0xaa",
}  # fmt: skip
OPEN = {
    **EPOCH,
    "number": 8,
    "status": "open",
    "pool": None,
    "distributed": None,
    "carry": None,
    "burned": None,
}


def test_the_network_for_somebody_not_signed_in(bare, api, values):
    api.says("GET", "epochs", values.page([OPEN, EPOCH]))
    assert bare(f"status --url {api.url}").stdout == (
        f"network  {api.url}\n"
        "epoch    8 (open)\n"
        "ends     2026-11-25 00:00:00 UTC\n"
        "Not signed in: `infra login` shows your wallet here.\n"
    )


def test_the_network_for_somebody_signed_in(infra, api, values):
    api.says("GET", "epochs", values.page([OPEN, EPOCH]))
    assert json.loads(infra("status --json").stdout) == {"epoch": OPEN, "me": values.wallet()}


def test_epochs_are_a_table(bare, api, values):
    api.says("GET", "epochs", values.page([OPEN, EPOCH]))
    assert bare(f"epochs --url {api.url}").stdout == (
        "epoch  start                    end                      status     pool   distributed"
        "     carry  burned\n"
        "    8  2026-11-24 00:00:00 UTC  2026-11-25 00:00:00 UTC  open          –             –"
        "         –       –\n"
        "    7  2026-11-24 00:00:00 UTC  2026-11-25 00:00:00 UTC  settled  10,000  9,999.999998"
        "  0.000002     625\n"
    )


def test_an_epoch_is_a_list_of_facts(bare, api):
    api.says("GET", "epochs/7", EPOCH)
    assert bare(f"epochs 7 --url {api.url}").stdout == (
        "epoch        7\n"
        "status       settled\n"
        "start        2026-11-24 00:00:00 UTC\n"
        "end          2026-11-25 00:00:00 UTC\n"
        "parameters   version 1\n"
        "pool         10,000 IFM\n"
        "distributed  9,999.999998 IFM\n"
        "carry        0.000002 IFM\n"
        "burned       625 IFM\n"
        "merkle root  0xaa\n"
    )


def test_a_ranking_is_a_table(bare, api, values):
    places = [
        {"rank": 1, "movement": 2, "node": values.ANNA, "score_bps": 12398},
        {"rank": 2, "movement": 0, "node": values.BELA, "score_bps": 9050},
        {"rank": 3, "movement": None, "node": values.OWEN, "score_bps": 10000},
    ]
    answer = {"id": 31, "computed_at": "2026-11-24T06:00:00.123456Z", "results": places, "next": None}
    api.says("GET", "rankings/latest", answer)
    assert bare(f"rank --url {api.url}").stdout == (
        "Ranking 31, computed 2026-11-24 06:00:00 UTC\n"
        "rank  move  node                                          score\n"
        "   1    +2  0xABcD000000000000000000000000000000000001  1.2398×\n"
        "   2     =  0xABCe000000000000000000000000000000000002  0.9050×\n"
        "   3   new  0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf  1.0000×\n"
    )
    assert json.loads(bare(f"rank --json --url {api.url}").stdout) == answer


def test_a_ranking_is_read_over_its_pages_up_to_the_limit(bare, api, values):
    """The pages that follow are those of the ranking that was the latest one for the first."""

    def page(request):
        start, limit = int(request.query.get("cursor", 0)), int(request.query["limit"])
        places = [
            {"rank": place, "movement": 0, "node": values.ANNA, "score_bps": 10_000}
            for place in range(start + 1, start + limit + 1)
        ]
        following = f"http://testserver/api/v1/rankings/31?limit={limit}&cursor={start + limit}"
        return {"id": 31, "computed_at": "2026-11-24T06:00:00Z", "results": places, "next": following}

    api.says("GET", "rankings/latest", lambda request: page(request) | {"next_at": "2026-11-24T12:00:00Z"})
    api.says("GET", "rankings/31", page)
    answer = json.loads(bare(f"rank --json --limit 450 --url {api.url}").stdout)
    assert (answer["id"], answer["next_at"]) == (31, "2026-11-24T12:00:00Z")
    assert [row["rank"] for row in answer["results"]] == list(range(1, 451))
    assert len(bare(f"rank --limit 450 --url {api.url}").stdout.splitlines()) == 452
    assert len(bare(f"rank --url {api.url}").stdout.splitlines()) == 52
    assert len(json.loads(bare(f"rank --json --url {api.url}").stdout)["results"]) == 200


@given(some.integers(min_value=0, max_value=2**63 - 1))
def test_amounts_are_shown_exactly(amount):
    shown = amounts.show_micro(amount)
    assert amounts.micro(shown.replace(",", "")) == amount
    assert not shown.endswith((".", "0")) or "." not in shown
    assert amounts.check(shown.replace(",", "")) == shown.replace(",", "")
