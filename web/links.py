"""Links to pages of other houses, by the name of their URL: staking knows the names, not the houses."""

from __future__ import annotations

from django.urls import NoReverseMatch, reverse


def link(name: str, *args: object) -> str:
    """The address of a page; "" in an installation that does not have it."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
