"""The chart of a slash: the SLA with its threshold, or what was counted, around the epoch of the offence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from governance.pages.labels import rates
from governance.pages.offence_chart import offence_chart
from governance.pages.offence_texts import facts, rule
from protocol import offences
from protocol.parameters import DEFAULTS
from staking.models import NodeEpoch, Slash


def test_an_sla_drop_shows_the_sla_and_its_threshold() -> None:
    measured = {"sla_bps": 8_333, "sla_threshold_bps": 8_500}
    slash = Slash(offence=offences.SLA_DROP, epoch=2, measured=measured)
    chart = offence_chart(slash, [NodeEpoch(epoch=1, sla_bps=None), NodeEpoch(epoch=2, sla_bps=8_333)])
    assert chart is not None
    (view,) = chart.views
    assert view.figure.data[0].y == (None, 83.33)
    assert view.figure.layout.shapes[0].y0 == 85.0
    assert view.summary == "83.33% in epoch 2; 1 of the 2 epochs shown are below the threshold."


def test_a_threshold_of_half_a_percent_is_not_cut() -> None:
    measured = {"sla_bps": 8_740, "sla_threshold_bps": 8_750, "good": 874, "accepted": 1_000}
    slash = Slash(offence=offences.SLA_DROP, epoch=2, measured=measured, self_bps=1_250, delegated_bps=0)
    assert facts(slash).endswith("an SLA of 87.40%, below the threshold of 87.50%.")
    assert "must complete 87.50% of them" in rule(slash.offence, replace(DEFAULTS, sla_threshold_bps=8_750))
    assert rates(slash) == "12.50% of own stake"


@pytest.mark.parametrize(
    ("offence", "column", "name"),
    [
        (offences.INVALID_PROOF, "invalid", "Invalid signatures"),
        (offences.FORGED_TRACE, "forged", "Forged traces"),
        (offences.DROPOUT, "dropped", "Dropped jobs"),
        (offences.SCHEMA_MISMATCH, "mismatched", "Schema mismatches"),
    ],
)
def test_other_offences_show_what_they_count(offence: str, column: str, name: str) -> None:
    slash = Slash(offence=offence, epoch=2, evidence=["a", "b"])
    chart = offence_chart(slash, [NodeEpoch(epoch=1, **{column: 1}), NodeEpoch(epoch=2, **{column: 2})])
    assert chart is not None
    assert chart.title == f"{name} around the epoch"
    assert chart.views[0].table.rows == (("1", "1"), ("2", "2"))
    assert chart.views[0].summary == "2 in epoch 2, 1 in all other epochs shown."


def test_hardware_has_no_chart() -> None:
    slash = Slash(offence=offences.FAKE_RESOURCES, epoch=2)
    assert offence_chart(slash, [NodeEpoch(epoch=1)]) is None
    assert offence_chart(Slash(offence=offences.SLA_DROP, epoch=2), []) is None
