"""Filters for the commitments of operators: sentences about terms and about how they were broken."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext, ngettext

from staking.models import Commitment
from staking.selectors.commitments import Breach
from staking.services.commitment_signatures import text_to_sign
from web.formatting import amount_digits, grouped_int, percent

register = template.Library()


@register.filter
def commitment_terms(commitment: Commitment) -> list[str]:
    """Return a sentence for each term that is promised."""
    sentences = []
    if commitment.minimum_share_bps is not None:
        sentences.append(gettext("Delegator share of at least %s") % _share(commitment.minimum_share_bps))
    if commitment.notice_epochs is not None:
        sentences.append(
            ngettext(
                "A lower share is announced %(n)s epoch ahead",
                "A lower share is announced %(n)s epochs ahead",
                commitment.notice_epochs,
            )
            % {"n": grouped_int(commitment.notice_epochs)}
        )
    if commitment.maximum_delegated is not None:
        sentences.append(gettext("At most %s IFM delegated") % amount_digits(commitment.maximum_delegated, 2))
    return sentences


@register.filter
def signed_text(commitment: Commitment) -> str:
    """Return the text that the operator's wallet signed."""
    return text_to_sign(commitment)


@register.filter
def signature_hex(commitment: Commitment) -> str:
    """Return the signature in hex, "" without one."""
    return "" if commitment.signature is None else "0x" + bytes(commitment.signature).hex()


@register.filter
def breach_text(broken: Breach) -> str:
    """Return what broke a term, with the figure and the epoch."""
    values = {"epoch": grouped_int(broken.epoch)}
    if broken.term == "maximum_delegated":
        values["value"] = amount_digits(broken.value, 2)
        return gettext("%(value)s IFM were delegated, first exceeded in epoch %(epoch)s") % values
    values["value"] = _share(broken.value)
    if broken.term == "notice":
        return gettext("The share fell to %(value)s in epoch %(epoch)s without the promised notice") % values
    return gettext("The share fell to %(value)s in epoch %(epoch)s") % values


def _share(bps: int) -> str:
    return percent(bps, 0 if bps % 100 == 0 else 2)
