"""Subscriptions to notifications, and deliveries."""

from __future__ import annotations

from django.db import models

from notifications import webhook_formats
from postgres.fields import AddressField
from staking.models import Event


class Subscription(models.Model):
    """A wallet's inbox and channels: the read mark, e-mail address, webhook, and the kinds for each."""

    class Format(models.TextChoices):
        JSON = webhook_formats.JSON, "JSON"
        SLACK = webhook_formats.SLACK, "Slack"
        DISCORD = webhook_formats.DISCORD, "Discord"
        TELEGRAM = webhook_formats.TELEGRAM, "Telegram"

    wallet = AddressField(primary_key=True)
    read_event = models.BigIntegerField(default=0)
    email = models.EmailField(blank=True)
    email_confirmed = models.BooleanField(default=False)
    email_kinds = models.JSONField(default=list)
    webhook = models.URLField(max_length=500, blank=True)
    webhook_secret = models.CharField(max_length=64, blank=True)
    webhook_kinds = models.JSONField(default=list)
    webhook_format = models.CharField(max_length=8, choices=Format, default=Format.JSON)

    def __str__(self) -> str:
        return f"notifications of {self.wallet}"


class Delivery(models.Model):
    """The delivery of one event to one wallet; the unique row ensures that it is sent once."""

    class Channel(models.TextChoices):
        EMAIL = "email"
        WEBHOOK = "webhook"

    class Status(models.TextChoices):
        QUEUED = "queued"
        SENT = "sent"
        FAILED = "failed"

    event = models.ForeignKey(Event, models.CASCADE, related_name="+", db_index=False)
    wallet = AddressField()
    channel = models.CharField(max_length=7, choices=Channel)
    status = models.CharField(max_length=6, choices=Status, default=Status.QUEUED)
    attempts = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    fault = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(name="notifications_delivery_once", fields=["event", "wallet", "channel"])
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                name="notifications_delivery_due",
                condition=models.Q(status="queued"),
            ),
            models.Index(fields=["wallet", "-id"], name="notifications_delivery_wallet"),
            models.Index(
                fields=["due_at"], name="notifications_delivery_over", condition=~models.Q(status="queued")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} of event {self.event_id} to {self.wallet}"
