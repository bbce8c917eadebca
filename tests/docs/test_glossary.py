"""docs/glossary.md is in order, and links in documents lead somewhere."""

from __future__ import annotations

import re

import pytest

from tests.docs.document import DOCS, GLOSSARY, PROTOCOL, ROOT, anchor, broken_links

ENTRY = re.compile(r"- \*\*(.+?)\*\*: (.+?) \(\[(R[0-9]+|S|section [0-9]+a?)\]\(protocol\.md#([^)]+)\)\)\.")
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
ENTRIES = [line for line in GLOSSARY.read_text().splitlines() if line.startswith("-")]


def test_terms_are_in_alphabetical_order_and_appear_once() -> None:
    terms = [entry.split("**")[1].lower() for entry in ENTRIES]
    assert len(terms) > 100
    assert terms == sorted(set(terms))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.split("**")[1])
def test_a_term_is_explained_in_one_sentence_with_its_rule(entry: str) -> None:
    match = ENTRY.fullmatch(entry)
    assert match is not None
    _, sentence, label, target = match.groups()
    assert not re.search(r"[.;] [A-Z]", sentence)
    # The label and the anchor name the same rule or section.
    assert target.startswith(anchor(label.removeprefix("section ")) + "-")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_and_headings_that_exist(path) -> None:
    assert list(broken_links(path, path.read_text())) == []


def test_a_link_to_a_missing_heading_is_reported() -> None:
    text = "[one](#r14-pool-shares) [two](#r14-pools) [three](nowhere.md) [four](https://example.org/#x)"
    assert list(broken_links(PROTOCOL, text)) == ["protocol.md: #r14-pools", "protocol.md: nowhere.md"]
