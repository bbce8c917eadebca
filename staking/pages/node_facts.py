"""The parts of a node's page, from its figures and history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from protocol.amounts import BPS
from protocol.parameters import JOB_CLASSES, Parameters, classes_of_tier
from protocol.pools import value_of
from staking.pages.leaderboard_rows import is_measured, percentile_of, state_of
from staking.pages.node_view_models import DelegatorRow, LastReward, Measure, NodeFacts
from staking.pages.waterfall import QBreakdown
from staking.selectors.node_history import Holding
from staking.selectors.nodes import NodeFigures
from staking.templatetags.node_cells import region_name
from web.formatting import grouped, milliseconds, percent, times

MAX_HARDWARE = 12


def facts_of(node: NodeFigures, params: Parameters) -> NodeFacts:
    """The node's current state."""
    following = next((tier for tier in params.tiers if tier.number == node.tier + 1), None)
    return NodeFacts(
        address=node.address, name=node.name, operator=node.operator, signing_key=node.signing_key,
        region=node.region, hardware=tuple(hardware_lines(node.hardware)),
        job_classes=classes_of_tier(params, node.tier), all_classes=len(JOB_CLASSES), tier=node.tier,
        next_tier=following.number if following else None, next_tier_at=following.minimum if following else None,
        state=state_of(node), registered_at=node.registered_at, registered_epoch=node.registered_epoch,
        custodial=node.custodial, share_bps=node.delegator_share_bps, cap=node.delegation_cap,
        self_stake=node.self_stake, delegated=node.delegated, pending_stake=node.pending_stake,
        unbonding=node.unbonding, reputation=node.reputation, penalty_bps=node.penalty_bps,
        state_until_epoch=node.cooldown_until if node.status == "cooldown" else None,
        next_share_bps=node.next_share_bps, next_share_epoch=node.next_share_epoch,
        operator_unbonding=node.operator_unbonding,
    )  # fmt: skip


def hardware_lines(declared: Mapping[str, Any]) -> list[tuple[str, str]]:
    """GPU cards with number and memory in one line, everything else under the name it was declared by."""
    rest = dict(list(declared.items())[:MAX_HARDWARE])
    lines = []
    if "gpu" in rest and "gpus" in rest:
        card, memory = f"{rest.pop('gpus')} × {rest.pop('gpu')}", rest.pop("gpu_memory_gb", None)
        lines.append((gettext("Hardware"), card if memory is None else f"{card}, {memory} GB"))
    if rest.get("tee") in (0, 1):
        lines.append((gettext("Trusted enclave"), gettext("yes") if rest.pop("tee") else gettext("no")))
    return [(str(name)[:40], str(value)[:80]) for name, value in [*lines, *rest.items()]]


def q_of(node: NodeFigures, params: Parameters, as_of: str) -> QBreakdown | None:
    """Return the parts of Q by the ranking, or by the last settled epoch of an unranked node; None while nothing was
    measured. The stake and the scarcity behind a term are derived from the term."""
    if not is_measured(node):
        return None
    return QBreakdown(
        q_bps=node.q_bps, latency=node.q_latency, uptime=node.q_uptime, stake=node.q_stake,
        scarcity=node.q_scarcity, sla_factor_bps=node.q_sla, max_latency=params.q_latency_bps,
        max_uptime=params.q_uptime_bps, max_stake=params.q_stake_bps, max_scarcity=params.q_scarcity_bps,
        latency_percentile_bps=percentile_of(node), uptime_bps=node.uptime_bps,
        uptime_floor_bps=params.uptime_floor_bps,
        active_stake=_part(node.q_stake, params.q_stake_bps, params.q_stake_saturation),
        stake_saturation=params.q_stake_saturation,
        scarcity_bps=_part(node.q_scarcity, params.q_scarcity_bps, BPS), region=region_name(node.region),
        sla_bps=node.sla_bps, sla_full_bps=params.sla_full_bps, as_of=as_of, degraded=node.degraded,
    )  # fmt: skip


def _part(term: int, most: int, whole: int) -> int:
    """The part of `whole` that gives a term: the term is floor(most × part / whole)."""
    return -(-term * whole // most) if most else 0


def measures(
    node: NodeFigures, live: NodeFigures | None, last: Mapping[str, Any] | None
) -> tuple[Measure, ...]:
    """Q, score, SLA, uptime and latency by the ranking, in the open epoch so far and in the last settled one."""
    ranked = node if node.rank is not None else None
    return (
        Measure(gettext("Q factor"), *(times(_value(one, "q_bps")) for one in (ranked, live, last))),
        Measure(
            gettext("Score"), grouped(_value(ranked, "score_bps")), grouped(_value(live, "score_bps")), "–"
        ),
        Measure(gettext("SLA"), *(percent(_value(one, "sla_bps")) for one in (ranked, live, last))),
        Measure(gettext("Uptime"), *(percent(_value(one, "uptime_bps")) for one in (ranked, live, last))),
        Measure(
            gettext("Latency"), *(milliseconds(_value(one, "latency_ms")) for one in (ranked, live, last))
        ),
    )


def _value(source: Any, name: str) -> int | None:
    """A figure of node figures or of an epoch's row; None without a source."""
    if source is None:
        return None
    value: int | None = source[name] if isinstance(source, Mapping) else getattr(source, name)
    return value


def last_reward(last: Mapping[str, Any] | None) -> LastReward | None:
    if last is None:
        return None
    return LastReward(last["epoch"], last["reward"], last["operator_reward"], last["delegators_reward"])


def delegator_row(held: Holding, node: NodeFigures, shares: int, wallet: str | None) -> DelegatorRow:
    """A wallet's part of the pool, worth now (R14)."""
    return DelegatorRow(
        wallet=held.wallet,
        value=value_of(held.shares, node.delegated, shares),
        since_epoch=held.since_epoch,
        yours=held.wallet == wallet,
    )
