"""How a reader likes to read: language, time zone and the writing of numbers, kept in cookies as the theme is.

The API speaks English, UTC and plain numbers to everybody.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from web.formatting import STYLES, style_of, write_numbers

YEAR_SECONDS = 31_536_000
LANGUAGE, ZONE, NUMBERS = settings.LANGUAGE_COOKIE_NAME, "zone", "numbers"
PROGRAMS = ("/api/", "/metrics", "/healthz", "/readyz")
Handler = Callable[[HttpRequest], HttpResponse]


class Preferences:
    """Middleware: language, zone and numbers of the reader for the length of a request."""

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


@never_cache
@require_http_methods(["GET", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """The page that asks, and its form; what is not chosen follows the browser."""
    if request.method != "POST":
        context = {
            "languages": settings.LANGUAGES,
            "language": request.COOKIES.get(LANGUAGE, ""),
            "zones": zones(),
            "zone": request.COOKIES.get(ZONE, ""),
            "styles": [(name, style.example) for name, style in STYLES.items()],
            "numbers": request.COOKIES.get(NUMBERS, ""),
        }
        return render(request, "staking/preferences.html", context)
    response = HttpResponseRedirect(reverse("preferences"))
    offered = {LANGUAGE: dict(settings.LANGUAGES), ZONE: set(zones()), NUMBERS: STYLES}
    for cookie, among in offered.items():
        wanted = request.POST.get(cookie, "")
        if wanted in among:
            response.set_cookie(cookie, wanted, max_age=YEAR_SECONDS, samesite="Lax")
        elif not wanted:
            response.delete_cookie(cookie, samesite="Lax")
    return response


def language_of(request: HttpRequest) -> str:
    """The cookie's language, or the first that the browser asks for and we have."""
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
    """The cookie's way of writing numbers, or the language's own."""
    chosen = request.COOKIES.get(NUMBERS, "")
    return chosen if chosen in STYLES else style_of(language)


def is_usual(request: HttpRequest) -> bool:
    """Whether the reader differs from others of the same language in nothing that a page would show."""
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
