"""Refusals in the reader's language and numbers."""

from __future__ import annotations

from django import template
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext, gettext_noop

from protocol.errors import ERRORS, ProtocolError
from web.refusal_details import page_detail

register = template.Library()

# The sentence of each code: protocol.errors is importable without Django, so it marks nothing for translation.
SENTENCES = (
    gettext_noop(
        "Enter the amount in IFM as plain digits with at most six after the point, for example 1500 or 0.5."
    ),
    gettext_noop("Enter a larger amount: this one is below the smallest that is accepted."),
    gettext_noop("Enter an address as 0x and 40 hex digits, all lower case or with its right checksum."),
    gettext_noop("Choose a value inside the bounds of this parameter."),
    gettext_noop("Lower the delegator share in smaller steps, one each epoch."),
    gettext_noop(
        "Send every field of the receipt with a known class and outcome and numbers that are not negative."
    ),
    gettext_noop("Correct the request: a field is missing or has a value that is not understood."),
    gettext_noop("Sign in, and send the token with the request."),
    gettext_noop("Sign in as the operator of this node: nobody else may do this."),
    gettext_noop("You operate this node, so you cannot vote on its slash."),
    gettext_noop(
        "Stake or delegate before a vote is opened: this wallet had too little voting power when it was."
    ),
    gettext_noop("Use a token that is allowed to do this."),
    gettext_noop("Check the address or number: there is nothing under it."),
    gettext_noop("Use one of the methods that this address accepts."),
    gettext_noop("Send less in one request: this one is too large."),
    gettext_noop("Send the body as application/json."),
    gettext_noop("Wait a moment, then try again: too many requests came from here."),
    gettext_noop("Enter a smaller amount: the balance does not cover it."),
    gettext_noop("Stake on your own node instead: an operator cannot delegate to it."),
    gettext_noop("Choose another node: this one is banned."),
    gettext_noop("Choose another node: this one is retired."),
    gettext_noop("Wait until the node's cooldown is over, or choose another node."),
    gettext_noop(
        "Undelegate instead, or wait: the operator of this node is unbonding, so its delegations cannot "
        "be redelegated."
    ),
    gettext_noop("Wait until the pending slash of this node is decided, or choose another node."),
    gettext_noop("Wait until the pending slash that can still reach this stake is decided."),
    gettext_noop("Delegate less, or choose another node: the operator's cap leaves less room than that."),
    gettext_noop(
        "Wait one unbonding period after the last redelegation before you redelegate this stake again."
    ),
    gettext_noop("Wait until the unbonding period is over."),
    gettext_noop("Nothing is left to do: this unbonding was already paid or cancelled."),
    gettext_noop("Come back after the next settlement: nothing was earned since the last claim."),
    gettext_noop("Nothing can be disputed any more: the time to dispute this slash is over."),
    gettext_noop("Follow the dispute that is already open: a slash is disputed once."),
    gettext_noop("Nothing can be voted any more: this vote is closed."),
    gettext_noop("Send each job once: another receipt with this job id is already recorded."),
    gettext_noop("Send it while its epoch is open: the time lies too far from the open epoch."),
    gettext_noop("Use a new Idempotency-Key: this one was used with another body."),
    gettext_noop("Choose another address: this one is taken."),
)


@register.filter
def refusal_text(refusal: ProtocolError) -> str:
    """The detail of a refusal in the reader's language and numbers, or the sentence of its code."""
    detail = page_detail(refusal.detail)
    if detail is None:
        english = (get_language() or "en").startswith("en")
        detail = refusal.detail if english else gettext(refusal.sentence)
    return detail


@register.filter
def protocol_code(error: ValidationError) -> str:
    """The stable code of an error that the protocol knows; "" for any other."""
    return error.code if error.code in ERRORS else ""
