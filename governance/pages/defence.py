"""The slashes of one node and epoch together, and the operator's case against one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

from governance.pages import labels, offence_texts
from governance.selectors.defence import Defence
from staking.models import Slash
from staking.selectors.slash_groups import Loss, SlashGroup
from web.formatting import amount_digits, grouped_int


@dataclass(frozen=True, slots=True)
class SlashRow:
    """A slash of the group. `loss`: taken, or taken if all others were overturned; None when it was overturned."""

    slash: Slash
    loss: Loss | None
    current: bool


@dataclass(frozen=True, slots=True)
class DefenceCard:
    """`warning`: a sentence when a dispute alone changes no amount, else "". `lifts`: what overturning ends."""

    figures: Defence
    warning: str
    lifts: str
    evidence: Sequence[str]


def slash_rows(group: SlashGroup, current: Slash) -> list[SlashRow]:
    """Return the slashes of a group when there are several, else an empty list."""
    if len(group.slashes) == 1:
        return []
    return [SlashRow(slash, _loss(group, slash), slash.pk == current.pk) for slash in group.slashes]


def defence_card(slash: Slash, group: SlashGroup, figures: Defence) -> DefenceCard:
    """Return the card of the operator's case against a pending slash."""
    return DefenceCard(
        figures=figures,
        warning="" if figures.changes_amount else no_effect(slash, group),
        lifts=lifted_effects(slash),
        evidence=offence_texts.evidence(slash.offence),
    )


def no_effect(slash: Slash, group: SlashGroup) -> str:
    """Return the sentence that a dispute of this slash alone does not change the amount, and when it would."""
    others = [other for other in group.slashes if other.pk != slash.pk]
    undecided = [other for other in others if other.status in Slash.UNRESOLVED]
    executed = [other for other in others if other.status == Slash.Status.EXECUTED]
    saved = group.alone(slash).total
    if undecided and saved:
        sentence = ngettext(
            "As long as %(others)s in the same epoch stands, this dispute does not change the amount. If it is "
            "overturned too, this dispute saves %(amount)s IFM.",
            "As long as %(others)s in the same epoch stand, this dispute does not change the amount. If all of them "
            "are overturned too, this dispute saves %(amount)s IFM.",
            len(undecided),
        )
        return sentence % {"others": _names(undecided), "amount": amount_digits(saved, 2)}
    if executed:
        sentence = gettext(
            "This dispute cannot change the amount: %(others)s in the same epoch took %(amount)s IFM in any case."
        )
        return sentence % {"others": _names(executed), "amount": amount_digits(group.taken.total, 2)}
    return gettext("This dispute cannot change the amount: there is no stake to be slashed.")


def _names(slashes: Sequence[Slash]) -> str:
    return ", ".join(labels.offence(slash.offence) for slash in slashes)


def lifted_effects(slash: Slash) -> str:
    """Return the effects that end when the slash is overturned, "" when there is none besides the amount."""
    effects = []
    if slash.ban:
        effects.append(gettext("the ban"))
    if slash.cooldown_until:
        effects.append(gettext("the cooldown until epoch %s") % grouped_int(slash.cooldown_until))
    if slash.strike:
        effects.append(gettext("the strike"))
    return ", ".join(effects)


def _loss(group: SlashGroup, slash: Slash) -> Loss | None:
    if slash.status == Slash.Status.OVERTURNED:
        return None
    if slash.status == Slash.Status.EXECUTED:
        return Loss(slash.self_slashed, slash.delegated_slashed)
    return group.alone(slash)
