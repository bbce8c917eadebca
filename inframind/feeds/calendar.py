"""A calendar of what comes: when a wallet's unbondings mature, and when votes close (iCalendar, RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from delegation.selectors.unbondings import unbondings_of_wallet
from governance.selectors.disputes import list_disputes
from governance.selectors.proposals import list_proposals
from inframind.feeds.plain import plain
from protocol.addresses import normalize
from protocol.amounts import format_amount
from protocol.errors import ProtocolError
from staking.models import Unbonding
from staking.services import clock

MOST = 200
LINE_BYTES = 75


@dataclass(frozen=True, slots=True)
class Date:
    """One entry of the calendar; `name` tells it from all others for good."""

    name: str
    at: datetime
    title: str
    text: str
    path: str


@require_safe
def votes_calendar(request: HttpRequest) -> HttpResponse:
    """When the votes that are open close."""
    return _answer(request, "InfraMind votes", list(_votes()))


@require_safe
def wallet_calendar(request: HttpRequest, address: str) -> HttpResponse:
    """When this wallet's unbondings mature, and when the open votes close."""
    try:
        dates = [*_unlocks(normalize(address)), *_votes()]
    except ProtocolError as error:
        return HttpResponse(
            f"{error.detail}\n", status=error.status, content_type="text/plain; charset=utf-8"
        )
    return _answer(request, "InfraMind stake and votes", dates)


def _unlocks(wallet: str) -> Iterator[Date]:
    for entry in unbondings_of_wallet(wallet, status=Unbonding.Status.OPEN, limit=MOST):
        held = " A pending slash can still reach it and holds it." if entry.held else ""
        amount = format_amount(entry.amount)
        yield Date(
            name=f"unbonding-{entry.id}",
            at=entry.matures_at,
            title=f"{amount} IFM from {entry.name} unlock",
            text=f"{amount} IFM ({entry.kind}) leave node {entry.name} and return to your wallet.{held}",
            path="/portfolio/",
        )


def _votes() -> Iterator[Date]:
    for case in list_disputes(status="voting", limit=MOST, offset=0)[0]:
        number, charge = case.dispute.pk, case.slash
        title = f"Vote on dispute {number} closes"
        text = f"Was {charge.offence} of node {charge.node.name} in epoch {charge.epoch} rightly charged?"
        yield Date(f"dispute-{number}", case.count.closes_at, title, text, f"/disputes/{number}/")
    for wish in list_proposals(status="voting", limit=MOST, offset=0)[0]:
        number, closes_at = wish.proposal.pk, wish.count.closes_at
        title = f"Vote on proposal {number} closes"
        yield Date(f"proposal-{number}", closes_at, title, wish.proposal.title, f"/proposals/{number}/")


def _answer(request: HttpRequest, name: str, dates: list[Date]) -> HttpResponse:
    lines = _calendar(
        name, dates, request.build_absolute_uri("/").rstrip("/"), request.get_host(), clock.now()
    )
    body = "".join(_folded(line) for line in lines)
    response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="inframind.ics"'
    return response


def _calendar(name: str, dates: Iterable[Date], site: str, host: str, now: datetime) -> Iterator[str]:
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//InfraMind//Staking//EN", "METHOD:PUBLISH")
    yield f"X-WR-CALNAME:{_escaped(name)}"
    for date in sorted(dates, key=lambda one: (one.at, one.name)):
        yield "BEGIN:VEVENT"
        yield f"UID:{date.name}@{host}"
        yield f"DTSTAMP:{_stamp(now)}"
        yield f"DTSTART:{_stamp(date.at)}"
        yield f"SUMMARY:{_escaped(date.title)}"
        yield f"DESCRIPTION:{_escaped(date.text)}"
        yield f"URL:{site}{date.path}"
        yield "END:VEVENT"
    yield "END:VCALENDAR"


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escaped(text: str) -> str:
    marked = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return "\\n".join(plain(line) for line in marked.splitlines())


def _folded(line: str) -> str:
    """A line cut in pieces of at most 75 octets, between characters; all but the first begin with a blank."""
    pieces, piece, size = [], "", 0
    for sign in line:
        width = len(sign.encode())
        if size + width > LINE_BYTES:
            pieces.append(piece)
            piece, size = " ", 1
        piece, size = piece + sign, size + width
    return "\r\n".join([*pieces, piece]) + "\r\n"
