"""Who reads: a page of one's own shows the sign-in card to those who have not signed in."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

View = Callable[..., HttpResponse]


def reader_of(request: HttpRequest) -> str | None:
    """The wallet that is signed in; None when nobody is."""
    user: Any = getattr(request, "user", None)
    return user.address if user is not None and user.is_authenticated else None


def of_reader(view: View) -> View:
    """A view of the reader's own matters: it is given the wallet; others see the card that asks to sign in.

    That card is a page like any other (200), so that no link of the site is dead; an act without a reader is a 401.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        wallet = reader_of(request)
        if wallet is None:
            status = 200 if request.method in ("GET", "HEAD") else 401
            if request.headers.get("HX-Request"):
                # A part of a page has no room for the card, and what was typed there shall stay.
                return HttpResponse(status=401)
            return render(request, "staking/signin.html", status=status)
        response = view(request, wallet, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return guarded
