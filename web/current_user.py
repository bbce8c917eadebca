"""The signed-in wallet, and views that need one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

View = Callable[..., HttpResponse]


def signed_in_wallet(request: HttpRequest) -> str | None:
    """The address of the signed-in wallet; None for anonymous readers."""
    user: Any = getattr(request, "user", None)
    return user.address if user is not None and user.is_authenticated else None


def wallet_required(view: View) -> View:
    """Decorate a view that gets the signed-in wallet as second argument; anonymous readers get the sign-in card.

    The card is a page with status 200 for a GET, so that no link of the site is dead, and 401 for a POST.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        wallet = signed_in_wallet(request)
        if wallet is None:
            status = 200 if request.method in ("GET", "HEAD") else 401
            if request.headers.get("HX-Request"):
                # htmx would replace the form, and with it what was typed.
                return HttpResponse(status=401)
            return render(request, "staking/signin.html", status=status)
        response = view(request, wallet, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return guarded
