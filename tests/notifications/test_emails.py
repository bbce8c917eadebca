"""E-mails: confirmed addresses, chosen kinds, limits."""

from __future__ import annotations

import pytest
from django.core import mail
from django.utils import timezone

from identity import counters
from identity.models import User
from notifications import dispatch, subscriptions
from notifications.models import Delivery, Subscription
from protocol.errors import Invalid
from tests.network import operator, wallet
from tests.notifications.site import ALL, confirmed

pytestmark = pytest.mark.django_db


def test_an_email_goes_once_to_a_confirmed_address_and_for_chosen_kinds_only(net):
    confirmed(wallet(1), "anna@example.org", ["slash_pending"])
    confirmed(operator(1), "olga@example.org", ["share_cut"])
    subscriptions.set_email(wallet=wallet(5), email="x@example.org", kinds=ALL, link="https://site/")
    mail.outbox.clear()
    net.settle()
    for _ in range(3):
        dispatch.queue_events()
        dispatch.send_due(now=timezone.now())
    assert [message.to for message in mail.outbox] == [["anna@example.org"]]
    assert mail.outbox[0].subject.startswith("Slash pending: SLA drop on node 1")
    assert Delivery.objects.get().status == "sent"


def test_a_confirmation_is_for_its_address_and_wallet_only():
    subscriptions.set_email(wallet=wallet(1), email="a@example.org", kinds=ALL, link="https://site/c/")
    token = mail.outbox[0].body.split("/c/")[1].split()[0].rstrip("/")
    subscriptions.set_email(wallet=wallet(1), email="b@example.org", kinds=ALL, link="https://site/c/")
    with pytest.raises(Invalid):
        subscriptions.confirm_email(token)
    with pytest.raises(Invalid):
        subscriptions.confirm_email(token + "x")
    assert not Subscription.objects.get(wallet=wallet(1)).email_confirmed


def test_no_address_is_stored_when_its_email_cannot_be_sent(client, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    client.force_login(User.objects.create(address=wallet(1)))
    answer = client.post("/inbox/settings/email/", {"email": "anna@example.org"})
    assert answer.status_code == 400
    assert "the e-mail could not be sent" in answer.content.decode()
    assert not Subscription.objects.filter(wallet=wallet(1)).exclude(email="").exists()


def test_a_mailbox_gets_few_emails_whoever_asks(client, settings, monkeypatch):
    settings.INFRAMIND_RATE_LIMITS = True
    # So that no new minute begins while they are asked for.
    monkeypatch.setattr(counters, "WINDOW_SECONDS", 10**9)
    answers = []
    for number in range(1, 6):
        client.force_login(User.objects.create(address=wallet(number)))
        headers = {"REMOTE_ADDR": f"10.0.0.{number}"}
        answers.append(
            client.post("/inbox/settings/email/", {"email": "Anna@example.org"}, **headers).status_code
        )
    assert answers == [302, 302, 302, 429, 429]
    assert len(mail.outbox) == 3


def test_ending_the_emails_has_no_limit(client, settings):
    settings.INFRAMIND_RATE_LIMITS = True
    for number in range(1, 6):
        client.force_login(User.objects.create(address=wallet(number)))
        assert client.post("/inbox/settings/email/", {"email": ""}).status_code == 302
    assert mail.outbox == []


@pytest.mark.parametrize("email", ["nobody", "a@b", "a@b.c\nBcc: x@y.z", "<a@example.org>"])
def test_a_crooked_address_is_refused(email):
    with pytest.raises(Invalid):
        subscriptions.set_email(wallet=wallet(1), email=email, kinds=ALL, link="https://site/")
    assert mail.outbox == []
