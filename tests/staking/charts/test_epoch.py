"""Charts of epochs, from their totals."""

from __future__ import annotations

from typing import Any

from staking.charts.epoch import network, pool_by_tier
from staking.models import Epoch
from staking.selectors.epoch_report import TierPart


def epoch(number: int, **values: Any) -> Epoch:
    totals = {
        "operator_reward": 6_000_000,
        "delegators_reward": 4_000_000 + number,
        "self_stake": 1,
        "pool_tokens": 2,
    }
    return Epoch(number=number, totals=totals, **values)


def test_rewards_by_tier_name_the_largest_part() -> None:
    chart = pool_by_tier([TierPart(0, 1, 1_000_000, 0), TierPart(3, 2, 2_000_000, 1_000_000)])
    assert chart is not None
    (view,) = chart.views
    assert view.figure.data[0].x == ("Tier 0", "Tier 3")
    assert view.figure.data[2].hovertext == ("1.000000 IFM", "3.000000 IFM")
    assert view.summary == "2 nodes of Tier 3 earned 75.0% of what was distributed, the largest part."


def test_the_network_has_slashes_only_when_there_were_any() -> None:
    calm = network([epoch(1), epoch(2)])
    slashed = network([epoch(1), epoch(2, slashed=3, burned=2, honest=1, returned=0)])
    assert calm is not None
    assert slashed is not None
    assert [view.name for view in calm.views] == ["epoch-rewards", "epoch-stake"]
    assert calm.views[0].table.rows == (("1", "6.000000", "4.000001"), ("2", "6.000000", "4.000002"))
    assert calm.views[0].summary == "20.00 IFM in 2 epochs, of which 8.00 went to delegators."
    assert [trace.y for trace in slashed.views[2].figure.data[:2]] == [(0.0, 0.000002), (0.0, 0.000001)]


def test_one_epoch_has_no_chart() -> None:
    assert network([epoch(1)]) is None
    assert pool_by_tier([]) is None
