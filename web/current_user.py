"""The signed-in wallet, views that need one, and where a reader continues after signing in."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

View = Callable[..., HttpResponse]
# Fields of forms with texts that people write.
TEXTS = ("title", "body", "reason", "text", "link")


def signed_in_wallet(request: HttpRequest) -> str | None:
    """The address of the signed-in wallet; None for anonymous readers."""
    user: Any = getattr(request, "user", None)
    return user.address if user is not None and user.is_authenticated else None


def return_address(request: HttpRequest) -> str:
    """The address with its query at which a reader continues after signing in or changing the theme.

    A cached page has that of its cache key; for a POST it is the page with the form.
    """
    address = getattr(request, "return_to", "")
    if address:
        return str(address)
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    former = urlsplit(request.headers.get("Referer", ""))
    if former.netloc != request.get_host():
        return "/"
    return former.path + (f"?{former.query}" if former.query else "")


def wallet_required(view: View) -> View:
    """Decorate a view that gets the signed-in wallet as second argument; anonymous readers get the sign-in card.

    The card is a page with status 200 for a GET, so that no link of the site is dead, and 401 for a POST. It repeats
    the texts of a POST, so that nothing that somebody wrote is lost.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        wallet = signed_in_wallet(request)
        if wallet is None:
            status = 200 if request.method in ("GET", "HEAD") else 401
            if request.headers.get("HX-Request"):
                # htmx would replace the form, and with it what was typed.
                return HttpResponse(status=401)
            texts = [text for name in TEXTS if (text := request.POST.get(name, "").strip())]
            return render(request, "staking/signin.html", {"texts": texts}, status=status)
        response = view(request, wallet, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return guarded
