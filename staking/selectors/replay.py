"""Replay a settled epoch from its published inputs, as `infra verify` does (R53)."""

from __future__ import annotations

import gzip
from typing import Any, Final

from protocol.replay import Difference, Result, check_rewards, check_root, parse
from protocol.replay.report import FIGURES
from staking.models import NodeEpoch
from staking.selectors.epoch_inputs import inputs_of
from staking.selectors.epochs import epoch as read_epoch

# The figures of a published row, and the columns in which they are stored.
_SAME: Final = (
    "status", "tier", "accepted", "good", "rejected", "sla_bps", "rejection_bps", "uptime_bps", "latency_ms",
    "latency_percentile_bps", "variation_bps", "scarcity_bps", "degraded", "q_bps", "bonus_bps", "credits", "weight",
    "active_stake", "reward", "operator_reward", "delegators_reward", "honest_reward", "slashed", "penalty_bps",
    "reputation", "self_stake",
)  # fmt: skip
_RENAMED: Final = {
    "q_latency_bps": "q_latency",
    "q_uptime_bps": "q_uptime",
    "q_stake_bps": "q_stake",
    "q_scarcity_bps": "q_scarcity",
    "q_sla_bps": "q_sla",
    "active_delegated": "active_pool",
    "delegator_share_bps": "share_bps",
    "delegated": "pool_tokens",
}


def replay(number: int) -> list[Difference]:
    """Every figure of a settled epoch that its inputs do not make. Raises: `not_found`, InputsInvalid."""
    inputs = parse(gzip.decompress(inputs_of(number)).splitlines())
    report = published(number)
    return check_root(report, inputs) + check_rewards(report, inputs)


def published(number: int) -> Result:
    """The report of a settled epoch as the API shows it, in µIFM. Raises: `not_found`."""
    epoch = read_epoch(number)
    names = [*_SAME, *_RENAMED]
    columns = [*_SAME, *_RENAMED.values()]
    stored = NodeEpoch.objects.filter(epoch=number).values_list("node__address", *columns)
    rows: dict[str, dict[str, Any]] = {
        address: dict(zip(names, values, strict=True)) for address, *values in stored
    }
    figures = {name: getattr(epoch, name) for name in FIGURES}
    return Result(rows, figures, epoch.totals)
