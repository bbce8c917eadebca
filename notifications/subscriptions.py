"""Channels of a wallet's notifications: its e-mail address, once confirmed, and its webhook."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

import structlog
from django.core import mail, signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from notifications import webhook_formats, webhooks
from notifications.kinds import CHOSEN, KINDS
from notifications.models import Subscription
from protocol.errors import Invalid

log = structlog.get_logger(__name__)

SALT = "notifications.email"
CONFIRM_SECONDS = 2 * 86_400


def subscription_of(wallet: str) -> Subscription:
    """The wallet's choices; the usual ones when it never made any."""
    subscription = Subscription.objects.filter(wallet=wallet).first()
    return subscription or Subscription(wallet=wallet, email_kinds=list(CHOSEN), webhook_kinds=list(CHOSEN))


def set_email(*, wallet: str, email: str, kinds: Iterable[str], link: str) -> bool:
    """Store an e-mail address and its kinds; a new address gets an e-mail with `link` + a token to confirm it.

    An empty address ends the e-mails. Returns whether one was sent. Raises: `invalid`; nothing is stored then.
    """
    if email:
        _check_email(email)
    with transaction.atomic():
        subscription = _locked(wallet)
        changed = email != subscription.email
        subscription.email, subscription.email_kinds = email, _known(kinds)
        subscription.email_confirmed = subscription.email_confirmed and not changed
        subscription.save(update_fields=["email", "email_kinds", "email_confirmed"])
        confirming = bool(email) and not subscription.email_confirmed
        if confirming:
            _ask(wallet, email, link)
        return confirming


def confirm_email(token: str) -> str:
    """Confirm the address of the token in an opened link and return its wallet. Raises: `invalid`."""
    try:
        wallet, email = signing.loads(token, salt=SALT, max_age=CONFIRM_SECONDS)
    except signing.BadSignature:
        raise Invalid("This link is too old or not whole: save the address again for a new one.") from None
    if not Subscription.objects.filter(wallet=wallet, email=email).update(email_confirmed=True):
        raise Invalid("The address was changed since: use the link in the newest e-mail.")
    return str(wallet)


def set_webhook(
    *, wallet: str, url: str, kinds: Iterable[str], format: str = webhook_formats.JSON
) -> Subscription:
    """Store a webhook, its kinds and its format; the first time it gets a secret. An empty URL ends it.

    Raises: `invalid`.
    """
    if url:
        webhooks.check_url(url)
        webhook_formats.check(format, url)
    with transaction.atomic():
        subscription = _locked(wallet)
        subscription.webhook, subscription.webhook_kinds = url, _known(kinds)
        subscription.webhook_secret = subscription.webhook_secret or secrets.token_hex(32)
        subscription.webhook_format = format
        subscription.save(update_fields=["webhook", "webhook_kinds", "webhook_secret", "webhook_format"])
        return subscription


def _ask(wallet: str, email: str, link: str) -> None:
    token = signing.dumps([wallet, email], salt=SALT)
    try:
        mail.send_mail(
            "Confirm your address for InfraMind notifications",
            f"Somebody asked to send notifications of the wallet {wallet} to this address. If it was you, open"
            f"\n\n{link}{token}/\n\nwithin two days. If not, do nothing: you will get no other e-mail.",
            None,
            [email],
        )
    except OSError as error:
        log.error("confirmation_email_not_sent", error=str(error))
        raise Invalid("Try again in a moment: the e-mail could not be sent.", field="email") from error


def _locked(wallet: str) -> Subscription:
    usual = {"email_kinds": list(CHOSEN), "webhook_kinds": list(CHOSEN)}
    Subscription.objects.get_or_create(wallet=wallet, defaults=usual)
    return Subscription.objects.select_for_update().get(wallet=wallet)


def _known(kinds: Iterable[str]) -> list[str]:
    chosen = set(kinds)
    return [name for name in KINDS if name in chosen]


def _check_email(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError:
        raise Invalid("Enter an e-mail address such as name@example.org.", field="email") from None
