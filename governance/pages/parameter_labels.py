"""Labels, help texts and formatted values of the parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from governance.pages.labels import offence
from protocol.amounts import MICRO, parse_amount
from protocol.bounds import AMOUNTS, BOUNDS, JOINT_BOUNDS, TABLE_BOUNDS
from protocol.parameters import TABLES
from web.formatting import UNIT, amount_digits, grouped_int, period, rate, times

# Shown and entered as a factor (1.2×), not as a percentage.
FACTORS = frozenset({"high_performer_bps"})


@dataclass(frozen=True, slots=True)
class Group:
    """A group of parameters, in the order of the page."""

    title: Any
    names: tuple[str, ...]


GROUPS = (
    Group(gettext_lazy("Time"), ("epoch_seconds", "ranking_seconds", "heartbeat_slot_seconds", "unbonding_seconds")),
    Group(
        gettext_lazy("Stake and rewards"),
        ("emission_per_epoch", "min_amount", "delegator_share_bps", "delegator_share_max_cut_bps"),
    ),
    Group(
        gettext_lazy("Service level"),
        ("sla_threshold_bps", "sla_full_bps", "sla_min_jobs", "sla_strike_window_epochs", "uptime_floor_bps",
         "heard_quorum_bps", "rejection_limit_bps", "latency_cv_limit_bps", "latency_window_jobs",
         "schema_mismatch_limit"),
    ),
    Group(
        gettext_lazy("Q factor and ranking"),
        ("q_latency_bps", "q_uptime_bps", "q_stake_bps", "q_scarcity_bps", "q_stake_saturation", "high_performer_bps",
         "failure_penalty_bps", "penalty_decay_bps"),
    ),
    Group(
        gettext_lazy("Slashes and disputes"),
        ("slash_burn_bps", "slash_honest_bps", "slash_delegators_bps", "cooldown_epochs", "dispute_filing_epochs",
         "dispute_voting_epochs", "dispute_deposit"),
    ),
    Group(
        gettext_lazy("Votes"),
        ("quorum_bps", "proposal_threshold", "proposal_voting_epochs", "timelock_epochs"),
    ),
)  # fmt: skip

_NAMES: dict[str, tuple[Any, Any]] = {
    "epoch_seconds": (gettext_lazy("Epoch length"), gettext_lazy("duration of an epoch")),
    "ranking_seconds": (gettext_lazy("Ranking interval"), gettext_lazy("time between two rankings")),
    "heartbeat_slot_seconds": (gettext_lazy("Heartbeat slot"), gettext_lazy("unit in which uptime is counted")),
    "heard_quorum_bps": (
        gettext_lazy("Heartbeat quorum"),
        gettext_lazy("of the active nodes must send a heartbeat for a slot to count"),
    ),
    "unbonding_seconds": (gettext_lazy("Unbonding period"), gettext_lazy("time until unbonding stake is paid out")),
    "emission_per_epoch": (gettext_lazy("Emission"), gettext_lazy("minted into the reward pool of each epoch")),
    "min_amount": (gettext_lazy("Minimum amount"), gettext_lazy("of a stake or delegation")),
    "delegator_share_bps": (gettext_lazy("Delegator share"), gettext_lazy("default for a new node")),
    "delegator_share_max_cut_bps": (gettext_lazy("Maximum share reduction"), gettext_lazy("in one epoch")),
    "sla_threshold_bps": (gettext_lazy("SLA threshold"), gettext_lazy("a node below it is slashed")),
    "sla_full_bps": (gettext_lazy("Full SLA"), gettext_lazy("Q is not reduced from this SLA on")),
    "sla_min_jobs": (gettext_lazy("Minimum jobs for SLA"), gettext_lazy("fewer jobs are never an SLA drop")),
    "sla_strike_window_epochs": (gettext_lazy("Strike window"), gettext_lazy("epochs in which a drop is repeated")),
    "uptime_floor_bps": (gettext_lazy("Uptime floor"), gettext_lazy("a node below it is degraded")),
    "rejection_limit_bps": (gettext_lazy("Rejection limit"), gettext_lazy("a node above it is degraded")),
    "latency_cv_limit_bps": (gettext_lazy("Latency variation limit"), gettext_lazy("a node above it is degraded")),
    "latency_window_jobs": (gettext_lazy("Latency window"), gettext_lazy("number of good jobs in the average latency")),
    "schema_mismatch_limit": (gettext_lazy("Schema mismatch limit"), gettext_lazy("this many in an epoch: offence")),
    "q_latency_bps": (gettext_lazy("Q from latency"), gettext_lazy("maximum addition")),
    "q_uptime_bps": (gettext_lazy("Q from uptime"), gettext_lazy("maximum addition or reduction")),
    "q_stake_bps": (gettext_lazy("Q from stake"), gettext_lazy("maximum addition")),
    "q_scarcity_bps": (gettext_lazy("Q from scarcity"), gettext_lazy("maximum addition for a scarce region")),
    "q_stake_saturation": (gettext_lazy("Stake saturation"), gettext_lazy("stake above it does not raise Q")),
    "high_performer_bps": (gettext_lazy("High performer"), gettext_lazy("first failure counts half from this Q on")),
    "failure_penalty_bps": (gettext_lazy("Failure penalty"), gettext_lazy("score reduction for each failed job")),
    "penalty_decay_bps": (gettext_lazy("Penalty decay"), gettext_lazy("part of a penalty that remains after an epoch")),
    "slash_burn_bps": (gettext_lazy("Slash: burned"), gettext_lazy("part of the slashed amount")),
    "slash_honest_bps": (gettext_lazy("Slash: to honest nodes"), gettext_lazy("part of the slashed amount")),
    "slash_delegators_bps": (gettext_lazy("Slash: returned to delegators"), gettext_lazy("part of the slashed amount")),
    "cooldown_epochs": (gettext_lazy("Cooldown"), gettext_lazy("epochs, multiplied by the severity of the tier")),
    "dispute_filing_epochs": (gettext_lazy("Dispute window"), gettext_lazy("epochs in which a slash can be disputed")),
    "dispute_voting_epochs": (gettext_lazy("Dispute vote"), gettext_lazy("epochs after the dispute window")),
    "dispute_deposit": (gettext_lazy("Dispute deposit"), gettext_lazy("paid by the operator who disputes a slash")),
    "quorum_bps": (gettext_lazy("Quorum"), gettext_lazy("part of all stake at the snapshot")),
    "proposal_threshold": (gettext_lazy("Proposal threshold"), gettext_lazy("voting power needed to propose")),
    "proposal_voting_epochs": (gettext_lazy("Proposal vote"), gettext_lazy("epochs after the epoch of the proposal")),
    "timelock_epochs": (gettext_lazy("Timelock"), gettext_lazy("epochs between the end of the vote and the execution")),
}  # fmt: skip
TABLE_LABELS = {"tiers": gettext_lazy("Tiers"), "offences": gettext_lazy("Offences")}
_COLUMNS: dict[str, Any] = {
    "minimum": gettext_lazy("minimum stake"),
    "bonus_bps": gettext_lazy("reward bonus"),
    "severity_bps": gettext_lazy("penalty severity"),
    "self_bps": gettext_lazy("of own stake"),
    "delegated_bps": gettext_lazy("of delegated stake"),
    "repeated_self_bps": gettext_lazy("of own stake, when repeated"),
    "repeated_delegated_bps": gettext_lazy("of delegated stake, when repeated"),
}


@dataclass(frozen=True, slots=True)
class Value:
    """A parameter. `key`: its name, in a table "tiers.1.minimum"; `rule`: the joint bound, "" when there is none."""

    key: str
    label: str
    help: str
    shown: str
    bounds: str
    rule: str


def title(key: str) -> str:
    """Return the label of a parameter."""
    table, _, rest = key.partition(".")
    if table not in TABLES:
        return str(_NAMES[key][0])
    row, _, column = rest.rpartition(".")
    name = gettext("Tier %s") % row if table == "tiers" else offence(row)
    return f"{name}: {_COLUMNS[column]}"


def show(key: str, value: Any) -> str:
    """Return a value with its unit: time, percentage, IFM or a count."""
    name = key.rpartition(".")[2]
    if is_amount(name):
        micro = parse_amount(value) if isinstance(value, str) else value
        return f"{amount_digits(micro, 0 if micro % MICRO == 0 else None)} {UNIT}"
    if name in FACTORS:
        return times(value, 2 if value % 100 == 0 else 4)
    if name.endswith("_bps"):
        return rate(value)
    return period(value) if name.endswith("_seconds") else grouped_int(value)


def value_of(key: str, value: Any) -> Value:
    """Return a parameter with its label, formatted value and bounds."""
    name = key.rpartition(".")[2]
    return Value(
        key=key,
        label=title(key),
        help=str(_NAMES[key][1]) if key in _NAMES else "",
        shown=show(key, value),
        bounds=bounds_of(name),
        rule=_rule(key.partition(".")[0], name),
    )


def is_amount(name: str) -> bool:
    """Return whether a parameter or a column of a table is an amount of IFM."""
    return name in AMOUNTS or name == "minimum"


# The joint bounds of protocol.bounds, in the words of the pages.
_JOINT_RULES = {
    "unbonding_seconds": gettext_lazy(
        "The unbonding period must be at least as long as dispute window, dispute vote and one more epoch together."
    ),
    "heartbeat_slot_seconds": gettext_lazy("The epoch length must be a multiple of the heartbeat slot."),
    "sla_full_bps": gettext_lazy("The full SLA must be at least the SLA threshold."),
    "slash_burn_bps": gettext_lazy(
        "The three parts of a slash (burned, to honest nodes, returned to delegators) must add to 100%."
    ),
    "tiers": gettext_lazy(
        "The minimum stake of tier 0 must be 0 and the minimum of each following tier must be higher."
    ),
}
_CODES = {
    "none": gettext_lazy("none"),
    "member": gettext_lazy("member"),
    "coordinator": gettext_lazy("coordinator"),
    "strike": gettext_lazy("strike"),
    "cooldown": gettext_lazy("cooldown"),
    "ban": gettext_lazy("ban"),
}


def joint_rule(detail: str) -> tuple[str, tuple[str, ...]]:
    """Return the sentence of the joint bound that an error of the rules names, and the parameters in it."""
    for joint in JOINT_BOUNDS:
        if joint.rule in detail:
            return str(_JOINT_RULES[joint.names[0]]), joint.names
    return detail, ()


def code_label(code: str) -> str:
    """Return the label of the quorum access of a tier or of the effect of an offence."""
    return str(_CODES.get(code, code))


def bounds_of(name: str) -> str:
    """Return both bounds with their unit: "50% … 99%", "1 minute … 7 days"."""
    low, high = {**BOUNDS, **TABLE_BOUNDS}[name]
    if high is None:
        return gettext("from %(low)s") % {"low": show(name, low)}
    # The unit IFM is written once.
    return " … ".join((show(name, low).removesuffix(f" {UNIT}"), show(name, high)))


def _rule(parameter: str, name: str) -> str:
    if parameter in TABLES and name != "minimum":
        return ""
    joint = next((joint for joint in JOINT_BOUNDS if parameter in joint.names), None)
    return str(_JOINT_RULES[joint.names[0]]) if joint else ""
