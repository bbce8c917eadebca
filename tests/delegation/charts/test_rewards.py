"""The chart of a wallet's rewards, from its earnings."""

from __future__ import annotations

from delegation.charts.rewards import rewards
from delegation.selectors.earnings import EarnedIn


def test_the_largest_nodes_have_a_part_each_and_all_others_one() -> None:
    earned = [
        EarnedIn(epoch=5, node=f"0x{n}", name=f"Node {n}", role="delegator", amount=n) for n in range(1, 7)
    ]
    chart = rewards(earned, first=4, last=5)
    assert chart is not None
    view = chart.views[0]
    assert view.table.head[1:] == (
        "Node 6, IFM",
        "Node 5, IFM",
        "Node 4, IFM",
        "Node 3, IFM",
        "2 other nodes, IFM",
    )
    assert view.table.rows[0] == ("4", *["0.000000"] * 5)
    assert view.table.rows[1] == ("5", "0.000006", "0.000005", "0.000004", "0.000003", "0.000003")
    assert view.summary == "0.000021 IFM earned in the last 2 epochs."


def test_operator_and_delegator_rewards_are_separate_series() -> None:
    earned = [
        EarnedIn(epoch=5, node="0x1", name="", role="operator", amount=3),
        EarnedIn(epoch=5, node="0x1", name="", role="delegator", amount=2),
        EarnedIn(epoch=5, node="0x2", name="", role="delegator", amount=1),
    ]
    chart = rewards(earned, first=5, last=5)
    assert chart is not None
    assert chart.views[0].table.rows == (("5", "0.000005", "0.000001"),)
    assert chart.views[1].table.rows == (("5", "0.000003", "0.000003"),)


def test_no_rewards_have_no_chart() -> None:
    assert rewards([], first=1, last=2) is None
