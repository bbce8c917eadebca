"""Possible outcomes of disputing a slash, and their expected value."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count

from governance.dispute_odds import Outcomes, break_even_bps, expected_value
from governance.models import Dispute
from staking.models import Slash
from staking.selectors.slash_groups import Loss, SlashGroup


@dataclass(frozen=True, slots=True)
class Defence:
    """Amounts in µIFM. `saved`: not slashed if this slash alone is overturned.

    `expected` and `break_even_bps` compare the operator's own stake with the deposit; None as `dispute_odds` says.
    """

    saved: Loss
    deposit: int
    outcomes: Outcomes
    expected: int | None
    break_even_bps: int | None

    @property
    def changes_amount(self) -> bool:
        return self.saved.total > 0


def defence_of(slash: Slash, group: SlashGroup, *, deposit: int) -> Defence:
    """Return what a dispute of an unresolved slash can change, for this deposit in µIFM; one query."""
    saved, outcomes = group.saved_without(slash), outcomes_of_disputes(slash.offence)
    return Defence(
        saved=saved,
        deposit=deposit,
        outcomes=outcomes,
        expected=expected_value(outcomes, saved=saved.own, deposit=deposit),
        break_even_bps=break_even_bps(saved=saved.own, deposit=deposit),
    )


def outcomes_of_disputes(offence: str) -> Outcomes:
    """Return the numbers of decided disputes about an offence by outcome."""
    decided = Dispute.objects.filter(slash__offence=offence).exclude(status=Dispute.Status.VOTING)
    rows = decided.values_list("status", "quorum_met").annotate(number=Count("pk")).order_by()
    numbers = {(status, bool(quorum_met)): number for status, quorum_met, number in rows}
    return Outcomes(
        overturned=numbers.get((Dispute.Status.OVERTURNED, True), 0),
        upheld=numbers.get((Dispute.Status.UPHELD, True), 0),
        no_quorum=numbers.get((Dispute.Status.UPHELD, False), 0),
    )
