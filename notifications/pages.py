"""The inbox and its settings."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from identity import counters
from identity.origin import origin
from notifications import inbox, subscriptions, webhooks
from notifications.forms import EmailForm, WebhookForm
from notifications.kinds import CATALOGUE, KINDS, Kind
from notifications.models import Delivery, Subscription
from protocol.errors import ProtocolError, RateLimited
from web import query_params
from web.listing import Pager

SIZE = 25
LISTED_DELIVERIES = 10
CHANNELS = {"email": gettext_lazy("E-mail"), "webhook": gettext_lazy("Webhook")}
STATUSES = {"queued": gettext_lazy("queued"), "sent": gettext_lazy("sent"), "failed": gettext_lazy("failed")}
EMAILS_A_MINUTE = 3


@never_cache
@login_required
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """The wallet's notifications, newest first."""
    wallet = _wallet(request)
    number, newest = query_params.page(request.GET), query_params.number(request.GET, "newest")
    count = inbox.count(wallet, newest)
    number = min(number, max(1, -(-count // SIZE)))
    listed = inbox.page(wallet, limit=SIZE, offset=(number - 1) * SIZE, newest=newest)
    if newest is None and number == 1 and listed:
        newest = listed[0].id
    pager = Pager(number, SIZE, count, () if newest is None else (("newest", str(newest)),))
    return render(request, "notifications/inbox.html", {"notifications": listed, "pager": pager})


@require_POST
@login_required
def read(request: HttpRequest) -> HttpResponse:
    """Everything up to the newest one shown is read."""
    newest = query_params.number(request.POST, "newest")
    if newest is not None:
        inbox.mark_read(_wallet(request), newest)
    return redirect("inbox")


@never_cache
@login_required
@require_GET
def choose(request: HttpRequest) -> HttpResponse:
    """Page: e-mail and webhook of the wallet's notifications."""
    return _settings(request)


@require_POST
@login_required
def save_email(request: HttpRequest) -> HttpResponse:
    form = EmailForm(request.POST, kinds=_kinds(request))
    if not form.is_valid():
        return _settings(request, email=form)
    email = form.cleaned_data["email"]
    try:
        _count(request, email)
        sent = subscriptions.set_email(
            wallet=_wallet(request), email=email, kinds=form.cleaned_data["kinds"],
            link=request.build_absolute_uri(reverse("inbox-confirm", args=["x"]))[:-2],
        )  # fmt: skip
    except ProtocolError as refusal:
        form.add_refusal(refusal)
        return _settings(request, email=form)
    messages.success(request, gettext("Open the link in the e-mail we sent.") if sent else gettext("Saved."))
    return redirect("inbox-settings")


@require_POST
@login_required
def save_webhook(request: HttpRequest) -> HttpResponse:
    form = WebhookForm(request.POST, kinds=_kinds(request))
    if not form.is_valid():
        return _settings(request, webhook=form)
    try:
        subscriptions.set_webhook(
            wallet=_wallet(request), url=form.cleaned_data["webhook"], kinds=form.cleaned_data["kinds"],
            format=form.cleaned_data["format"] or Subscription.Format.JSON,
        )  # fmt: skip
    except ProtocolError as refusal:
        form.add_refusal(refusal)
        return _settings(request, webhook=form)
    messages.success(request, gettext("Saved."))
    return redirect("inbox-settings")


@never_cache
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The link in the e-mail: GET shows a button, POST confirms, so that a mail scanner confirms nothing."""
    if request.method == "GET":
        return render(request, "notifications/confirm.html", {"token": token})
    try:
        subscriptions.confirm_email(token)
    except ProtocolError as error:
        return render(request, "notifications/confirm.html", {"error": error}, status=error.status)
    return render(request, "notifications/confirm.html", {"done": True})


def _settings(
    request: HttpRequest, *, email: EmailForm | None = None, webhook: WebhookForm | None = None
) -> HttpResponse:
    """The page; `email` and `webhook` are forms that were refused."""
    wallet, kinds = _wallet(request), _kinds(request)
    subscription = subscriptions.subscription_of(wallet)
    context = {
        "subscription": subscription,
        "email": email
        or EmailForm(initial={"email": subscription.email, "kinds": subscription.email_kinds}, kinds=kinds),
        "webhook": webhook
        or WebhookForm(
            initial={
                "webhook": subscription.webhook,
                "kinds": subscription.webhook_kinds,
                "format": subscription.webhook_format,
            },
            kinds=kinds,
        ),
        "standard_secret": webhooks.standard_secret(subscription.webhook_secret),
        "deliveries": _deliveries(wallet),
    }
    status = next((form.status for form in (email, webhook) if form), 200)
    return render(request, "notifications/settings.html", context, status=status)


def _deliveries(wallet: str) -> list[dict[str, Any]]:
    """The last deliveries to a wallet, in words."""
    rows = Delivery.objects.filter(wallet=wallet).select_related("event").order_by("-id")[:LISTED_DELIVERIES]
    return [
        {
            "channel": CHANNELS[row.channel],
            "kind": KINDS[row.event.kind].label if row.event.kind in KINDS else row.event.kind,
            "event_id": row.event_id,
            "status": STATUSES[row.status],
            "attempts": row.attempts,
            "fault": row.fault,
        }
        for row in rows
    ]


def _kinds(request: HttpRequest) -> list[Kind]:
    """The kinds that the reader can choose."""
    return [kind for kind in CATALOGUE if request.user.is_staff or not kind.for_staff]


def _count(request: HttpRequest, email: str) -> None:
    """Limit confirmation e-mails for each address and for each caller, whatever the wallet."""
    if not email or not settings.INFRAMIND_RATE_LIMITS:
        return
    mailbox = sha256(email.lower().encode()).hexdigest()
    for name, limit in ((_wallet(request), 1), (mailbox, 1), (origin(request), 10)):
        if counters.count(f"emails:{name}", limit=limit * EMAILS_A_MINUTE) is not None:
            raise RateLimited


def _wallet(request: HttpRequest) -> str:
    return str(getattr(request.user, "address", ""))
