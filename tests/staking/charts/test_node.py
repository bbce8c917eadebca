"""Charts of a node, from the rows that its page reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from staking.charts import node as charts

AT = datetime(2026, 11, 22, 18, tzinfo=UTC)


def row(epoch: int, **values: Any) -> dict[str, Any]:
    return {
        "epoch": epoch, "reward": 3_000_001, "operator_reward": 1_000_000, "delegators_reward": 2_000_001,
        "sla_bps": 9_900, "latency_ms": 80, "uptime_bps": 9_800, "self_stake": 5_000_000, "pool_tokens": 7_000_000,
        **values,
    }  # fmt: skip


def test_rewards_are_split_and_summed() -> None:
    chart = charts.rewards([row(1), row(2, reward=0, operator_reward=0, delegators_reward=0)], 8_000)
    assert chart is not None
    (view,) = chart.views
    assert view.summary == (
        "3.00 IFM in 2 epochs, of which 2.00 went to delegators. Between 0.00 and 3.00 IFM per epoch."
    )
    assert [trace.name for trace in view.figure.data] == ["Operator", "Delegators", "Total"]
    assert view.figure.data[1].y == (2.000001, 0.0)
    assert view.figure.data[2].hovertext == ("3.000001 IFM", "0.000000 IFM")


def test_a_long_history_has_a_view_of_its_last_seven_epochs() -> None:
    chart = charts.rewards([row(epoch) for epoch in range(1, 10)], 8_000)
    assert chart is not None
    assert [view.name for view in chart.views] == ["rewards-9", "rewards-7"]
    assert chart.views[1].figure.data[0].x == (3, 4, 5, 6, 7, 8, 9)


def test_sla_has_both_thresholds() -> None:
    chart = charts.sla(
        [row(1, sla_bps=None), row(2, sla_bps=8_400), row(3)], threshold_bps=8_500, full_bps=9_500
    )
    assert chart is not None
    (view,) = chart.views
    assert view.figure.data[0].y == (None, 84.0, 99.0)
    assert [note.text for note in view.figure.layout.annotations] == [
        "full reward from 95%",
        "slash below 85%",
    ]
    assert view.summary == "Lowest 84.00%, latest 99.00%; 1 of 2 epochs at or above the full-reward line."


def test_latency_stands_beside_the_median_of_the_network() -> None:
    chart = charts.latency([row(1), row(2, latency_ms=120)], {1: 90, 2: None}, "Kelvin <7>", window=100)
    assert chart is not None
    (view,) = chart.views
    own, network = view.figure.data
    assert (own.name, own.hovertext) == ("Kelvin &lt;7&gt;", ("80 ms", "120 ms"))
    assert (network.y, network.line.dash) == ((90, None), "5px,3px")
    assert view.table.head == ("Epoch", "Kelvin <7>, ms", "Network median, ms")


def test_uptime_and_stake_are_exact() -> None:
    uptime, stake = charts.uptime([row(1, uptime_bps=7_999)], floor_bps=8_000), charts.stake([row(1), row(2)])
    assert uptime is not None
    assert stake is not None
    assert uptime.views[0].figure.data[0].hovertext == ("79.99%",)
    assert stake.views[0].table.rows[1] == ("2", "5.000000", "7.000000")


def test_the_first_rank_is_at_the_top() -> None:
    chart = charts.rank([(AT, 12), (AT + timedelta(hours=6), 3)], 40)
    assert chart is not None
    (view,) = chart.views
    axis = view.figure.layout.yaxis
    assert axis.range[0] > 12 > 3 > axis.range[1]
    assert axis.ticktext == ("#1", "#4", "#6", "#8", "#10", "#12")
    assert view.figure.data[0].hovertext == ("#12", "#3")
    assert view.outline == (-12, -3)


def test_ranks_are_labelled_in_the_time_zone_of_the_reader() -> None:
    with timezone.override("Asia/Tokyo"):
        chart = charts.rank([(AT, 12), (AT + timedelta(hours=6), 3)], 40)
    assert chart is not None
    assert chart.views[0].figure.data[0].x == ("23 Nov 03:00", "23 Nov 09:00")


def test_rankings_of_one_minute_are_one_place_on_the_axis() -> None:
    chart = charts.rank([(AT - timedelta(days=1), 3), (AT, 2), (AT + timedelta(seconds=20), 1)], 9)
    assert chart is not None
    assert chart.views[0].figure.data[0].y == (3, 1)


def test_a_node_without_history_has_no_charts() -> None:
    assert charts.rewards([], 8_000) is None
    assert charts.sla([row(1, sla_bps=None)], threshold_bps=1, full_bps=2) is None
    assert charts.latency([], {}, "K", window=1) is None
    assert charts.uptime([], floor_bps=1) is None
    assert charts.stake([row(1)]) is None
    assert charts.rank([(AT, 1)], 1) is None
