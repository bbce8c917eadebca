"""Review and confirmation of governance actions; a confirmation runs once for each review key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods

from staking.services import clock
from web.form_idempotency import new_key, run_once

KEY = "key"
View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Review:
    """A review page. `fields` are posted again with the key; `back` is the URL of the form."""

    title: str
    rows: Sequence[tuple[str, str | SafeString]]
    warning: str
    button: str
    fields: Mapping[str, str]
    back: str
    danger: bool = False
    command: str = ""


def redirect_get_to(page: str) -> Callable[[View], View]:
    """Decorate the view of a form on the page named `page`: a GET is redirected to that page."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method in ("GET", "HEAD"):
                return HttpResponseRedirect(reverse(page, kwargs=kwargs))
            return view(request, *args, **kwargs)

        return require_http_methods(["GET", "HEAD", "POST"])(guarded)

    return guard


def is_confirmation(request: HttpRequest) -> bool:
    """Return whether the form was posted by a review, which adds its key."""
    return KEY in request.POST


def show_review(request: HttpRequest, review: Review, **more: Any) -> HttpResponse:
    """Render the review with a new key in its form."""
    context = {
        "review": review,
        "fields": [*review.fields.items(), (KEY, new_key())],
        "action": request.path,
    }
    response = render(request, "governance/review.html", {**context, **more})
    # Not "no-store": going back to the review must show it with the same key.
    response["Cache-Control"] = "private, no-cache"
    return response


def run_confirmed(
    request: HttpRequest,
    wallet: str,
    *,
    action: str,
    fields: Mapping[str, str],
    run: Callable[[], tuple[str, str]],
) -> HttpResponse:
    """Run the action once for this key and redirect to its result; `run` returns (URL, message).

    Raises: what `run` raises, with nothing changed; `invalid` or `idempotency_conflict` for a wrong key.
    """

    def answer() -> dict[str, Any]:
        location, message = run()
        return {"location": location, "message": message}

    body = {**fields, "path": request.path}
    stored = run_once(
        wallet=wallet, key=request.POST.get(KEY, ""), action=action, body=body, now=clock.now(), run=answer
    )
    messages.success(request, stored["message"])
    return HttpResponseRedirect(stored["location"], status=303)
