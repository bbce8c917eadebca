"""The Atom feed (RFC 4287) of settlements, slashes, disputes and proposals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from django.contrib.syndication.views import Feed
from django.http import HttpRequest
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import linebreaks

from governance.models import Dispute, Proposal
from inframind.feeds.plain import plain
from protocol.addresses import checksum
from protocol.amounts import format_amount
from staking.models import Epoch
from staking.selectors import epochs, slashes

MAX_ENTRIES = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the feed. `name` identifies it on its site for good; a new state is a new entry."""

    at: datetime
    title: str
    text: str
    path: str
    name: str


@dataclass(frozen=True, slots=True)
class Site:
    """The site as the reader reached it."""

    host: str

    def id_of(self, name: str) -> str:
        """A permanent id (RFC 4287, 4.2.6): the same for every port, valid for every host, an IPv6 address too."""
        return f"urn:uuid:{uuid5(NAMESPACE_URL, f'//{self.host}/{name}')}"


class NewestFeed(Feed):
    """The newest entries over all kinds, the latest first."""

    feed_type = Atom1Feed
    title = "InfraMind staking: settlements, slashes and votes"
    subtitle = "What each epoch paid, which nodes were slashed, and what the DAO votes on."
    link = "/epochs/"
    author_name = "InfraMind staking"
    language = "en"

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Site:
        return Site(urlsplit(f"//{request.get_host()}").hostname or "")

    def feed_guid(self, site: Site) -> str:
        return site.id_of("feed")

    def items(self, site: Site) -> list[tuple[Site, Entry]]:
        return [(site, entry) for entry in newest()]

    def item_title(self, item: tuple[Site, Entry]) -> str:
        return plain(item[1].title)

    def item_description(self, item: tuple[Site, Entry]) -> str:
        # The summary is written as type="html": text of people is escaped.
        return linebreaks(plain(item[1].text), autoescape=True)

    def item_link(self, item: tuple[Site, Entry]) -> str:
        return item[1].path

    def item_guid(self, item: tuple[Site, Entry]) -> str:
        return item[0].id_of(item[1].name)

    def item_pubdate(self, item: tuple[Site, Entry]) -> datetime:
        return item[1].at

    def item_updateddate(self, item: tuple[Site, Entry]) -> datetime:
        return item[1].at


def newest() -> list[Entry]:
    """At most 60 entries over all kinds, the latest first."""
    entries = [*_settlements(), *_slashes(), *_disputes(), *_proposals()]
    return sorted(entries, key=lambda entry: (entry.at, entry.name), reverse=True)[:MAX_ENTRIES]


def _settlements() -> Iterator[Entry]:
    settled = epochs.epochs().filter(status=Epoch.Status.SETTLED, settled_at__isnull=False)
    for epoch in settled[:MAX_ENTRIES]:
        text = (
            f"{format_amount(epoch.distributed or 0)} IFM of a pool of {format_amount(epoch.pool or 0)} IFM were "
            f"distributed, {format_amount(epoch.burned or 0)} IFM burned. Merkle root {epoch.merkle_root}."
        )
        assert epoch.settled_at is not None
        title = f"Epoch {epoch.number} is settled"
        yield Entry(epoch.settled_at, title, text, f"/epochs/{epoch.number}/", f"epoch-{epoch.number}")


def _slashes() -> Iterator[Entry]:
    rows = list(slashes.slashes()[:MAX_ENTRIES])
    disputes = dict(Dispute.objects.filter(slash__in=rows).values_list("slash_id", "pk"))
    for slash in rows:
        text = (
            f"Offence in epoch {slash.epoch}. The slash is {slash.status}; "
            f"{format_amount(slash.slashed)} IFM were slashed."
        )
        title = f"{slash.node.name}: {slash.offence.replace('_', ' ')} ({slash.status})"
        dispute = disputes.get(slash.pk)
        path = f"/disputes/{dispute}/" if dispute else f"/nodes/{checksum(slash.node.address)}/"
        at = slash.resolved_at or slash.created_at
        yield Entry(at, title, text, path, f"slash-{slash.pk}-{slash.status}")


def _disputes() -> Iterator[Entry]:
    for dispute in Dispute.objects.select_related("slash__node").order_by("-id")[:MAX_ENTRIES]:
        title = f"Dispute {dispute.pk} over {dispute.slash.node.name}: {dispute.status}"
        at = dispute.closed_at or dispute.opened_at
        name = f"dispute-{dispute.pk}-{dispute.status}"
        yield Entry(at, title, dispute.reason, f"/disputes/{dispute.pk}/", name)


def _proposals() -> Iterator[Entry]:
    for proposal in Proposal.objects.order_by("-id")[:MAX_ENTRIES]:
        text = ", ".join(f"{name} = {value}" for name, value in proposal.changes.items())
        title = f"Proposal {proposal.pk}, {proposal.title}: {proposal.status}"
        at = proposal.closed_at or proposal.opened_at
        name = f"proposal-{proposal.pk}-{proposal.status}"
        yield Entry(at, title, text, f"/proposals/{proposal.pk}/", name)
