"""The inbox and its settings."""

from __future__ import annotations

from hashlib import sha256

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from identity import counters
from identity.origin import origin
from notifications import inbox, subscriptions
from notifications.kinds import CATALOGUE
from notifications.models import Delivery
from protocol.errors import ProtocolError, RateLimited
from web.listing import Pager

SIZE = 25
LETTERS_A_MINUTE = 3


@never_cache
@login_required
@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """The wallet's notices, newest first."""
    wallet = _wallet(request)
    asked = request.GET.get("page", "1")
    count = inbox.count(wallet)
    pages = max(1, -(-count // SIZE))
    known = asked.isascii() and asked.isdigit() and len(asked) < 10
    number = min(max(int(asked), 1), pages) if known else 1
    found = inbox.page(wallet, limit=SIZE, offset=(number - 1) * SIZE)
    pager = Pager(number=number, size=SIZE, count=count)
    return render(request, "notifications/inbox.html", {"notices": found, "pager": pager})


@require_POST
@login_required
def read(request: HttpRequest) -> HttpResponse:
    """Everything up to the newest one shown is read."""
    newest = request.POST.get("newest", "")
    if newest.isascii() and newest.isdigit() and len(newest) < 19:
        inbox.mark_read(_wallet(request), int(newest))
    return redirect("inbox")


@never_cache
@login_required
@require_GET
def choose(request: HttpRequest) -> HttpResponse:
    """Where notices go besides the inbox."""
    return _settings(request)


@require_POST
@login_required
def save_email(request: HttpRequest) -> HttpResponse:
    email = request.POST.get("email", "").strip()
    try:
        _count(request, email)
        sent = subscriptions.set_email(
            wallet=_wallet(request),
            email=email,
            kinds=request.POST.getlist("kinds"),
            link=request.build_absolute_uri(reverse("inbox-confirm", args=["x"]))[:-2],
        )
    except ProtocolError as error:
        return _settings(request, error)
    messages.success(
        request, gettext("Open the link in the letter we sent.") if sent else gettext("Your choice is kept.")
    )
    return redirect("inbox-settings")


@require_POST
@login_required
def save_webhook(request: HttpRequest) -> HttpResponse:
    try:
        subscriptions.set_webhook(
            wallet=_wallet(request),
            url=request.POST.get("webhook", "").strip(),
            kinds=request.POST.getlist("kinds"),
        )
    except ProtocolError as error:
        return _settings(request, error)
    messages.success(request, gettext("Your choice is kept."))
    return redirect("inbox-settings")


@never_cache
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the letter: it asks, and a POST confirms, so that a scanner of mail confirms nothing."""
    if request.method == "GET":
        return render(request, "notifications/confirm.html", {"token": token})
    try:
        subscriptions.confirm_email(token)
    except ProtocolError as error:
        return render(request, "notifications/confirm.html", {"error": error}, status=error.status)
    return render(request, "notifications/confirm.html", {"done": True})


def _settings(request: HttpRequest, error: ProtocolError | None = None) -> HttpResponse:
    wallet = _wallet(request)
    context = {
        "subscription": subscriptions.subscription_of(wallet),
        "kinds": [kind for kind in CATALOGUE if request.user.is_staff or not kind.for_staff],
        "deliveries": Delivery.objects.filter(wallet=wallet).select_related("event").order_by("-id")[:10],
        "error": error,
    }
    return render(request, "notifications/settings.html", context, status=error.status if error else 200)


def _count(request: HttpRequest, email: str) -> None:
    """Few letters to a mailbox, whoever asks, and few from one place, whichever wallet it signs in with."""
    if not email or not settings.INFRAMIND_RATE_LIMITS:
        return
    mailbox = sha256(email.lower().encode()).hexdigest()
    for name, limit in ((_wallet(request), 1), (mailbox, 1), (origin(request), 10)):
        if counters.count(f"letters:{name}", limit=limit * LETTERS_A_MINUTE) is not None:
            raise RateLimited


def _wallet(request: HttpRequest) -> str:
    return str(getattr(request.user, "address", ""))
