"""Calendars (iCalendar, RFC 5545): when a wallet's unbondings mature, and when votes close."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from icalendar import Event

MAX_EVENTS = 200


@dataclass(frozen=True, slots=True)
class Deadline:
    """An event of a calendar. `name` identifies it on its site for good."""

    name: str
    at: datetime
    title: str
    text: str
    path: str


@require_safe
def votes_calendar(request: HttpRequest) -> HttpResponse:
    """Calendar of the open votes' ends."""
    return _calendar(request, "InfraMind votes", _votes())


@require_safe
def wallet_calendar(request: HttpRequest, address: str) -> HttpResponse:
    """Calendar of this wallet's maturing unbondings and of the open votes' ends."""
    try:
        deadlines = [*_unbondings(normalize(address)), *_votes()]
    except ProtocolError as error:
        return HttpResponse(
            f"{error.detail}\n", status=error.status, content_type="text/plain; charset=utf-8"
        )
    return _calendar(request, "InfraMind stake and votes", deadlines)


def _unbondings(wallet: str) -> Iterator[Deadline]:
    for entry in unbondings_of_wallet(
        wallet, now=clock.now(), status=Unbonding.Status.OPEN, limit=MAX_EVENTS
    ):
        held = " A pending slash can still reach it and holds it." if entry.reached else ""
        amount = format_amount(entry.amount)
        yield Deadline(
            name=f"unbonding-{entry.id}",
            at=entry.matures_at,
            title=f"{amount} IFM from {entry.name} mature",
            text=f"{amount} IFM ({entry.kind}) of node {entry.name} return to your wallet.{held}",
            path="/portfolio/",
        )


def _votes() -> Iterator[Deadline]:
    for figures in list_disputes(status="voting", limit=MAX_EVENTS, offset=0)[0]:
        number, slash = figures.dispute.pk, figures.slash
        title = f"Vote on dispute {number} closes"
        offence = slash.offence.replace("_", " ")
        text = f"Is the slash of node {slash.node.name} for {offence} in epoch {slash.epoch} right?"
        yield Deadline(f"dispute-{number}", figures.count.closes_at, title, text, f"/disputes/{number}/")
    for row in list_proposals(status="voting", limit=MAX_EVENTS, offset=0)[0]:
        number, closes_at = row.proposal.pk, row.count.closes_at
        title = f"Vote on proposal {number} closes"
        yield Deadline(f"proposal-{number}", closes_at, title, row.proposal.title, f"/proposals/{number}/")


def _calendar(request: HttpRequest, name: str, deadlines: Iterable[Deadline]) -> HttpResponse:
    # Imported here: nothing else of the site needs it.
    from icalendar import Calendar

    calendar, now = Calendar(), clock.now()
    for key, value in (
        ("version", "2.0"), ("prodid", "-//InfraMind//Staking//EN"), ("method", "PUBLISH"), ("x-wr-calname", name),
    ):  # fmt: skip
        calendar.add(key, value)
    for deadline in sorted(deadlines, key=lambda one: (one.at, one.name)):
        calendar.add_component(_event(request, deadline, now))
    response = HttpResponse(calendar.to_ical(sorted=False), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="inframind.ics"'
    return response


def _event(request: HttpRequest, deadline: Deadline, now: datetime) -> Event:
    from icalendar import Event

    event = Event()
    event.add("uid", f"{deadline.name}@{request.get_host()}")
    event.add("dtstamp", _seconds(now))
    event.add("dtstart", _seconds(deadline.at))
    event.add("summary", plain(deadline.title))
    event.add("description", plain(deadline.text))
    event.add("url", request.build_absolute_uri(deadline.path))
    return event


def _seconds(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)
