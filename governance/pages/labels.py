"""Labels and sentences for slashes, choices and outcomes."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext, gettext_lazy

from governance.models import Dispute, Proposal
from protocol.amounts import BPS
from staking.models import Slash
from web.formatting import grouped_int, percent, rate
from web.templatetags.components import OFFENCES

CHOICES = {
    "uphold": gettext_lazy("Uphold"),
    "overturn": gettext_lazy("Overturn"),
    "for": gettext_lazy("For"),
    "against": gettext_lazy("Against"),
    "abstain": gettext_lazy("Abstain"),
}


def offence(name: str) -> str:
    """Return the label of an offence."""
    return str(OFFENCES.get(name, name))


def rates(slash: Slash) -> str:
    """Return the rates of a slash: "25% of own and delegated stake", "10% of own stake"."""
    own, delegated = rate(slash.self_bps), rate(slash.delegated_bps)
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
