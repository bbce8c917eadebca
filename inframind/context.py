"""What frames every page: the network's clock and open epoch, the versions in the footer, and who is reading."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from staking.protocol.amounts import BPS
from staking.selectors import epochs, rankings
from staking.services import clock

THEMES = ("light", "dark")


def chrome(request: HttpRequest) -> dict[str, Any]:
    """Context of templates/base.html. Unknown is None: a network without a ranking, a reader who is not signed in."""
    now = clock.now()
    epoch = epochs.open_epoch()
    theme = request.COOKIES.get("theme", "")
    return {
        "now": now,
        "network": settings.INFRAMIND_NETWORK,
        "theme": theme if theme in THEMES else "",
        "open_epoch": None if epoch is None else _epoch(epoch, now),
        "parameters_version": None if epoch is None else epoch.parameters_id,
        "ranking": _ranking(),
        "wallet": _wallet(request),
        "unread": 0,
    }


def _epoch(epoch: Any, now: Any) -> dict[str, Any]:
    gone, length = now - epoch.start, epoch.end - epoch.start
    return {
        "number": epoch.number,
        "start": epoch.start,
        "end": epoch.end,
        "progress_bps": min(max(gone * BPS // length, 0), BPS),
        "settling": epoch.status == "settling" or now >= epoch.end,
    }


def _ranking() -> dict[str, Any] | None:
    latest = rankings.latest()
    if latest is None:
        return None
    return {"id": latest.id, "computed_at": latest.computed_at, "next_at": getattr(latest, "next_at", None)}


def _wallet(request: HttpRequest) -> str | None:
    user = getattr(request, "user", None)
    return user.address if user is not None and user.is_authenticated else None
