"""`genesis`: a production network begins once, from a file that was read by a person."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from ledger import accounts
from ledger.selectors import balance
from settlement import settle_epoch
from settlement.audit import audit
from staking.models import Epoch, Network, ParameterSet
from staking.services import clock

pytestmark = pytest.mark.django_db

ALICE, BOB = "0x" + "a1" * 20, "0x" + "b2" * 20
START = (datetime.now(UTC) + timedelta(days=30)).replace(microsecond=0)


def to(wallet: str, amount: Any) -> dict[str, Any]:
    return {"wallet": wallet, "amount": amount}


CONTENT: dict[str, Any] = {
    "network": "production",
    "chain_id": 4217,
    "start": START.isoformat(),
    "parameters": {"emission_per_epoch": "8000", "epoch_seconds": 43_200},
    "allocations": [to(ALICE, "1000000"), to(BOB, "0.5")],
    "treasury": "250000",
}


@pytest.fixture(autouse=True)
def production(settings: Any) -> None:
    settings.INFRAMIND_NETWORK, settings.INFRAMIND_CHAIN_ID = "production", 4217


def run(tmp_path: Any, content: Any = CONTENT, **options: Any) -> str:
    """Run the command on this content and confirm it; returns what it printed."""
    file, out = tmp_path / "genesis.json", io.StringIO()
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    if not options:
        printed = run(tmp_path, content, check=True)
        options = {"confirm": printed.rsplit("digest: ", 1)[1].strip()}
    call_command("genesis", str(file), stdout=out, **options)
    return out.getvalue()


def test_the_network_begins_as_the_file_says(tmp_path):
    printed = run(tmp_path)
    row, epoch = Network.objects.get(), Epoch.objects.get()
    assert (row.kind, row.chain_id, len(row.genesis)) == ("production", 4217, 64)
    assert (epoch.number, epoch.start, epoch.end) == (1, START, START + timedelta(hours=12))
    assert ParameterSet.objects.get().values["emission_per_epoch"] == "8000.000000"
    assert balance(accounts.wallet(ALICE)) == 1_000_000_000_000
    assert balance(accounts.wallet(BOB)) == 500_000
    assert balance(accounts.TREASURY) == 250_000_000_000
    assert balance(accounts.ISSUANCE) == -1_250_000_500_000
    assert row.genesis in printed
    assert audit(since=0) == []


def test_what_will_be_done_is_printed_before_it_is_done(tmp_path):
    printed = run(tmp_path, check=True)
    assert "chain id: 4217" in printed
    assert "epoch_seconds: 43200 (default 86400)" in printed
    assert "1000000.000000 IFM" in printed
    assert "issued in total: 1250000.500000 IFM" in printed
    assert not Network.objects.exists()


def test_a_digest_of_another_file_is_refused(tmp_path):
    with pytest.raises(CommandError, match="nothing was changed"):
        run(tmp_path, confirm="0" * 64)
    assert not Network.objects.exists()


def test_the_digest_may_be_typed(tmp_path, monkeypatch):
    digest = run(tmp_path, check=True).rsplit("digest: ", 1)[1].strip()
    monkeypatch.setattr("builtins.input", lambda: digest[:8])
    run(tmp_path, confirm=None)
    assert Network.objects.get().genesis == digest


def test_the_layout_of_the_file_does_not_change_its_digest(tmp_path):
    again = dict(reversed(CONTENT.items()))
    assert run(tmp_path, check=True) == run(tmp_path, json.dumps(again, indent=4), check=True)


def test_it_is_done_once(tmp_path):
    run(tmp_path)
    with pytest.raises(CommandError, match="conflict: This database holds a network already"):
        run(tmp_path)
    assert Epoch.objects.count() == 1


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"network": "devnet"}, 'must be "production"'),
        ({"chain_id": 5}, "chain id 5 and INFRAMIND_CHAIN_ID is 4217"),
        ({"chain_id": "4217"}, "whole number"),
        ({"chain_id": True}, "whole number"),
        ({"start": "2020-01-01T00:00:00Z"}, "start has passed"),
        ({"start": "2027-01-01"}, "time zone"),
        ({"start": None}, "must be a time"),
        ({"parameters": {"epoch_seconds": 1}}, "parameter_out_of_bounds"),
        ({"parameters": {"epoch_second": 60}}, "epoch_second"),
        ({"parameters": []}, "must be an object"),
        ({"allocations": []}, "at least one"),
        ({"allocations": [to(ALICE, "1"), to(ALICE, "1")]}, "allocation 2: .*already"),
        ({"allocations": [to(ALICE, "0")]}, "allocation 1: give an amount above 0"),
        ({"allocations": [to(ALICE, 1)]}, "allocation 1: "),
        ({"allocations": [to("0x1", "1")]}, "address_invalid: allocation 1"),
        ({"allocations": [{**to(ALICE, "1"), "note": "x"}]}, "nothing else"),
        ({"allocations": [to(ALICE, "4" + "0" * 12), to(BOB, "4" + "0" * 12)]}, "At most"),
        ({"treasury": "-1"}, "treasury: "),
        ({"treasuries": "1"}, '"treasuries" is unknown'),
    ],
)  # fmt: skip
def test_a_faulty_file_is_refused_with_its_place(tmp_path, changed, sentence):
    with pytest.raises(CommandError, match=sentence):
        run(tmp_path, {**CONTENT, **changed})
    assert not Network.objects.exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "not JSON"),
        ("[]", "must be an object"),
        ('{"network": "production", "network": "production"}', "stands twice"),
        ("{}", '"network" is missing; "chain_id" is missing'),
    ],
)
def test_a_file_that_is_no_genesis_is_refused(tmp_path, text, sentence):
    with pytest.raises(CommandError, match=sentence):
        run(tmp_path, text, check=True)


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("genesis", str(tmp_path / "nothing.json"))


def test_a_devnet_has_no_genesis(tmp_path, settings):
    settings.INFRAMIND_NETWORK = "devnet"
    with pytest.raises(CommandError, match="a devnet starts by itself"):
        run(tmp_path)


def test_the_clock_of_a_production_network_is_the_databases(tmp_path):
    run(tmp_path)
    with pytest.raises(IntegrityError, match="staking_network_wall_clock"):
        Network.objects.update(clock_offset_ms=1)


def test_the_database_refuses_to_settle_an_epoch_before_its_end(tmp_path):
    run(tmp_path)
    with pytest.raises(IntegrityError, match="later than the clock of this server"):
        settle_epoch(now=START + timedelta(days=1))


def test_nothing_is_due_before_the_start(tmp_path):
    run(tmp_path)
    assert clock.now() < Epoch.objects.get().start
