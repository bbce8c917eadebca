"""Labels and sentences for offences, rules, choices and outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext, gettext_lazy, ngettext

from governance.models import Dispute, Proposal
from protocol import offences
from protocol.amounts import BPS
from staking.models import Slash
from web.formatting import grouped_int, percent
from web.templatetags.components import OFFENCES

CHOICES = {
    "uphold": gettext_lazy("Uphold"),
    "overturn": gettext_lazy("Overturn"),
    "for": gettext_lazy("For"),
    "against": gettext_lazy("Against"),
    "abstain": gettext_lazy("Abstain"),
}

_RULES = {
    offences.SLA_DROP: gettext_lazy(
        "A node that accepts at least %(min_jobs)s jobs in an epoch must complete %(threshold)s of them correctly and "
        "in time. The first drop costs only the operator; a repeated one within %(window)s epochs also costs the "
        "delegators."
    ),
    offences.INVALID_PROOF: gettext_lazy(
        "Every receipt must be signed with the node’s signing key. One receipt with another signature is an offence."
    ),
    offences.FORGED_TRACE: gettext_lazy(
        "When a quorum of nodes executes a job again, its trace must equal the trace that the node signed. One "
        "different trace is an offence."
    ),
    offences.DROPOUT: gettext_lazy(
        "A node must finish every job that it accepts. One dropped job is an offence."
    ),
    offences.FAKE_RESOURCES: gettext_lazy(
        "No measured hardware value may be below the value that the node declares."
    ),
    offences.SCHEMA_MISMATCH: gettext_lazy(
        "Results must follow the schema of their job class. %(mismatches)s results in one epoch that do not are an "
        "offence."
    ),
}


def rule(offence: str, params: Any) -> str:
    """Return the rule that an offence breaks, in words (section 8)."""
    return str(_RULES[offence]) % {
        "min_jobs": params.sla_min_jobs,
        "threshold": percent(params.sla_threshold_bps, 0),
        "window": params.sla_strike_window_epochs,
        "mismatches": params.schema_mismatch_limit,
    }


def facts(slash: Slash) -> str:
    """Return what was recorded about the node in the epoch of the offence, with figures."""
    measured: Mapping[str, Any] = slash.measured
    count = grouped_int(len(slash.evidence))
    return {
        offences.SLA_DROP: _sla_drop,
        offences.INVALID_PROOF: lambda _: ngettext(
            "%(n)s receipt was not signed with the node’s signing key.",
            "%(n)s receipts were not signed with the node’s signing key.",
            len(slash.evidence),
        ) % {"n": count},
        offences.FORGED_TRACE: lambda _: ngettext(
            "A quorum executed %(n)s job again and got a different trace.",
            "A quorum executed %(n)s jobs again and got different traces.",
            len(slash.evidence),
        ) % {"n": count},
        offences.DROPOUT: lambda _: ngettext(
            "The node accepted %(n)s job and dropped it.",
            "The node accepted %(n)s jobs and dropped them.",
            len(slash.evidence),
        ) % {"n": count},
        offences.FAKE_RESOURCES: lambda _: gettext(
            "The oracle measured less than the node declares: %(fields)s."
        ) % {"fields": ", ".join(measured.get("shortfalls", ()))},
        offences.SCHEMA_MISMATCH: lambda _: ngettext(
            "%(n)s result did not follow the schema of its job class.",
            "%(n)s results did not follow the schema of their job class.",
            len(slash.evidence),
        ) % {"n": count},
    }[slash.offence](measured)  # fmt: skip


def _sla_drop(measured: Mapping[str, Any]) -> str:
    sentence = gettext(
        "%(good)s of %(accepted)s accepted jobs were good: an SLA of %(sla)s, below the threshold of %(threshold)s."
    )
    return sentence % {
        "good": grouped_int(measured["good"]),
        "accepted": grouped_int(measured["accepted"]),
        "sla": percent(measured["sla_bps"]),
        "threshold": percent(measured["sla_threshold_bps"], 0),
    }


def offence(name: str) -> str:
    """Return the label of an offence."""
    return str(OFFENCES.get(name, name))


def rates(slash: Slash) -> str:
    """Return the rates of a slash: "25% of own and delegated stake", "10% of own stake"."""
    own, delegated = percent(slash.self_bps, 0), percent(slash.delegated_bps, 0)
    if not slash.delegated_bps:
        return gettext("%s of own stake") % own
    if slash.self_bps == slash.delegated_bps:
        return gettext("%s of own and delegated stake") % own
    return gettext("%(own)s of own, %(delegated)s of delegated stake") % {"own": own, "delegated": delegated}


def dispute_projection(dispute: Dispute, tally: Mapping[str, int], *, quorum_reached: bool) -> str:
    """Return the outcome of a dispute, or the outcome if its vote ended now (R46)."""
    if dispute.status == Dispute.Status.OVERTURNED:
        return gettext("The slash was overturned. Nothing was slashed and the deposit was returned.")
    if dispute.status == Dispute.Status.UPHELD and dispute.quorum_met:
        return gettext("The slash was upheld and executed. The deposit went to the treasury.")
    if dispute.status == Dispute.Status.UPHELD:
        return gettext("The quorum was not met, so the slash was executed. The deposit was returned.")
    if not quorum_reached:
        return gettext(
            "If the vote ended now, the slash would be upheld: the quorum is not met. The deposit would be returned."
        )
    if tally["overturn"] > tally["uphold"]:
        return gettext(
            "If the vote ended now, the slash would be overturned: the quorum is met and overturn leads."
        )
    return gettext(
        "If the vote ended now, the slash would be upheld: the quorum is met and overturn does not lead."
    )


def proposal_projection(proposal: Proposal, tally: Mapping[str, int], *, quorum_reached: bool) -> str:
    """Return the outcome of a proposal, or the outcome if its vote ended now (R47)."""
    if proposal.status != Proposal.Status.VOTING:
        return str(_OUTCOMES[proposal.status]) % {"n": grouped_int(proposal.executes_epoch or 0)}
    if not quorum_reached:
        return gettext("If the vote ended now, the proposal would be rejected: the quorum is not met.")
    if tally["for"] > tally["against"]:
        return gettext("If the vote ended now, the proposal would pass: the quorum is met and for leads.")
    return gettext(
        "If the vote ended now, the proposal would be rejected: the quorum is met and for does not lead."
    )


_OUTCOMES = {
    "passed": gettext_lazy("The proposal passed. It is executed in the settlement of epoch %(n)s."),
    "executed": gettext_lazy("The proposal passed and was executed in the settlement of epoch %(n)s."),
    "rejected": gettext_lazy("The proposal was rejected."),
    "expired": gettext_lazy(
        "The proposal passed, but when it was due a value was out of bounds. Nothing was changed."
    ),
}


def part(power: int, base: int) -> str:
    """Return a power as a percentage of all stake at the snapshot."""
    return percent(power * BPS // base) if base else "–"
