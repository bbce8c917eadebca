"""Notifications about votes that have ended."""

from __future__ import annotations

import pytest

from governance.services.proposals import propose
from notifications import inbox
from tests.governance import scenario
from tests.governance.scenario import ANN, NILS
from tests.governance.site import page

pytestmark = pytest.mark.django_db


def test_a_vote_that_ended_is_neither_new_nor_marked() -> None:
    scenario.begin()
    scenario.advance_clock()
    made = propose(
        title="Lower quorum", body="", changes={"quorum_bps": 900}, wallet=NILS, now=scenario.now()
    )
    opened = inbox.page(ANN, limit=10, offset=0)[0]
    assert (opened.kind.name, opened.unread, opened.ended) == ("proposal_opened", True, False)
    assert inbox.unread(ANN) == 1
    while scenario.epoch().number <= made.closes_epoch:
        scenario.settle()
    scenario.advance_clock()
    notifications = {
        notification.kind.name: notification for notification in inbox.page(ANN, limit=10, offset=0)
    }
    for name in ("proposal_opened", "vote_closing"):
        assert (notifications[name].unread, notifications[name].ended, notifications[name].tone) == (
            False,
            True,
            "",
        )
    assert notifications["proposal_rejected"].unread
    assert inbox.unread(ANN) == 1
    assert "ended" in page("/inbox/", ANN)
