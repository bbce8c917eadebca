"""Review and confirm: one flow for every action that needs a second look, of money and of votes.

A form leads to its review, which shows what a dry run changed; the button of the review runs the action once, however
often it is sent, and leads to the result. A form that is sent by GET has its key in the address of the review, so
that going back to it after the action shows the result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from web.form_idempotency import answer_of, dry_run, is_key, new_key, run_once

KEY, EDIT = "key", "edit"
TEMPLATE = "components/review_page.html"
Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class Review:
    """The page before an action. `rows`: names and values of what it changes; `warning`: what can go wrong, or, when
    `harmless`, what is good to know; `back`: the address of the form, "" for a form that is sent by POST: then the
    view gets its values again with EDIT; `more`: context of a template that extends components/review_page.html."""

    title: str
    rows: Sequence[tuple[str, Any]]
    warning: str
    button: str
    back: str = ""
    command: str = ""
    danger: bool = False
    harmless: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """The page that a confirmed action leads to, the message shown there, and what its page needs later (JSON)."""

    location: str
    message: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Confirmation(Generic[Outcome]):
    """An action of a wallet with the values of its form.

    `name` and `fields` are what a key stands for; `fields` are sent again from the review. `run` does it, `review`
    describes the outcome of a dry run, `result` says where the real one leads, given its key. What can change once it
    ran (a balance, a status) is for `run` to refuse, not for the form: a repeated form must still be valid.
    """

    wallet: str
    name: str
    fields: Mapping[str, str]
    now: datetime
    run: Callable[[], Outcome]
    review: Callable[[Outcome], Review]
    result: Callable[[Outcome, str], Result]
    template: str = TEMPLATE


def is_confirmation(request: HttpRequest) -> bool:
    """True if the request is the confirmation of a review."""
    return request.method == "POST" and KEY in request.POST and EDIT not in request.POST


def is_edit(request: HttpRequest) -> bool:
    """True if the reader goes back from a review to a form that was sent by POST."""
    return request.method == "POST" and EDIT in request.POST


def respond(request: HttpRequest, action: Confirmation[Any]) -> HttpResponse:
    """The review of an action, or, when the request comes from it, the redirect to the result.

    Raises: what `run` raises, and nothing is changed then; `invalid` and `idempotency_conflict` for a wrong key.
    """
    if is_confirmation(request):
        return _confirm(request, action)
    key = request.GET.get(KEY, "")
    stored = stored_result(wallet=action.wallet, key=key)
    if stored is not None:
        return HttpResponseRedirect(stored["location"])
    review = action.review(dry_run(action.run))
    if request.method != "POST" and not is_key(key):
        return HttpResponseRedirect("?" + urlencode({**action.fields, KEY: new_key()}))
    return _show(request, action, review, key if is_key(key) else new_key())


def stored_result(*, wallet: str, key: str) -> dict[str, Any] | None:
    """Location, message and data of what a wallet confirmed with a key; None when nothing was."""
    return answer_of(wallet=wallet, key=key) if is_key(key) else None


def _show(request: HttpRequest, action: Confirmation[Any], review: Review, key: str) -> HttpResponse:
    fields = [*action.fields.items(), (KEY, key)]
    response = render(request, action.template, {**review.more, "review": review, "fields": fields})
    # The back button asks the server again, which knows the key of the address: once confirmed, it leads to the result.
    # A form that was sent by POST has no such address: its review is shown from the browser's cache.
    response["Cache-Control"] = "private, no-cache" if request.method == "POST" else "private, no-store"
    return response


def _confirm(request: HttpRequest, action: Confirmation[Any]) -> HttpResponse:
    key = request.POST.get(KEY, "")

    def run() -> dict[str, Any]:
        result = action.result(action.run(), key)
        return {**result.data, "location": result.location, "message": result.message}

    # The path is part of the body: one form can be about several objects.
    body = {**action.fields, "path": request.path}
    answer = run_once(wallet=action.wallet, key=key, action=action.name, body=body, now=action.now, run=run)
    if answer["message"]:
        messages.success(request, answer["message"])
    return HttpResponseRedirect(answer["location"], status=303)
