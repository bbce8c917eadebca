"""Template context of every page: the network's clock and open epoch, versions of the footer, signed-in wallet."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from notifications import inbox
from postgres.batched_reads import batched_reads
from protocol.amounts import BPS
from staking.selectors.page_context import EpochStatus, NetworkStatus, live_version, network_status
from web.theme import theme_of

# How late a settlement or a ranking may be before readers are told.
PATIENCE = timedelta(minutes=2)
# State of an epoch that has ended, by the reason for which figures are stale.
AFTER_ITS_END = {"halted": "halted", "held": "delayed", "unsettled": "delayed"}


def chrome(request: HttpRequest) -> dict[str, Any]:
    """Context of templates/base.html, in one query. Unknown is None: a network without a ranking, a reader who is
    not signed in."""
    wallet = _wallet(request)
    with batched_reads() as reads:
        status_read = reads.submit(network_status)
        unread = reads.submit(inbox.unread, wallet) if wallet else None
    status = status_read.result()
    offset = _offset_ms(status)
    now = getattr(request, "as_of", timezone.now()) + timedelta(milliseconds=offset)
    epoch = status.epoch
    stale = _stale(status, now)
    return {
        "now": now,
        "clock_offset_ms": offset,
        "network": settings.INFRAMIND_NETWORK,
        "theme": theme_of(request),
        "open_epoch": None if epoch is None else _epoch(epoch, now, stale),
        "parameters_version": None if epoch is None else epoch.parameters_version,
        "ranking": status.ranking,
        "stale": stale,
        "live_version": live_version(status),
        "wallet": wallet,
        "unread": unread.result() if unread else 0,
    }


def _offset_ms(status: NetworkStatus) -> int:
    return 0 if settings.INFRAMIND_NETWORK == "production" else status.offset_ms


def _stale(status: NetworkStatus, now: datetime) -> str:
    """Return the reason for stale figures: "halted", "held", "unsettled" or "unranked"; "" when they are current."""
    if status.halted:
        return "halted"
    if status.held:
        return "held"
    if status.epoch is not None and now > status.epoch.end + PATIENCE:
        return "unsettled"
    return "unranked" if status.ranking is not None and now > status.ranking.next_at + PATIENCE else ""


def _epoch(epoch: EpochStatus, now: datetime, stale: str) -> dict[str, Any]:
    gone, length = now - epoch.start, epoch.end - epoch.start
    return {
        "number": epoch.number,
        "start": epoch.start,
        "end": epoch.end,
        "progress_bps": min(max(gone * BPS // length, 0), BPS),
        "state": _state(epoch, now, stale),
    }


def _state(epoch: EpochStatus, now: datetime, stale: str) -> str:
    """ "" while it runs, then "settling", "delayed" or "halted"."""
    if epoch.status == "settling":
        return "settling"
    return AFTER_ITS_END.get(stale, "settling") if now >= epoch.end else ""


def _wallet(request: HttpRequest) -> str | None:
    user = getattr(request, "user", None)
    return user.address if user is not None and user.is_authenticated else None
