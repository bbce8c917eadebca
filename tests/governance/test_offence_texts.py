"""A row of the offence table needs its texts, its evidence and its label: this test names what is missing."""

from __future__ import annotations

import pytest

from governance.pages import labels, offence_texts
from protocol.parameters import DEFAULTS, OFFENCE_NAMES
from settlement.slashes import EVIDENCE
from staking.models import NodeEpoch, Slash
from web.templatetags.components import OFFENCES

MEASURED = {
    "good": 7,
    "accepted": 12,
    "sla_bps": 5_833,
    "sla_threshold_bps": 8_500,
    "shortfalls": ["vram_gb"],
}


def test_the_labels_are_in_the_order_of_the_table() -> None:
    assert tuple(OFFENCES) == tuple(offence_texts.OFFENCE_TEXTS) == tuple(EVIDENCE) == OFFENCE_NAMES


@pytest.mark.parametrize("name", OFFENCE_NAMES)
def test_every_offence_has_all_its_texts(name: str) -> None:
    slash = Slash(offence=name, evidence=["a", "b"], measured=MEASURED)
    assert labels.offence(name) != name
    for sentence in (offence_texts.rule(name, DEFAULTS), offence_texts.facts(slash)):
        assert sentence.endswith(".")
        assert "%(" not in sentence
    assert offence_texts.evidence(name)


@pytest.mark.parametrize("name", OFFENCE_NAMES)
def test_the_counted_figure_is_a_column_of_the_epoch_rows(name: str) -> None:
    counted = offence_texts.OFFENCE_TEXTS[name].counted
    assert counted is None or hasattr(NodeEpoch(), counted[0])
