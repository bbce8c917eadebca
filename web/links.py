"""Links by URL name to pages of packages that may not be installed."""

from __future__ import annotations

from django.urls import NoReverseMatch, reverse


def link(name: str, *args: object) -> str:
    """The address of a page; "" in an installation that does not have it."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
