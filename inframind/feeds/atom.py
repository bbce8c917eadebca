"""An Atom feed of what was settled and who was charged with what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.http import require_safe

from governance.models import Dispute, Proposal
from inframind.feeds.plain import plain
from protocol.addresses import checksum
from protocol.amounts import format_amount
from staking.models import Epoch
from staking.selectors import epochs, slashes

MOST = 60


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the feed."""

    at: datetime
    title: str
    text: str
    path: str
    name: str


@require_safe
def atom(request: HttpRequest) -> HttpResponse:
    """The newest settlements, slashes, disputes and proposals, the latest first."""
    site = request.build_absolute_uri("/").rstrip("/")
    feed = Atom1Feed(
        title="InfraMind staking: settlements and cases",
        link=f"{site}/epochs/",
        feed_url=f"{site}{request.path}",
        description="What each epoch paid, who was charged with what, and what the DAO decides.",
        language="en",
        feed_guid=f"tag:{request.get_host().partition(':')[0]},2026:staking",
    )
    for item in newest():
        feed.add_item(
            title=plain(item.title),
            link=f"{site}{item.path}",
            description=plain(item.text),
            updateddate=item.at,
            pubdate=item.at,
            unique_id=f"tag:{request.get_host().partition(':')[0]},2026:{item.name}",
        )
    return HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")


def newest() -> list[Item]:
    """At most 60 entries over all kinds."""
    found = [*_settlements(), *_slashes(), *_disputes(), *_proposals()]
    return sorted(found, key=lambda item: (item.at, item.name), reverse=True)[:MOST]


def _settlements() -> Iterator[Item]:
    settled = epochs.epochs().filter(status=Epoch.Status.SETTLED, settled_at__isnull=False)
    for epoch in settled[:MOST]:
        text = (
            f"{format_amount(epoch.distributed or 0)} IFM of a pool of {format_amount(epoch.pool or 0)} were paid, "
            f"{format_amount(epoch.burned or 0)} burned. Merkle root {epoch.merkle_root}."
        )
        assert epoch.settled_at is not None
        title = f"Epoch {epoch.number} is settled"
        yield Item(epoch.settled_at, title, text, f"/epochs/{epoch.number}/", f"epoch-{epoch.number}")


def _slashes() -> Iterator[Item]:
    found = list(slashes.slashes()[:MOST])
    cases = dict(Dispute.objects.filter(slash__in=found).values_list("slash_id", "pk"))
    for charge in found:
        words = charge.offence.replace("_", " ")
        text = f"Charged in epoch {charge.epoch}; now {charge.status}, {format_amount(charge.slashed)} IFM slashed."
        at = charge.resolved_at or charge.created_at
        title = f"{charge.node.name}: {words} ({charge.status})"
        case = cases.get(charge.pk)
        path = f"/disputes/{case}/" if case else f"/nodes/{checksum(charge.node.address)}/"
        yield Item(at, title, text, path, f"slash-{charge.pk}-{charge.status}")


def _disputes() -> Iterator[Item]:
    for case in Dispute.objects.select_related("slash__node").order_by("-id")[:MOST]:
        title = f"Dispute {case.pk} over {case.slash.node.name}: {case.status}"
        at = case.closed_at or case.opened_at
        yield Item(at, title, case.reason, f"/disputes/{case.pk}/", f"dispute-{case.pk}-{case.status}")


def _proposals() -> Iterator[Item]:
    for wish in Proposal.objects.order_by("-id")[:MOST]:
        at = wish.closed_at or wish.opened_at
        text = ", ".join(f"{name} = {value}" for name, value in wish.changes.items())
        title = f"Proposal {wish.pk}, {wish.title}: {wish.status}"
        yield Item(at, title, text, f"/proposals/{wish.pk}/", f"proposal-{wish.pk}-{wish.status}")
