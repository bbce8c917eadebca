"""Refusals on pages in the reader's language."""

from __future__ import annotations

from django.utils import translation

from staking.protocol.errors import ERRORS, InsufficientBalance
from staking.templatetags.refusals import SENTENCES, said


def test_every_sentence_of_the_rules_can_be_translated():
    assert set(SENTENCES) == {error.sentence for error in ERRORS.values()}
    with translation.override("de"):
        assert all(said(error()) != error.sentence for error in ERRORS.values())


def test_english_keeps_the_figures():
    refusal = InsufficientBalance("Only 5 IFM are there.")
    assert said(refusal) == "Only 5 IFM are there."
    with translation.override("de"):
        assert said(refusal) == "Wählen Sie einen kleineren Betrag: so viel ist nicht da."
