"""Sessions with `infra` alone, against a running site over HTTP."""

from __future__ import annotations

import json

import pytest
from django.db import transaction
from eth_account import Account
from typer.testing import CliRunner

from infra.main import app
from oracle import receipts
from protocol.addresses import checksum
from protocol.amounts import MICRO, parse_amount
from settlement.audit import audit
from settlement.epoch import settle_epoch
from staking.services import clock, faucet, nodes
from staking.services.epochs import lock_open_epoch, open_epoch
from tests.oracle import machines

OWEN, DORA = (Account.from_key("0x" + digit * 64) for digit in "34")
NODE, OTHER = "0xabcd" + "0" * 35 + "1", "0xabce" + "0" * 35 + "2"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def site(live_server, settings, monkeypatch):
    """A devnet in which Owen runs two nodes; he and Dora have 5,000 IFM each."""
    settings.INFRAMIND_RATE_LIMITS = False
    monkeypatch.setenv("INFRA_URL", live_server.url)
    with transaction.atomic():
        lock_open_epoch()
    now, owen = clock.now(), OWEN.address.lower()
    for wallet in (OWEN, DORA):
        faucet.fund(wallet=wallet.address.lower(), amount=5_000 * MICRO, now=now)
    for number, address in enumerate((NODE, OTHER)):
        nodes.register(
            address=address,
            operator=owen,
            name=address[:6],
            region="eu-west",
            signing_key=machines.address(number),
            now=now,
        )
    return live_server


@pytest.fixture
def login(tmp_path):
    def sign_in(who):
        file = tmp_path / "key"
        file.write_text(who.key.hex())
        file.chmod(0o600)
        assert f"as {who.address} until" in infra(f"login --key {file}")

    return sign_in


def infra(line, code=0):
    """Return the output of a command; of a refused one its stderr."""
    result = CliRunner().invoke(app, line.split())
    assert result.exit_code == code, (line, result.output, result.exception)
    return result.stderr if code else result.stdout


def answer(line):
    return json.loads(infra(f"{line} --json"))


def settle():
    """Let both nodes work in the open epoch, and settle it at its end."""
    epoch = open_epoch()
    clock.advance_to(epoch.end)
    work = [
        machines.signed(f"{epoch.number}-{number}-{job}", number, node=checksum(address), at=epoch.start)
        for number, address in enumerate((NODE, OTHER))
        for job in range(12)
    ]
    assert receipts.ingest(items=work, now=clock.now()).accepted == 24
    settle_epoch(now=clock.now(), number=epoch.number)
    assert audit() == []


def test_the_commands_as_the_text_has_them(site, login):
    login(OWEN)
    assert infra("stake --node 0xABCD... --amount 2000").startswith("Staked 2,000 IFM.\n")
    assert "staked        2,000 IFM\n" in infra("status --stake")
    login(DORA)
    assert infra("delegate --node 0xABCD... --amount 1500").startswith("Delegated 1,500 IFM.\n")
    assert "1,500" in infra("delegate --list")
    login(OWEN)
    assert infra("unstake --node 0xABCD... --amount 1000").startswith("Unstaked 1,000 IFM.\n")
    assert answer("status --stake")["me"]["unbonding"] == "1000.000000"


def test_an_operator_from_login_to_claim(site, login):
    login(OWEN)
    infra("stake --node 0xabcd --amount 2000")
    infra("stake --node 0xabce --amount 500")
    assert "nothing_to_claim" in infra("claim", code=1)
    settle()
    before = answer("status --stake")["me"]
    assert infra("claim").count("Claimed the earnings.") == 2
    after = answer("status --stake")["me"]
    had, earned = (parse_amount(before[name]) for name in ("available", "claimable"))
    assert (parse_amount(after["available"]), earned > 0) == (had + earned, True)
    assert (before["staked"], after["claimable"]) == ("2500.000000", "0.000000")
    assert "not_operator" in infra_as(DORA, login, "stake --node 0xabcd --amount 1", code=1)


def infra_as(who, login, line, code=0):
    login(who)
    return infra(line, code)


def test_a_delegator_from_login_to_the_last_claim(site, login):
    infra_as(OWEN, login, "stake --node 0xabcd --amount 2000")
    infra("stake --node 0xabce --amount 2000")
    login(DORA)
    infra("delegate --node 0xabcd --amount 1500")
    infra("undelegate --node 0xabcd --amount 100")
    assert "1,400" in infra("delegate --list")
    (entry,) = answer("unbonding")["results"]
    assert "unbonding_not_mature" in infra(f"unbonding --withdraw {entry['id']}", code=1)
    infra(f"unbonding --cancel {entry['id']}")
    settle()
    infra("redelegate --node 0xabcd --to 0xabce --amount 500")
    settle()
    assert answer("status --stake")["me"]["delegated"] == "1500.000000"
    assert {row["node"]: row["value"] for row in answer("delegate --list")["results"]} == {
        checksum(NODE): "1000.000000",
        checksum(OTHER): "500.000000",
    }
    infra("claim --node 0xabcd --compound")
    infra("undelegate --node 0xabce --amount all")
    clock.advance_by(604_800)
    settle()
    (entry,) = [row for row in answer("unbonding")["results"] if row["status"] == "open"]
    infra(f"unbonding --withdraw {entry['id']}")
    infra("claim")
    wallet = answer("status --stake")["me"]
    assert (wallet["unbonding"], wallet["claimable"]) == ("0.000000", "0.000000")
    assert infra("logout").startswith("Signed out of")
    assert "unauthenticated" in infra("claim", code=1)
