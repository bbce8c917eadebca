"""The leaderboard as a table to download: amounts in IFM, ratios in bps, latency in ms; unknown is empty."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from protocol.addresses import checksum
from protocol.amounts import format_amount
from staking.pages.leaderboard_rows import row_of
from staking.selectors.nodes import NodeFigures

HEAD = (
    "rank", "movement", "node", "name", "operator", "region", "status", "tier", "q_bps", "score_bps", "sla_bps",
    "uptime_bps", "latency_ms", "latency_percentile_bps", "self_stake_ifm", "delegated_ifm", "delegation_cap_ifm",
    "delegator_share_bps", "estimated_apr_bps", "last_reward_ifm",
)  # fmt: skip


def lines(nodes: Iterable[NodeFigures]) -> Iterator[list[Any]]:
    for node in nodes:
        row = row_of(node)
        yield [
            row.rank, row.movement, checksum(row.address), row.name, checksum(node.operator), row.region, row.state,
            row.tier, row.q_bps, row.score_bps, row.sla_bps, row.uptime_bps, node.latency_ms,
            row.latency_percentile_bps, format_amount(row.self_stake), format_amount(row.delegated), _amount(row.cap),
            row.share_bps, row.apr_bps, _amount(row.rewards[-1] if row.rewards else None),
        ]  # fmt: skip


def _amount(micro: int | None) -> str | None:
    return None if micro is None else format_amount(micro)
