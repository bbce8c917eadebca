"""Language, time zone and number style of a reader, stored in cookies like the theme.

The API always uses English, UTC and plain numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from web.formatting import STYLES, style_of, write_numbers
from web.forms import PageForm
from web.theme import COOKIE_SECONDS

LANGUAGE, ZONE, NUMBERS = settings.LANGUAGE_COOKIE_NAME, "zone", "numbers"
PROGRAMS = ("/api/", "/metrics", "/healthz", "/readyz")
Handler = Callable[[HttpRequest], HttpResponse]


class Preferences:
    """Middleware: applies the reader's language, time zone and number style to a request."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(PROGRAMS):
            with translation.override("en"):
                return self.get_response(request)
        language = language_of(request)
        with (
            translation.override(language),
            timezone.override(zone_of(request)),
            write_numbers(numbers_of(request, language)),
        ):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


class PreferencesForm(PageForm):
    """Language, time zone and number style; an empty choice follows the browser."""

    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)
    zone = forms.ChoiceField(label=gettext_lazy("Time zone"), required=False)
    numbers = forms.ChoiceField(label=gettext_lazy("Numbers"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)
        choices = {
            "language": [("", gettext("as the browser asks")), *settings.LANGUAGES],
            "zone": [("", gettext("UTC, as the protocol counts")), *((name, name) for name in zones())],
            "numbers": [("", gettext("as the language writes them"))]
            + [(name, style.example) for name, style in STYLES.items()],
        }
        for name, options in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = options


@never_cache
@require_http_methods(["GET", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """The form; saving stores each choice in a cookie."""
    cookies = {"language": LANGUAGE, "zone": ZONE, "numbers": NUMBERS}
    if request.method != "POST":
        initial = {name: request.COOKIES.get(cookie, "") for name, cookie in cookies.items()}
        return render(request, "staking/preferences.html", {"form": PreferencesForm(initial=initial)})
    form = PreferencesForm(request.POST)
    if not form.is_valid():
        return render(request, "staking/preferences.html", {"form": form}, status=form.status)
    response = HttpResponseRedirect(reverse("preferences"), status=303)
    for name, cookie in cookies.items():
        if form.cleaned_data[name]:
            response.set_cookie(cookie, form.cleaned_data[name], max_age=COOKIE_SECONDS, samesite="Lax")
        else:
            response.delete_cookie(cookie, samesite="Lax")
    return response


def language_of(request: HttpRequest) -> str:
    """The cookie's language, or the first of the browser's that is available."""
    offered = dict(settings.LANGUAGES)
    chosen = request.COOKIES.get(LANGUAGE, "")
    if chosen in offered:
        return chosen
    for part in request.headers.get("Accept-Language", "")[:200].split(","):
        code = part.split(";")[0].strip().lower().partition("-")[0]
        if code in offered:
            return code
    return settings.LANGUAGE_CODE


def zone_of(request: HttpRequest) -> ZoneInfo:
    """The cookie's time zone; UTC unless it names one."""
    name = request.COOKIES.get(ZONE, "")
    return ZoneInfo(name if name in zones() else "UTC")


def numbers_of(request: HttpRequest, language: str) -> str:
    """The cookie's number style, or that of the language."""
    chosen = request.COOKIES.get(NUMBERS, "")
    return chosen if chosen in STYLES else style_of(language)


def is_usual(request: HttpRequest) -> bool:
    """True if the reader chose neither zone nor numbers: then pages are those of everybody with the language."""
    return ZONE not in request.COOKIES and NUMBERS not in request.COOKIES


@cache
def zones() -> tuple[str, ...]:
    """Time zones by city, and UTC."""
    areas = (
        "Africa",
        "America",
        "Antarctica",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    )
    return ("UTC", *sorted(name for name in available_timezones() if name.split("/")[0] in areas))
