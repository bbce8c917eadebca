"""The staff's admin: everything to read, next to nothing to change."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine
from django.urls import NoReverseMatch, reverse

from identity import counters
from identity.models import Token, User
from identity.tokens import find
from inframind.admin import READABLE, TRIES_PER_MINUTE, site
from protocol.addresses import checksum
from tests.governance import world

STAFF = "0x" + "5a" * 20


@pytest.fixture(autouse=True)
def _fresh_counters():
    counters._store().flushdb()


@pytest.fixture
def staff(db, client):
    client.force_login(User.objects.create_superuser(checksum(STAFF), "long and secret"))
    return client


@pytest.fixture
def network(db):
    world.begin()
    world.slash_node()


@pytest.mark.parametrize("label", [label for label, _, _ in READABLE])
def test_every_list_and_row_can_be_read_and_none_changed(staff, network, label):
    name = label.lower().replace(".", "_")
    assert staff.get(reverse(f"admin:{name}_changelist"), {"q": "a"}).status_code == 200
    model = next(model for model in site._registry if model._meta.label == label)
    row = model._default_manager.first()
    if row is not None:
        where = reverse(f"admin:{name}_change", args=[row.pk])
        assert staff.get(where).status_code == 200
        assert staff.post(where, {}).status_code == 403
        assert staff.post(reverse(f"admin:{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert staff.post(reverse(f"admin:{name}_add"), {}).status_code == 403


def test_the_policy_is_strict_there_too(staff):
    answer = staff.get("/admin/")
    assert answer.status_code == 200
    assert "unsafe" not in answer["Content-Security-Policy"]


def test_a_token_is_revoked_and_its_hash_not_shown(staff, token):
    secret = token()
    row = Token.objects.get()
    assert row.digest.encode() not in staff.get(reverse("admin:identity_token_change", args=[row.pk])).content
    staff.post(reverse("admin:identity_token_changelist"), {"action": "revoke", "_selected_action": [row.pk]})
    assert find(secret) is None


def test_a_wallet_is_shut_out(staff):
    user = User.objects.create(address="0x" + "a1" * 20)
    staff.post(reverse("admin:identity_user_change", args=[user.pk]), {"address": STAFF})
    user.refresh_from_db()
    assert (user.is_active, user.address) == (False, "0x" + "a1" * 20)


def test_wallets_are_no_staff(client, db):
    client.force_login(User.objects.create(address="0x" + "a1" * 20))
    assert client.get("/admin/")["Location"] == "/admin/login/?next=/admin/"
    with pytest.raises(NoReverseMatch):
        reverse("admin:auth_user_changelist")


def test_a_password_cannot_be_guessed_for_long(client, db):
    User.objects.create_superuser(STAFF, "long and secret")
    guess = {"username": STAFF, "password": "wrong"}
    with time_machine.travel(datetime(2026, 11, 24, 12, tzinfo=UTC), tick=False):
        tried = [client.post("/admin/login/", guess).status_code for _ in range(TRIES_PER_MINUTE + 1)]
    assert tried == [200] * TRIES_PER_MINUTE + [429]


def test_staff_signs_in_by_address_in_any_letter_case(client, db):
    User.objects.create_superuser(STAFF, "long and secret")
    said = {"username": checksum(STAFF), "password": "long and secret", "next": "/admin/"}
    assert client.post("/admin/login/", said).status_code == 302
    assert client.post("/admin/login/", {**said, "username": "root"}).status_code in (200, 302)
