"""Badges, calendars and the feed."""

from __future__ import annotations

import re
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from icalendar import Calendar

from delegation.services.positions import undelegate
from governance.models import Dispute, Proposal
from governance.services.disputes import open_dispute
from governance.services.proposals import propose
from protocol.addresses import checksum
from protocol.amounts import MICRO
from staking.models import Node
from staking.services.rankings import rank
from tests.governance import scenario
from tests.shared_rows import shared

ATOM = "{http://www.w3.org/2005/Atom}"
# Elements that stand exactly once in a feed and in each entry, and their form.
REQUIRED = {
    "id": r"urn:uuid:[0-9a-f-]{36}",
    "title": r"(?s).+",
    "updated": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)",
}


@shared
def dispute():
    """A disputed slash, an open proposal, and 50 IFM of Ann that are unbonding."""
    scenario.begin()
    slash = scenario.slash_node()
    dispute = open_dispute(
        slash=slash.pk, reason="Ours <b>was</b> fine", actor=scenario.OLGA, now=scenario.now()
    )
    propose(
        title="Less; more, \\ or",
        body="",
        changes={"quorum_bps": 500},
        wallet=scenario.NILS,
        now=scenario.now(),
    )
    undelegate(node=scenario.HONEST, amount=50 * MICRO, wallet=scenario.ANN, now=scenario.now())
    scenario.advance_clock()
    return dispute


def lines(answer):
    """The calendar's lines, unfolded; each was at most 75 octets and ended in CRLF."""
    text = answer.content.decode()
    assert text.endswith("\r\n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "\n" not in text.replace("\r\n", "")
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def test_the_calendar_of_a_wallet_has_unbondings_and_votes(client, dispute):
    answer = client.get(f"/wallets/{checksum(scenario.ANN)}/calendar.ics")
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    text = lines(answer)
    assert text[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert r"DESCRIPTION:Less\; more\, \\ or" in text
    assert all(re.fullmatch(r"DTSTART:\d{8}T\d{6}Z", line) for line in text if line.startswith("DTSTART"))
    events = Calendar.from_ical(answer.content).events
    proposal = Proposal.objects.get()
    assert sorted(str(event["SUMMARY"]) for event in events) == [
        "50.000000 IFM from a2 mature",
        f"Vote on dispute {dispute.pk} closes",
        f"Vote on proposal {proposal.pk} closes",
    ]
    starts = [event.start for event in events]
    assert starts == sorted(starts)
    links = {str(event["UID"]): str(event["URL"]) for event in events}
    assert links[f"dispute-{dispute.pk}@testserver"] == f"http://testserver/disputes/{dispute.pk}/"


def test_the_calendar_of_governance_has_votes_only(client, dispute):
    assert sum(line == "BEGIN:VEVENT" for line in lines(client.get("/governance/calendar.ics"))) == 2


def test_a_wrong_address_has_no_calendar(client, db):
    assert client.get("/wallets/0x1/calendar.ics").status_code == 400


def test_long_lines_fold_between_characters(client, dispute):
    Proposal.objects.update(title="é😀" * 60)
    assert "DESCRIPTION:" + "é😀" * 60 in lines(client.get("/governance/calendar.ics"))


def test_the_feed_has_settlements_slashes_disputes_and_proposals(client, dispute):
    answer = client.get("/feed.atom")
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = ElementTree.fromstring(answer.content)
    titles = [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]
    assert "Epoch 2 is settled" in titles
    assert "a1: fake resources (disputed)" in titles
    assert f"Dispute {dispute.pk} over a1: voting" in titles
    assert any("Less; more" in title for title in titles)
    names = [entry.findtext(f"{ATOM}id") for entry in feed.iter(f"{ATOM}entry")]
    assert len(set(names)) == len(names) == len(titles)
    times = [entry.findtext(f"{ATOM}updated") for entry in feed.iter(f"{ATOM}entry")]
    assert times == sorted(times, reverse=True)


def test_characters_that_xml_cannot_write_break_no_feed(client, dispute):
    strange = "Odd\x01\x1f\x7f\ufffe\uffff 😀"
    Proposal.objects.update(title=strange)
    Dispute.objects.update(reason=strange)
    Node.objects.filter(address=scenario.HONEST).update(name=strange)
    feed = ElementTree.fromstring(client.get("/feed.atom").content)
    titles = [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]
    assert any("Odd\ufffd\ufffd\x7f\ufffd\ufffd 😀" in title for title in titles)
    drawn = ElementTree.fromstring(client.get(f"/nodes/{checksum(scenario.HONEST)}/badge.svg").content)
    assert "Odd\ufffd" in drawn.attrib["aria-label"]
    assert "DESCRIPTION:Odd\ufffd\ufffd\x7f\ufffd\ufffd 😀" in lines(client.get("/governance/calendar.ics"))


def test_the_feed_of_an_empty_network_is_valid(client, db):
    assert rfc_4287_faults(ElementTree.fromstring(client.get("/feed.atom").content)) == []


@pytest.mark.parametrize("host", ["testserver", "localhost:8000", "[::1]:8000"])
def test_the_feed_is_valid_on_every_host(client, dispute, settings, host):
    settings.ALLOWED_HOSTS = ["*"]
    feed = ElementTree.fromstring(client.get("/feed.atom", headers={"host": host}).content)
    assert rfc_4287_faults(feed) == []
    (own,) = (link.get("href") for link in feed.findall(f"{ATOM}link") if link.get("rel") == "self")
    assert own == f"http://{host}/feed.atom"


def test_ids_of_the_feed_stay_the_same_behind_another_port(client, dispute, settings):
    settings.ALLOWED_HOSTS = ["*"]
    first, second = (
        ElementTree.fromstring(client.get("/feed.atom", headers={"host": host}).content)
        for host in ("localhost:8000", "localhost:9000")
    )
    assert [node.text for node in first.iter(f"{ATOM}id")] == [node.text for node in second.iter(f"{ATOM}id")]


def test_text_of_people_is_text_in_the_feed(client, dispute):
    reason = "a<b && c>d <img src=x onerror=alert(1)>"
    Dispute.objects.update(reason=reason)
    feed = ElementTree.fromstring(client.get("/feed.atom").content)
    (summary,) = (
        entry.find(f"{ATOM}summary")
        for entry in feed.iter(f"{ATOM}entry")
        if (entry.findtext(f"{ATOM}title") or "").startswith("Dispute")
    )
    shown = ElementTree.fromstring(f"<div>{summary.text}</div>")  # type="html": the text is markup
    assert "".join(shown.itertext()).strip() == reason
    assert {node.tag for node in shown.iter()} == {"div", "p"}


def test_the_feed_is_only_read(client, db):
    assert client.post("/feed.atom").status_code == 405


def rfc_4287_faults(feed):
    """Return the requirements of RFC 4287 (4.1.1, 4.1.2, 4.2) that the feed or an entry does not meet."""
    faults = [] if feed.findtext(f"{ATOM}author/{ATOM}name") else ["author"]
    if [link.get("rel") for link in feed.findall(f"{ATOM}link")].count("self") != 1:
        faults.append("self")
    for element in (feed, *feed.iter(f"{ATOM}entry")):
        for name, form in REQUIRED.items():
            values = [child.text or "" for child in element.findall(f"{ATOM}{name}")]
            if len(values) != 1 or not re.fullmatch(form, values[0]):
                faults.append(name)
        links = [link.get("href") or "" for link in element.findall(f"{ATOM}link")]
        faults += [f"relative link {link}" for link in links if not urlsplit(link).netloc]
    return faults


def test_a_badge_shows_tier_rank_and_status(client, dispute):
    rank(now=scenario.now())
    answer = client.get(f"/nodes/{checksum(scenario.HONEST)}/badge.svg")
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("image/svg+xml", "public, max-age=60")
    drawn = ElementTree.fromstring(answer.content)
    assert drawn.attrib["aria-label"] == "InfraMind node a2: tier 1 · rank 1"
    accused = client.get(f"/nodes/{scenario.SLASHED}/badge.svg").content.decode()
    assert "tier 1 · banned" in accused or "tier 1 · cooldown" in accused


def test_a_badge_escapes_the_name(client, dispute):
    Node.objects.filter(address=scenario.HONEST).update(name='<script>"&\N{RIGHT-TO-LEFT OVERRIDE}')
    drawn = client.get(f"/nodes/{scenario.HONEST}/badge.svg").content
    assert b"<script" not in drawn
    ElementTree.fromstring(drawn)


@pytest.mark.parametrize(("address", "status"), [("0x1", 400), (scenario.address(9), 404)])
def test_a_badge_of_no_node_is_refused(client, db, address, status):
    assert client.get(f"/nodes/{address}/badge.svg").status_code == status
