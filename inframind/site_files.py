"""Files that programs look for at fixed addresses: robots.txt, favicon.ico, security.txt."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.templatetags.static import static
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

# Personal pages and results of forms do not belong into a search index.
ROBOTS = """User-agent: *
Disallow: /admin/
Disallow: /api/
Disallow: /operator/
Disallow: /portfolio/
Disallow: /signin/
Disallow: /tokens/
Disallow: /*?
"""
# RFC 9116 recommends less than a year.
VALID = timedelta(days=90)


@require_safe
@cache_control(public=True, max_age=86_400)
def robots(request: HttpRequest) -> HttpResponse:
    return HttpResponse(ROBOTS, content_type="text/plain; charset=utf-8")


@require_safe
@cache_control(public=True, max_age=86_400)
def favicon(request: HttpRequest) -> HttpResponse:
    """The icon for readers that do not look at the page's own link to it."""
    return HttpResponseRedirect(static("favicon.svg"))


@require_safe
@cache_control(public=True, max_age=3_600)
def security(request: HttpRequest) -> HttpResponse:
    """Contact for reports of vulnerabilities (RFC 9116); 404 where no contact is configured."""
    if not settings.INFRAMIND_SECURITY_CONTACT:
        raise Http404
    expires = (timezone.now() + VALID).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [
        f"Contact: {settings.INFRAMIND_SECURITY_CONTACT}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en, de",
        f"Canonical: {request.build_absolute_uri(request.path)}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
