"""The tick of beat, over HTTP: when it runs, what it stores, and whom it tells."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from chain.devnet.accounts import GUARDIAN, ORACLE, OWNER
from chain.keystore import encrypt
from chain.models import Anchor, Attempt, ChainStatus
from chain.problems import sentence
from chain_sync.anchoring import LOCK, accept_chain, anchor_due
from inframind.management.commands import chain
from ledger.selectors import supply
from postgres.advisory_lock import try_lock
from tests.chain.anchoring.network import settle
from tests.chain.anchoring.site import CHEAP, PASSWORD, Site
from tests.network import Network


def test_a_backlog_of_twelve_epochs_is_anchored_in_a_few_ticks(site: Site) -> None:
    settle(1, 12)
    status = site.tick()
    while status.last_epoch < 12:
        # A tick ends after a while, however slow the machine is, and anchors at least one epoch.
        before = status.last_epoch
        status = site.tick()
        assert status.last_epoch > before
    assert status.problem == ""
    assert Attempt.objects.count() == 12
    site.client("evm_mine", 4)
    site.tick()
    assert Anchor.objects.filter(state="final").count() == 12
    assert [entry.epoch for entry in Attempt.objects.order_by("nonce")] == list(range(1, 13))


def test_the_emission_of_an_epoch_is_what_was_issued_in_it(site: Site) -> None:
    network = Network()
    network.node(1, own=2_000)
    network.settle()
    network.fund("0x" + "12" * 20, 5)
    network.settle()
    status = site.tick()
    assert status.last_epoch == 2
    assert status.emitted == supply() == 22_005_000_000


def test_the_key_can_stand_in_the_environment_and_is_never_logged(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.settings.INFRAMIND_CHAIN_ORACLE_KEYSTORE = None
    site.settings.INFRAMIND_CHAIN_ORACLE_KEY = ORACLE.key
    settle(1, 1)
    site.tick()
    assert site.tick().last_epoch == 1
    assert Attempt.objects.get().account == ORACLE.address
    assert "epoch submitted" in caplog.text
    assert ORACLE.key.hex() not in caplog.text


def test_an_idle_chain_is_asked_once_a_minute_and_at_once_when_an_epoch_is_settled(site: Site) -> None:
    settle(1, 1)
    site.tick()
    site.client("evm_mine", 4)
    site.tick()
    assert not anchor_due(now=site.now + timedelta(seconds=59))
    assert anchor_due(now=site.now + timedelta(seconds=60))
    settle(2, 2)
    assert anchor_due(now=site.now + timedelta(seconds=61))
    assert ChainStatus.objects.get(id=1).last_epoch == 2


def test_a_chain_that_confirms_is_asked_every_tick(site: Site) -> None:
    settle(1, 1)
    site.tick()
    assert not anchor_due(now=site.now + timedelta(seconds=4))
    assert anchor_due(now=site.now + timedelta(seconds=5))


def test_two_ticks_at_once_do_the_work_once(site: Site) -> None:
    settle(1, 1)
    with try_lock(LOCK) as locked:
        assert locked
        assert not anchor_due(now=site.now)
    assert Attempt.objects.count() == 0
    assert anchor_due(now=site.now)
    assert Attempt.objects.count() == 1


def test_without_a_chain_nothing_is_done(site: Site) -> None:
    settle(1, 1)
    site.settings.INFRAMIND_CHAIN_RPC = ()
    assert not anchor_due(now=site.now)
    assert not ChainStatus.objects.exists()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("password", "The password of the keystore is wrong."),
        ("missing", "oracle.json cannot be read: No such file or directory."),
        ("nonsense", "oracle.json is not a keystore file: it is not JSON."),
        ("short key", "The keystore is malformed (ValueError)."),
        ("password file", "password is no password file: it is not text in UTF-8."),
    ],
)
def test_a_keystore_that_cannot_be_read_halts_and_shows_no_secret(
    site: Site, caplog: pytest.LogCaptureFixture, fault: str, words: str
) -> None:
    settle(1, 1)
    if fault == "password":
        site.settings.INFRAMIND_CHAIN_ORACLE_PASSWORD = "wrong battery"
    elif fault == "missing":
        site.keystore.unlink()
    elif fault == "short key":
        document = encrypt(ORACLE.key[:31], PASSWORD, CHEAP)
        site.keystore.write_text(json.dumps(document | {"address": None}))
    elif fault == "password file":
        site.settings.INFRAMIND_CHAIN_ORACLE_PASSWORD_FILE = site.keystore.parent / "password"
        site.settings.INFRAMIND_CHAIN_ORACLE_PASSWORD_FILE.write_bytes(b"\xff\xfe")
    else:
        site.keystore.write_text("{")
    status = site.tick()
    assert status.problem == "keystore"
    assert words in status.problem_data["detail"]
    assert Attempt.objects.count() == 0
    for secret in ("wrong battery", PASSWORD, ORACLE.key.hex()):
        assert secret not in caplog.text
        assert secret not in sentence(status.problem, status.problem_data)
    site.settings.INFRAMIND_CHAIN_ORACLE_PASSWORD = PASSWORD
    site.settings.INFRAMIND_CHAIN_ORACLE_PASSWORD_FILE = None
    site.keystore.write_text(json.dumps(encrypt(ORACLE.key, PASSWORD, CHEAP)))
    assert site.tick().last_epoch == 1


def test_a_password_can_stand_in_a_file(site: Site, tmp_path: Path) -> None:
    settle(1, 1)
    site.settings.INFRAMIND_CHAIN_ORACLE_PASSWORD = ""
    site.settings.INFRAMIND_CHAIN_ORACLE_PASSWORD_FILE = tmp_path / "password"
    assert site.tick().problem == "keystore"
    (tmp_path / "password").write_text(PASSWORD + "\n")
    assert site.tick().last_epoch == 1


def test_a_halt_begins_once_and_ends(site: Site) -> None:
    settle(1, 1)
    site.send(GUARDIAN, "pause")
    for _ in range(3):
        status = site.tick()
    assert status.problem == "paused"
    assert status.problem_since == site.now - timedelta(seconds=120)
    site.send(OWNER, "resume")
    status = site.tick()
    assert (status.problem, status.problem_since) == ("", None)


def test_a_node_that_is_away_is_named_by_its_host_alone(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    settle(1, 1)
    site.settings.INFRAMIND_CHAIN_RPC = ("http://user:secret@127.0.0.1:9/secret",)
    status = site.tick()
    assert status.problem == "unreachable"
    assert status.problem_data["detail"].startswith("127.0.0.1:9 did not answer")
    assert "secret" not in caplog.text


def test_a_problem_whose_code_changes_goes_on(site: Site) -> None:
    """So that its alarm comes after an hour; a halt begins with its own code."""
    settle(1, 1)
    url, site.settings.INFRAMIND_CHAIN_RPC = site.settings.INFRAMIND_CHAIN_RPC, ("http://127.0.0.1:9",)
    began = site.tick().problem_since
    site.settings.INFRAMIND_CHAIN_RPC, site.settings.INFRAMIND_CHAIN_MAX_FEE = url, 0
    status = site.tick()
    assert (status.problem, status.problem_since) == ("fee_ceiling", began)
    site.send(GUARDIAN, "pause")
    status = site.tick()
    assert (status.problem, status.problem_since) == ("paused", status.seen_at)


def test_without_the_oracles_key_the_chain_is_followed(site: Site) -> None:
    settle(1, 1)
    site.tick()
    site.client("evm_mine", 4)
    site.keystore.unlink()
    status = site.tick()
    assert (status.problem, status.last_epoch) == ("keystore", 1)
    assert Anchor.objects.get().state == "final"
    site.client("evm_mine", 4)
    assert site.tick().head > status.head


def test_a_chain_is_not_accepted_while_a_tick_is_under_way(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tick stores its own view of the chain when it ends."""
    settle(1, 1)
    site.tick()
    ChainStatus.objects.update(reorganized_at=site.now)
    with try_lock(LOCK):
        assert not accept_chain()
        monkeypatch.setattr(chain, "PATIENCE_SECONDS", 0)
        with pytest.raises(CommandError, match="A tick reads the chain at this moment"):
            call_command("chain", "--accept")
    assert ChainStatus.objects.get().reorganized_at == site.now
    assert accept_chain()
    assert ChainStatus.objects.get().reorganized_at is None


def test_a_halt_stays_while_the_node_is_away(site: Site) -> None:
    settle(1, 1)
    url = site.settings.INFRAMIND_CHAIN_RPC
    site.send(GUARDIAN, "pause")
    site.tick()
    site.settings.INFRAMIND_CHAIN_RPC = ("http://127.0.0.1:9",)
    assert site.tick().problem == "paused"
    site.settings.INFRAMIND_CHAIN_RPC = url
    site.send(OWNER, "resume")
    assert site.tick().problem == ""


def test_accepting_a_chain_that_was_never_seen_changes_nothing(site: Site) -> None:
    assert accept_chain()
    settle(1, 1)
    assert site.tick().last_epoch == 1


def test_settlement_does_not_wait_for_the_chain(site: Site) -> None:
    site.settings.INFRAMIND_CHAIN_RPC = ("http://127.0.0.1:9",)
    network = Network()
    site.tick()
    network.settle(2)
    assert Anchor.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_the_lock_survives_commits_and_ends_with_its_block() -> None:
    with try_lock("test"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        with try_lock("test") as second, try_lock("other") as other:
            assert (second, other) == (False, True)
    with try_lock("test") as again:
        assert again
