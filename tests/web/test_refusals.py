"""Refusals on pages in the reader's language."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from protocol import errors
from protocol.errors import ERRORS, InsufficientBalance, Invalid, NoVotingPower, ProtocolError
from protocol.parameters import DEFAULTS, apply_changes
from protocol.rewards import check_share_change
from web.formatting import write_numbers
from web.refusal_details import DETAILS, WORDS, page_detail
from web.templatetags.refusals import SENTENCES, refusal_text

# What refuses on a page; the rest speaks to programs and to the command line alone.
ON_PAGES = (
    "delegation/pages", "delegation/selectors/statement.py", "delegation/services", "governance/services",
    "staking/pages", "protocol/addresses.py",
    "protocol/amounts.py", "protocol/bounds.py", "protocol/parameters.py",
    "protocol/pools.py", "staking/services/admission.py", "staking/services/node_lock.py",
    "protocol/texts.py", "staking/services/nodes.py", "staking/services/stakes.py",
    "staking/services/unbondings.py", "staking/services/unbonding_entries.py", "identity", "notifications",
)  # fmt: skip
KINDS = {kind.__name__ for kind in ERRORS.values()}
FIGURE = "7"


def details() -> Iterator[str]:
    """Every detail that is written where a page refuses, its figures replaced."""
    for place in ON_PAGES:
        path = Path(settings.BASE_DIR) / place
        for file in path.rglob("*.py") if path.is_dir() else [path]:
            for node in ast.walk(ast.parse(file.read_text())):
                name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
                if name in KINDS and node.args and (text := written(node.args[0])):
                    yield text


def written(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else FIGURE for part in node.values)
        return "".join(map(str, parts))
    return ""


def test_every_sentence_of_the_rules_can_be_translated():
    assert set(SENTENCES) == {error.sentence for error in ERRORS.values()}
    with translation.override("de"):
        assert all(refusal_text(error()) != error.sentence for error in ERRORS.values())


def test_every_detail_that_a_page_can_show_is_said_in_german():
    texts = set(details()) - {
        "Send an Idempotency-Key of 1 to 200 printable ASCII characters.",
        "The connection ended before the body was complete.",
    }
    assert len(texts) > 50
    with translation.override("de"):
        unsaid = sorted(detail for detail in texts if page_detail(detail) in (None, detail))
        assert unsaid == []
        assert [word for word in WORDS if translation.gettext(word) == word] == []
        assert [one for one in DETAILS if translation.gettext(one) == one] == []


def refusal_of(act, *arguments) -> ProtocolError:
    with pytest.raises(ProtocolError) as refused:
        act(*arguments)
    return refused.value


@pytest.mark.parametrize(
    ("refusal", "german"),
    [
        (
            errors.DelegationCapExceeded(
                "The node accepts only 1122.333613 IFM more under its cap. Delegate that much or less, or choose "
                "another node."
            ),
            "Der Knoten nimmt unter seiner Obergrenze nur noch 1.122,333613 IFM an. Delegieren Sie so viel oder "
            "weniger, oder wählen Sie einen anderen Knoten.",
        ),
        (
            NoVotingPower(
                "A proposal requires 1000.000000 IFM of voting power; at the opening of epoch 7 this wallet "
                "had 0.500000 IFM."
            ),
            "Ein Vorschlag erfordert 1.000,00 IFM Stimmkraft; bei der Öffnung von Epoche 7 hatte diese Wallet "
            "0,50 IFM.",
        ),
        (
            Invalid("Shorten the reason to 4000 characters or fewer."),
            "Kürzen Sie das Feld „Begründung“ auf höchstens 4000 Zeichen.",
        ),
        (
            refusal_of(check_share_change, DEFAULTS, 8_000, 7_000),
            "Der geltende Anteil ist 80% und kann in einer Epoche um 5% sinken: Geben Sie 75% oder mehr ein.",
        ),
        (
            refusal_of(apply_changes, DEFAULTS, {"min_amount": "1e3"}),
            "Geben Sie min_amount als Dezimalzahl in IFM an. Geben Sie den Betrag in IFM mit schlichten Ziffern und "
            "höchstens sechs nach dem Punkt an, zum Beispiel 1500 oder 0.5.",
        ),
        (
            refusal_of(apply_changes, DEFAULTS, {"unbonding_seconds": 200}),
            "Wählen Sie unbonding_seconds so, dass gilt: unbonding_seconds ist mindestens (dispute_filing_epochs + "
            "dispute_voting_epochs + 1) × epoch_seconds.",
        ),
    ],
)  # fmt: skip
def test_german_keeps_the_figures(refusal, german):
    with translation.override("de"), write_numbers("comma"):
        assert refusal_text(refusal) == german


def test_english_pages_write_figures_in_the_readers_numbers_and_shares_in_percent():
    cap = errors.DelegationCapExceeded(
        "The node accepts only 1122.333613 IFM more under its cap. Delegate that much or less, "
        "or choose another node."
    )
    assert refusal_text(cap).startswith("The node accepts only 1,122.333613 IFM")
    with write_numbers("comma"):
        assert refusal_text(cap).startswith("The node accepts only 1.122,333613 IFM")
    assert refusal_text(refusal_of(check_share_change, DEFAULTS, 8_000, 7_000)) == (
        "The share in force is 80% and can be reduced by 5% in one epoch: enter 75% or more."
    )


def test_a_detail_without_a_template_is_replaced_by_the_sentence_of_its_code():
    refusal = InsufficientBalance("Only 5 IFM are there.")
    assert refusal_text(refusal) == "Only 5 IFM are there."
    with translation.override("de"):
        assert (
            refusal_text(refusal) == "Geben Sie einen kleineren Betrag ein: Das Guthaben reicht dafür nicht."
        )


def test_a_refused_sign_in_says_why_in_german(client, db):
    message = client.post("/api/v1/auth/nonce", {"address": "0x" + "1" * 40}, content_type="application/json")
    form = {"message": message.json()["message"], "signature": "0x" + "0" * 130}
    client.cookies["language"] = "de"
    page = client.post("/signin/", form).content.decode()
    assert "Die Signatur ist nicht die dieser Wallet." in page
