"""The chart of a slash: the SLA with its threshold, or what was counted, around the epoch of the offence."""

from __future__ import annotations

import pytest

from governance.pages.offence_chart import offence_chart
from protocol import offences
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
