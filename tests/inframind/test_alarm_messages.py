"""Alarms reach people once when they begin and once when they are over."""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from chain.models import ChainStatus
from identity.models import User
from inframind import alarm_messages, alarms, environment, tasks
from notifications import inbox
from staking.models import Epoch, Event
from staking.models import Network as NetworkRow
from tests.network import Network

pytestmark = pytest.mark.django_db(transaction=True)

STAFF, WALLET = "0x" + "5a" * 20, "0x" + "a1" * 20


@pytest.fixture(autouse=True)
def network(settings):
    settings.ADMINS = [("Operations", "ops@example.org")]
    User.objects.create_superuser(STAFF, "long and secret")
    User.objects.create(address=WALLET)
    Network()
    Epoch.objects.update(end=datetime.now(UTC) + timedelta(days=1))


@pytest.fixture
def no_mail_server(monkeypatch):
    """While this is entered, the mail server does not answer."""

    def refuse(*message: object) -> None:
        raise ConnectionRefusedError

    @contextmanager
    def away():
        with monkeypatch.context() as patch:
            patch.setattr(alarm_messages, "mail_admins", refuse)
            yield

    return away


def halt(*faults: str) -> None:
    NetworkRow.objects.update(halted=list(faults))


def test_a_halt_is_mailed_and_shown_to_staff_once(mailoutbox):
    halt("2 balance: wallet:0xab")
    tasks.alarm_tick.delay()
    tasks.alarm_tick.delay()
    (mail,) = mailoutbox
    assert mail.to == ["ops@example.org"]
    assert mail.subject == "[InfraMind] ALARM settlement_halted"
    assert "the audit found 1 faults (2 balance: wallet:0xab)" in mail.body
    assert "What to do: docs/operations.md#settlement-halted." in mail.body
    (notification,) = inbox.page(STAFF, limit=5, offset=0)
    assert notification.text.startswith("The service needs attention: settlement is halted")
    assert notification.href == "/admin/"
    assert inbox.page(WALLET, limit=5, offset=0) == []


def test_the_end_of_an_alarm_is_mailed(mailoutbox):
    halt("a fault")
    tasks.alarm_tick.delay()
    halt()
    tasks.alarm_tick.delay()
    tasks.alarm_tick.delay()
    assert [mail.subject for mail in mailoutbox] == [
        "[InfraMind] ALARM settlement_halted",
        "[InfraMind] over: settlement_halted",
    ]
    assert NetworkRow.objects.get().alarms == {}


def test_a_halt_while_an_epoch_is_overdue_is_a_second_mail(mailoutbox):
    Epoch.objects.update(end=datetime.now(UTC) - timedelta(seconds=200))
    tasks.alarm_tick.delay()
    halt("a fault")
    tasks.alarm_tick.delay()
    assert [mail.subject for mail in mailoutbox] == [
        "[InfraMind] ALARM settlement_overdue",
        "[InfraMind] ALARM settlement_halted",
    ]
    assert len(inbox.page(STAFF, limit=5, offset=0)) == 2


def test_a_mail_of_an_end_that_fails_is_tried_again(mailoutbox, no_mail_server):
    halt("a fault")
    tasks.alarm_tick.delay()
    halt()
    with no_mail_server():
        tasks.alarm_tick.delay()
    assert len(mailoutbox) == 1
    tasks.alarm_tick.delay()
    tasks.alarm_tick.delay()
    assert [mail.subject for mail in mailoutbox[1:]] == ["[InfraMind] over: settlement_halted"]
    assert NetworkRow.objects.get().alarms == {}


def test_an_alarm_that_comes_back_before_its_end_was_mailed_has_not_ended(mailoutbox, no_mail_server):
    halt("a fault")
    tasks.alarm_tick.delay()
    halt()
    with no_mail_server():
        tasks.alarm_tick.delay()
    halt("a fault")
    tasks.alarm_tick.delay()
    assert len(mailoutbox) == 1
    halt()
    tasks.alarm_tick.delay()
    assert mailoutbox[-1].subject == "[InfraMind] over: settlement_halted"


def test_every_condition_names_a_heading_of_the_runbook():
    text = (environment.PROJECT_ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    assert set(alarms.RUNBOOKS.values()) <= anchors


def test_a_halt_of_the_chain_is_mailed_with_what_to_do(mailoutbox, settings):
    status = ChainStatus.objects.create(problem="paused", problem_since=datetime.now(UTC))
    tasks.alarm_tick.delay()
    assert mailoutbox == [], "the network has no chain"
    settings.INFRAMIND_CHAIN_RPC, settings.INFRAMIND_CHAIN_SETTLEMENT = (
        ("http://127.0.0.1:9",),
        "0x" + "c1" * 20,
    )
    tasks.alarm_tick.delay()
    (mail,) = mailoutbox
    assert mail.subject == "[InfraMind] ALARM chain"
    assert "The settlement contract is paused. The owner of the contract can resume it." in mail.body
    status.problem, status.problem_since = "", None
    status.save()
    tasks.alarm_tick.delay()
    assert mailoutbox[-1].subject == "[InfraMind] over: chain"


def test_a_node_of_the_chain_that_is_away_is_mailed_after_an_hour(mailoutbox, settings):
    settings.INFRAMIND_CHAIN_RPC, settings.INFRAMIND_CHAIN_SETTLEMENT = (
        ("http://127.0.0.1:9",),
        "0x" + "c1" * 20,
    )
    now = datetime.now(UTC)
    data = {"detail": "127.0.0.1:9 did not answer"}
    status = ChainStatus.objects.create(problem="unreachable", problem_data=data, problem_since=now)
    tasks.alarm_tick.delay()
    assert mailoutbox == []
    status.problem_since = now - timedelta(hours=1)
    status.save()
    tasks.alarm_tick.delay()
    assert "127.0.0.1:9 did not answer" in mailoutbox[0].body


def test_a_mail_that_fails_is_tried_again(mailoutbox, no_mail_server):
    halt("a fault")
    with no_mail_server():
        tasks.alarm_tick.delay()
    assert mailoutbox == []
    tasks.alarm_tick.delay()
    tasks.alarm_tick.delay()
    assert len(mailoutbox) == 1
    assert Event.objects.filter(kind="service_alarm").count() == 1


def test_only_staff_may_choose_this_kind(client):
    client.force_login(User.objects.get(address=WALLET))
    assert "Service alarm" not in client.get("/inbox/settings/").content.decode()
    client.force_login(User.objects.get(address=STAFF))
    assert "Service alarm" in client.get("/inbox/settings/").content.decode()
