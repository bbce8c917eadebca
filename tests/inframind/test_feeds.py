"""What other sites and programs take from ours: badge, calendar, feed."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from delegation.services.positions import undelegate
from governance.models import Dispute, Proposal
from governance.services.disputes import open_dispute
from governance.services.proposals import propose
from inframind.feeds import calendar
from protocol.addresses import checksum
from protocol.amounts import MICRO
from staking.models import Node
from staking.services.rankings import rank
from tests.governance import world

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def case(db):
    """A disputed slash, a proposal that is voted on, and Ann's 50 IFM on their way out."""
    world.begin()
    slash = world.slash_node()
    dispute = open_dispute(slash=slash.pk, reason="Ours <b>was</b> fine", actor=world.OLGA, now=world.now())
    propose(
        title="Less; more, \\ or", body="", changes={"quorum_bps": 500}, wallet=world.NILS, now=world.now()
    )
    undelegate(node=world.HONEST, amount=50 * MICRO, wallet=world.ANN, now=world.now())
    world.advance_clock()
    return dispute


def lines(answer):
    """The calendar's lines, unfolded; each was at most 75 octets and ended in CRLF."""
    text = answer.content.decode()
    assert text.endswith("\r\n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "\n" not in text.replace("\r\n", "")
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def test_a_calendar_has_unlocks_and_votes(client, case):
    answer = client.get(f"/wallets/{checksum(world.ANN)}/calendar.ics")
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    found = lines(answer)
    assert (found[0], found[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    titles = [line for line in found if line.startswith("SUMMARY:")]
    assert sorted(titles) == [
        "SUMMARY:50.000000 IFM from a2 unlock",
        f"SUMMARY:Vote on dispute {case.pk} closes",
        next(line for line in titles if "proposal" in line),
    ]
    assert r"DESCRIPTION:Less\; more\, \\ or" in found
    assert all(re.fullmatch(r"DTSTART:\d{8}T\d{6}Z", line) for line in found if line.startswith("DTSTART"))
    starts = [line for line in found if line.startswith("DTSTART")]
    assert starts == sorted(starts)


def test_the_calendar_of_votes_alone(client, case):
    assert sum(line == "BEGIN:VEVENT" for line in lines(client.get("/governance/calendar.ics"))) == 2


def test_a_wrong_address_has_no_calendar(client, db):
    assert client.get("/wallets/0x1/calendar.ics").status_code == 400


def test_long_lines_fold_between_characters():
    folded = calendar._folded("SUMMARY:" + "é😀" * 60)
    assert folded.replace("\r\n ", "") == "SUMMARY:" + "é😀" * 60 + "\r\n"
    assert max(len(line.encode()) for line in folded.split("\r\n")) <= 75


def test_the_feed_tells_settlements_and_cases(client, case):
    answer = client.get("/feed.atom")
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = ElementTree.fromstring(answer.content)
    titles = [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]
    assert "Epoch 2 is settled" in titles
    assert "a1: fake resources (disputed)" in titles
    assert f"Dispute {case.pk} over a1: voting" in titles
    assert any("Less; more" in title for title in titles)
    names = [entry.findtext(f"{ATOM}id") for entry in feed.iter(f"{ATOM}entry")]
    assert len(set(names)) == len(names) == len(titles)
    times = [entry.findtext(f"{ATOM}updated") for entry in feed.iter(f"{ATOM}entry")]
    assert times == sorted(times, reverse=True)


def test_characters_that_xml_cannot_write_break_no_feed(client, case):
    strange = "Odd\x01\x1f\x7f\ufffe\uffff 😀"
    Proposal.objects.update(title=strange)
    Dispute.objects.update(reason=strange)
    Node.objects.filter(address=world.HONEST).update(name=strange)
    feed = ElementTree.fromstring(client.get("/feed.atom").content)
    titles = [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]
    assert any("Odd\ufffd\ufffd\x7f\ufffd\ufffd 😀" in title for title in titles)
    drawn = ElementTree.fromstring(client.get(f"/nodes/{checksum(world.HONEST)}/badge.svg").content)
    assert "Odd\ufffd" in drawn.attrib["aria-label"]
    assert "DESCRIPTION:Odd\ufffd\ufffd\x7f\ufffd\ufffd 😀" in lines(client.get("/governance/calendar.ics"))


def test_the_feed_of_an_empty_network(client, db):
    ElementTree.fromstring(client.get("/feed.atom").content)


def test_a_badge_tells_tier_rank_and_standing(client, case):
    rank(now=world.now())
    answer = client.get(f"/nodes/{checksum(world.HONEST)}/badge.svg")
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("image/svg+xml", "public, max-age=60")
    drawn = ElementTree.fromstring(answer.content)
    assert drawn.attrib["aria-label"] == "InfraMind node a2: tier 1 · rank 1"
    accused = client.get(f"/nodes/{world.SLASHED}/badge.svg").content.decode()
    assert "tier 1 · banned" in accused or "tier 1 · cooldown" in accused


def test_a_badge_escapes_the_name(client, case):
    Node.objects.filter(address=world.HONEST).update(name='<script>"&\N{RIGHT-TO-LEFT OVERRIDE}')
    drawn = client.get(f"/nodes/{world.HONEST}/badge.svg").content
    assert b"<script" not in drawn
    ElementTree.fromstring(drawn)


@pytest.mark.parametrize(("address", "status"), [("0x1", 400), (world.address(9), 404)])
def test_no_badge(client, db, address, status):
    assert client.get(f"/nodes/{address}/badge.svg").status_code == status
