"""The staff's admin: everything to read, next to nothing to change."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine
from django.apps import apps
from django.urls import NoReverseMatch, reverse

from identity import counters
from identity.models import Token, User
from identity.tokens import find
from inframind.admin import READABLE, TRIES_PER_MINUTE, site
from inframind.admin_lists import AMOUNTS
from ledger.models import Entry
from protocol.addresses import checksum
from staking.models import Slash
from staking.services.commitments import make_commitment
from tests.governance import scenario
from tests.shared_rows import shared
from web.formatting import amount_digits

STAFF = "0x" + "5a" * 20


@pytest.fixture(autouse=True)
def _fresh_counters():
    counters._store().flushdb()


@pytest.fixture
def staff(db, client):
    client.force_login(User.objects.create_superuser(checksum(STAFF), "long and secret"))
    return client


@shared
def network():
    scenario.begin()
    scenario.slash_node()


@pytest.mark.parametrize("label", [listing.label for listing in READABLE])
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


@pytest.mark.parametrize("listing", READABLE, ids=lambda listing: listing.label)
def test_every_integer_that_holds_money_is_written_in_ifm(listing):
    fields = {field.name for field in apps.get_model(listing.label)._meta.fields}
    assert set(AMOUNTS.get(listing.label, ())) <= fields


def test_amounts_are_in_ifm_and_codes_in_words(staff, network):
    slash = Slash.objects.get()
    page = staff.get(reverse("admin:staking_slash_changelist"), {"status": slash.status}).content.decode()
    assert "SLA drop" in page
    assert "sla_drop" not in page.split("<tbody>")[1].split("</tbody>")[0]
    row = staff.get(reverse("admin:staking_slash_change", args=[slash.pk])).content.decode()
    assert amount_digits(slash.base_self, 6) in row
    assert f">{slash.base_self}<" not in row
    assert reverse("admin:staking_node_change", args=[slash.node_id]) in row
    assert f'href="/slashes/{slash.pk}/"' in row


def test_promises_rules_and_representatives_are_listed(staff, network):
    labels = {listing.label for listing in READABLE}
    assert labels >= {
        "staking.Commitment",
        "staking.ShareAnnouncement",
        "delegation.StandingOrder",
        "governance.Representative",
    }
    make_commitment(
        node=scenario.HONEST, actor=scenario.NILS, minimum_share_bps=8_000, notice_epochs=None, maximum_delegated=None,
        now=scenario.now(),
    )  # fmt: skip
    page = staff.get(reverse("admin:staking_commitment_changelist")).content.decode()
    assert "80.00%" in page


def test_a_transaction_and_its_entries_lead_to_the_public_page(staff, network):
    entry = Entry.objects.latest("id")
    for name, key in (("entry", entry.pk), ("transaction", entry.transaction_id)):
        row = staff.get(reverse(f"admin:ledger_{name}_change", args=[key])).content.decode()
        assert f'href="/transactions/{entry.transaction_id}/"' in row


def test_plurals_are_words(staff):
    index = staff.get("/admin/").content.decode()
    assert "Entries" in index
    assert "Entrys" not in index


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
    credentials = {"username": checksum(STAFF), "password": "long and secret", "next": "/admin/"}
    assert client.post("/admin/login/", credentials).status_code == 302
    assert client.post("/admin/login/", {**credentials, "username": "root"}).status_code in (200, 302)
