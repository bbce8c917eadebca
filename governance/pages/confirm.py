"""The second and third step of every act of the DAO: review, then do it once per key."""

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
    """What will happen when the button is pressed. `fields` are sent again with the key; `back` leads to the form."""

    title: str
    rows: Sequence[tuple[str, str | SafeString]]
    warning: str
    button: str
    fields: Mapping[str, str]
    back: str
    danger: bool = False
    command: str = ""


def sent_from(page: str) -> Callable[[View], View]:
    """A view that only takes what the form on `page` sends; who comes to its address otherwise is led there."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method in ("GET", "HEAD"):
                return HttpResponseRedirect(reverse(page, kwargs=kwargs))
            return view(request, *args, **kwargs)

        return require_http_methods(["GET", "HEAD", "POST"])(guarded)

    return guard


def is_confirmation(request: HttpRequest) -> bool:
    """Whether the review was seen: its key is with the form."""
    return KEY in request.POST


def show_review(request: HttpRequest, review: Review, **more: Any) -> HttpResponse:
    """The review with a new key for its form."""
    context = {"review": review, "fields": [*review.fields.items(), (KEY, new_key())], "act": request.path}
    response = render(request, "governance/review.html", {**context, **more})
    # Not "no-store": a reader who goes back to the review is to find it, with its key.
    response["Cache-Control"] = "private, no-cache"
    return response


def carry_out(
    request: HttpRequest,
    wallet: str,
    *,
    act: str,
    fields: Mapping[str, str],
    do: Callable[[], tuple[str, str]],
) -> HttpResponse:
    """Do it unless this key did it before, and lead to the result; `do` answers with where that is and what to say.

    Raises: what `do` raises, then nothing is changed; `invalid`, `idempotency_conflict` for a key that does not fit.
    """

    def run() -> dict[str, Any]:
        location, said = do()
        return {"location": location, "said": said}

    body = {**fields, "path": request.path}
    answer = run_once(
        wallet=wallet, key=request.POST.get(KEY, ""), action=act, body=body, now=clock.now(), run=run
    )
    messages.success(request, answer["said"])
    return HttpResponseRedirect(answer["location"], status=303)
