"""`/theme/`: light or dark, stored in a cookie, for readers without JavaScript (ui.js does it on the page)."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from web.return_page import return_page

THEMES = ("light", "dark")
COOKIE = "theme"
# How long a browser keeps what a reader chose: a year.
COOKIE_SECONDS = 31_536_000


class ThemeForm(forms.Form):
    """The button of the top bar; `next` is the page that it is on."""

    theme = forms.ChoiceField(choices=[(name, name) for name in THEMES])
    next = forms.CharField(required=False)


# Exempt from CSRF, so that pages with this form can be cached for all readers; it changes this cookie only.
@csrf_exempt
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    form = ThemeForm(request.POST)
    is_valid = form.is_valid()
    response = HttpResponseRedirect(return_page(request, form.cleaned_data.get("next", "")) or "/")
    if is_valid:
        response.set_cookie(COOKIE, form.cleaned_data["theme"], max_age=COOKIE_SECONDS, samesite="Lax")
    return response


def theme_of(request: HttpRequest) -> str:
    """ "light", "dark", or "" when the reader follows the system."""
    theme = request.COOKIES.get(COOKIE, "")
    return theme if theme in THEMES else ""
