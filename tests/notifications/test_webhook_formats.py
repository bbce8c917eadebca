"""Bodies and signatures of webhook calls."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from standardwebhooks import Webhook, WebhookVerificationError

from identity.models import User
from notifications import subscriptions, webhook_formats, webhooks
from notifications.models import Subscription
from protocol.errors import Invalid

WALLET = "0x" + "a1" * 20
EVENT = {"text": "Slash of <b>*Kelvin*</b> & @everyone", "epoch": 7, "kind": "slash_pending"}
CHAT = "https://api.telegram.org/bot1:x/sendMessage?chat_id=-10042"


def test_slack_gets_text_without_markup():
    body = webhook_formats.body_of("slack", "https://hooks.slack.com/services/x", EVENT)
    assert body == {"text": "Slash of &lt;b&gt;*Kelvin*&lt;/b&gt; &amp; @everyone (epoch 7)"}


def test_discord_gets_a_message_that_mentions_nobody():
    body = webhook_formats.body_of("discord", "https://discord.com/api/webhooks/x", EVENT)
    assert body["content"] == r"Slash of <b\>\*Kelvin\*</b\> & @everyone \(epoch 7\)"
    assert body["allowed_mentions"] == {"parse": []}
    assert len(webhook_formats.body_of("discord", "", {**EVENT, "text": "x" * 3_000})["content"]) == 2_000


def test_telegram_gets_the_chat_of_the_address():
    body = webhook_formats.body_of("telegram", CHAT, EVENT)
    assert body["chat_id"] == "-10042"
    assert body["text"] == "Slash of <b>*Kelvin*</b> & @everyone (epoch 7)"


def test_the_own_format_is_the_event():
    assert webhook_formats.body_of("json", "https://example.org/", EVENT) == EVENT


@pytest.mark.django_db
def test_a_telegram_address_without_a_chat_is_refused_and_nothing_is_stored():
    with pytest.raises(Invalid, match="chat_id"):
        subscriptions.set_webhook(
            wallet=WALLET, url="https://api.telegram.org/bot1:x/sendMessage", kinds=[], format="telegram"
        )
    assert not Subscription.objects.exists()


@pytest.mark.django_db
def test_the_format_is_chosen_on_the_page():
    client = Client()
    client.force_login(User.objects.create(address=WALLET))
    client.post(
        "/inbox/settings/webhook/", {"webhook": CHAT, "format": "telegram", "kinds": ["slash_pending"]}
    )
    stored = Subscription.objects.get(wallet=WALLET)
    assert (stored.webhook, stored.webhook_format) == (CHAT, "telegram")
    page = client.get("/inbox/settings/").content.decode()
    assert webhooks.standard_secret(stored.webhook_secret) in page
    assert '<option value="telegram" selected>' in page
    refused = client.post("/inbox/settings/webhook/", {"webhook": CHAT, "format": "irc"})
    assert refused.status_code == 400


def test_a_library_of_standard_webhooks_verifies_the_signature():
    from time import time

    secret, at, body = "ab" * 32, int(time()), json.dumps(EVENT).encode()
    headers = {
        "webhook-id": "event-1",
        "webhook-timestamp": str(at),
        "webhook-signature": webhooks.standard_signature(secret, "event-1", at, body),
    }
    receiver = Webhook(webhooks.standard_secret(secret))
    assert receiver.verify(body, headers) == EVENT
    with pytest.raises(WebhookVerificationError):
        receiver.verify(body + b" ", headers)
