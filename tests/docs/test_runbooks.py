"""Every section of docs/operations.md that somebody follows has the same three parts, and its links lead somewhere."""

from __future__ import annotations

import re

import pytest

from inframind import alarms
from tests.docs.document import DOCS, anchors, broken_links

OPERATIONS = DOCS / "operations.md"
TEXT = OPERATIONS.read_text(encoding="utf-8")
# Sections that describe, and are not followed.
DESCRIPTIONS = (
    "What runs",
    "What to watch",
    "Slow readers and slow bodies",
    "Behind pgbouncer",
    "Retention",
    "Sizing",
)
SECTIONS = dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n?)*)", TEXT, re.MULTILINE))
RUNBOOKS = [heading for heading in SECTIONS if heading not in DESCRIPTIONS]


def test_runbooks_are_there():
    assert len(RUNBOOKS) >= 19
    assert set(DESCRIPTIONS) <= set(SECTIONS)


@pytest.mark.parametrize("heading", RUNBOOKS)
def test_a_runbook_says_what_one_sees_what_to_do_and_when_it_is_over(heading: str):
    text = SECTIONS[heading]
    assert "*What one sees*: " in text
    assert "*It is over when* " in text
    (steps,) = re.findall(r"^\*What to do\*:$(.+?)^\*(?:What one sees|It is over when)\*", text, re.M | re.S)
    assert re.search(r"`[^`\n]+ [^`\n]+`|```", steps), "no command"


def test_every_link_of_the_page_leads_somewhere():
    assert list(broken_links(OPERATIONS, TEXT)) == []


def test_every_alarm_that_is_mailed_has_a_runbook():
    assert set(alarms.RUNBOOKS.values()) <= anchors(TEXT)
