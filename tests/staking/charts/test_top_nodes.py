"""The chart of the top nodes, from rows of a ranking."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from protocol.amounts import MICRO
from protocol.parameters import DEFAULTS
from staking.charts.top_nodes import top_nodes
from staking.models import Node, RankingRow
from web.charts import Chart

AT = datetime(2026, 11, 22, 18, tzinfo=UTC)
HOSTILE = "<b>%{x}</b>"


def leader(rank: int, name: str, *, latency: int = 100, stake: int = 2_000) -> RankingRow:
    node = Node(id=rank, address=f"0x{rank:040x}", name=name)
    return RankingRow(
        node=node, rank=rank, q_latency=latency, q_uptime=200, q_stake=300, q_scarcity=0, score_bps=12_000 + rank,
        apr_bps=1_250, effective_stake=stake * MICRO,
    )  # fmt: skip


def chart_of(*leaders: RankingRow) -> Chart:
    rankings = [(1, AT), (2, AT + timedelta(hours=6))]
    places = {row.node_id: {1: row.rank + 1, 2: row.rank} for row in leaders}
    chart = top_nodes(leaders, leaders, rankings, places, DEFAULTS)
    assert chart is not None
    return chart


def test_each_part_of_a_score_is_a_bar_per_node() -> None:
    view = chart_of(leader(1, "Alpha"), leader(2, "Beta", latency=940)).views[0]
    assert [trace.name for trace in view.figure.data] == ["Latency", "Uptime", "Stake", "Regional scarcity"]
    latency = view.figure.data[0]
    assert latency.y == ("#1 Alpha", "#2 Beta")
    assert latency.x == (0.01, 0.094)
    assert latency.hovertext == ("+0.0100×", "+0.0940×")
    assert view.summary.endswith("Latency separates them most.")
    assert view.table.rows[1] == ("Beta", "+0.0940×", "+0.0200×", "+0.0300×", "+0.0000×")


def test_nodes_of_the_same_name_stay_apart() -> None:
    view = chart_of(leader(1, HOSTILE), leader(2, HOSTILE)).views[0]
    assert view.figure.data[0].y == ("#1 &lt;b&gt;%{x}&lt;/b&gt;", "#2 &lt;b&gt;%{x}&lt;/b&gt;")


def test_marks_stand_at_score_and_apr_in_the_colour_of_their_tier() -> None:
    view = chart_of(leader(1, HOSTILE, stake=60_000), leader(2, "", stake=1)).views[1]
    large, small = view.figure.data
    assert (large.x, large.y) == ((12_001,), (12.5,))
    assert large.hovertext == (
        "&lt;b&gt;%{x}&lt;/b&gt;<br>Score 12,001<br>Est. APR 12.50%<br>Stake, IFM 60,000",
    )
    assert large.marker.symbol != small.marker.symbol
    assert view.table.rows[1] == ("0x0000…0002", "12,002", "12.50%", "1")


def test_ranks_end_with_the_name_of_their_node() -> None:
    view = chart_of(leader(1, "Alpha"), leader(2, HOSTILE)).views[2]
    assert [note.text for note in view.figure.layout.annotations] == ["Alpha", "&lt;b&gt;%{x}&lt;/b&gt;"]
    assert view.figure.data[1].y == (3, 2)
    assert view.table.rows == (("22 Nov 18:00", "#2", "#3"), ("23 Nov 00:00", "#1", "#2"))
    assert view.summary == "1 of today’s first 2 were among them 1 ranking ago."


def test_an_empty_ranking_has_no_chart() -> None:
    assert top_nodes([], [], [], {}, DEFAULTS) is None
