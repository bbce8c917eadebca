"""`manage.py audit --mail`, which the weekly timer runs: a fault reaches somebody."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection

from tests.network import Network, wallet
from tests.owner import as_owner

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def network(settings):
    settings.ADMINS = [("Operations", "ops@example.org")]
    Network().fund(wallet(1), 50)


def break_the_books() -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE ledger_account SET balance = balance + 1")


def test_a_fault_is_mailed_and_ends_the_command_with_status_1(mailoutbox):
    break_the_books()
    with pytest.raises(SystemExit, match="1"):
        call_command("audit", "--mail")
    (mail,) = mailoutbox
    assert mail.to == ["ops@example.org"]
    assert mail.subject.endswith("ALARM audit")
    assert "1 conservation" in mail.body
    assert "docs/operations.md, Weekly audit" in mail.body


def test_a_clean_audit_mails_nothing(mailoutbox):
    call_command("audit", "--mail")
    assert mailoutbox == []


def test_an_audit_by_hand_mails_nothing(mailoutbox):
    break_the_books()
    with pytest.raises(SystemExit, match="1"):
        call_command("audit")
    assert mailoutbox == []
