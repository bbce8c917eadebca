"""The details of refusals on pages: translated, with figures in the reader's number style and in the page's units.

Rules and services write their details in English, with amounts of six decimals and shares in bps, for programs. A
page finds the template of a detail here and fills it in again.
"""

from __future__ import annotations

import re
from functools import cache

from django.utils.translation import gettext, gettext_noop

from protocol.amounts import parse_amount
from web.formatting import amount_digits, fixed

_NAMED = re.compile(r"%\((\w+)\)s")
_AMOUNT = re.compile(r"[0-9]{1,13}\.[0-9]{6}")
# Names of fields, and figures that are sentences themselves, to be translated.
WORDS = (
    gettext_noop("name"),
    gettext_noop("title"),
    gettext_noop("reason"),
    gettext_noop("body"),
    gettext_noop("text"),
    gettext_noop("link"),
    gettext_noop("label"),
    gettext_noop("hardware"),
    gettext_noop("search"),
    gettext_noop("from"),
    gettext_noop("to"),
    gettext_noop("paid"),
    gettext_noop("cancelled"),
    gettext_noop(
        "unbonding_seconds is at least (dispute_filing_epochs + dispute_voting_epochs + 1) × epoch_seconds"
    ),
    gettext_noop("heartbeat_slot_seconds divides epoch_seconds"),
    gettext_noop("sla_full_bps is at least sla_threshold_bps"),
    gettext_noop("slash_burn_bps, slash_honest_bps and slash_delegators_bps sum to 10000"),
    gettext_noop("the minimum of tier 0 is 0 and the others rise strictly"),
)
_TRANSLATED = ("field", "rule", "why", "status")
DETAILS = (
    gettext_noop("Enter a smaller amount: at most %(most)s IFM can be written."),
    gettext_noop("Enter an amount above 0."),
    gettext_noop("Choose a condition."),
    gettext_noop("Enter the number of a settled epoch."),
    gettext_noop(
        "Enter the address with the chat: https://api.telegram.org/botTOKEN/sendMessage?chat_id=NUMBER."
    ),
    gettext_noop("Choose an action."),
    gettext_noop("While its operator unbonds, stake cannot be redelegated: choose to undelegate."),
    gettext_noop(
        "Your rule for all delegations with this condition redelegates to %(target)s. Delete it first."
    ),
    gettext_noop("Your rule for %(node)s with this condition redelegates to %(target)s. Delete it first."),
    gettext_noop("A wallet can have at most %(most)s standing orders. Delete one first."),
    gettext_noop("You have a rule with this condition for this node. Delete it first."),
    gettext_noop("This condition has no limit: leave the field empty."),
    gettext_noop("Enter a limit for this condition."),
    gettext_noop("Leave the target empty, or choose to redelegate."),
    gettext_noop("Enter the node to redelegate to."),
    gettext_noop("Enter another node: the delegation is already on this one."),
    gettext_noop("This node accepts no delegations any more. Enter another one."),
    gettext_noop("No node has this address."),
    gettext_noop("Promise at least one of the three."),
    gettext_noop("Enter at most the delegator share in force."),
    gettext_noop("Set the delegation cap to this amount or less first."),
    gettext_noop("%(amount)s IFM is delegated now: enter at least that."),
    gettext_noop("Enter an epoch after %(epoch)s."),
    gettext_noop("Enter an epoch up to %(epoch)s."),
    gettext_noop("Enter a share below the present one."),
    gettext_noop("Wait for the next epoch to announce more."),
    gettext_noop("Wait for the next epoch to promise other terms."),
    gettext_noop("A new epoch has begun since you signed. Sign again."),
    gettext_noop(
        "The signature is not this wallet's, or it is for other terms or another epoch. Sign again."
    ),
    gettext_noop("The chain did not answer, where a contract wallet's signature is checked: try again."),
    gettext_noop("Enter at least %(least)s IFM."),
    gettext_noop("Enter a larger amount: after rounding, this one would be worth 0 in the pool."),
    gettext_noop("You have %(value)s IFM here."),
    gettext_noop("You have %(staked)s IFM staked on this node."),
    gettext_noop("This unbonding is worth 0 IFM: there is nothing to return."),
    gettext_noop(
        "The node accepts only %(room)s IFM more under its cap. Delegate that much or less, or choose another node."
    ),
    gettext_noop("You can redelegate %(left)s IFM of this delegation."),
    gettext_noop("Choose another node: the stake is already on this one."),
    gettext_noop("This stake was redelegated to this node: you can redelegate it again from %(moment)s UTC."),
    gettext_noop("No node accepts compounding now. Claim your earnings instead."),
    gettext_noop("No node has the address %(address)s."),
    gettext_noop("The node is banned and accepts no stake. Choose another node."),
    gettext_noop("The node is retired and accepts no stake. Choose another node."),
    gettext_noop("The node accepts no delegations while a slash of it is pending."),
    gettext_noop("The node is in cooldown until the end of epoch %(epoch)s. Delegate after that."),
    gettext_noop("Only the operator %(address)s can do this for the node."),
    gettext_noop("A retired node cannot be changed."),
    gettext_noop("The address %(address)s is taken by another node."),
    gettext_noop("%(field)s cannot be changed."),
    gettext_noop("A node's status can only be set to retired."),
    gettext_noop("Enter a delegator share from %(low)s to %(high)s bps."),
    gettext_noop(
        "The share in force is %(now)s bps and may fall by %(cut)s in one epoch: give %(least)s or more."
    ),
    gettext_noop("Enter a percentage, for example 80 or 82.5."),
    gettext_noop("Enter a region code of 2 to 24 small letters, digits and dashes, such as eu-west."),
    gettext_noop("Enter %(field)s as an object of at most %(most)s values."),
    gettext_noop("Name each value of %(field)s once: %(name)s is there twice."),
    gettext_noop("Enter %(name)s of %(field)s as text, a number, true or false."),
    gettext_noop("Write each part of the hardware on a line of its own: gpu_memory_gb = 48."),
    gettext_noop("This wallet has no such unbonding."),
    gettext_noop("This unbonding is already %(status)s."),
    gettext_noop("A pending slash can still reduce this unbonding. Wait until the slash is resolved."),
    gettext_noop(
        "The epoch of this unbonding is not settled yet: a slash in that epoch can still reduce it."
    ),
    gettext_noop("The unbonding matures at %(moment)s UTC."),
    gettext_noop("There is no dispute %(number)s."),
    gettext_noop("There is no proposal %(number)s."),
    gettext_noop("There is no slash %(number)s."),
    gettext_noop("The slash could be disputed until the end of epoch %(epoch)s."),
    gettext_noop("A dispute requires a deposit of %(deposit)s IFM, available in the wallet."),
    gettext_noop("Only the operator who opened the dispute can add evidence."),
    gettext_noop("The vote is closed. Evidence can no longer be added."),
    gettext_noop("A dispute can have at most %(most)s pieces of evidence."),
    gettext_noop("The vote ended with epoch %(epoch)s."),
    gettext_noop("Choose one of %(choices)s."),
    gettext_noop(
        "This wallet had no stake at the opening of epoch %(epoch)s, in which the vote was opened. "
        "Tokens staked later do not count."
    ),
    gettext_noop(
        "A proposal requires %(threshold)s IFM of voting power; at the opening of epoch %(epoch)s this wallet "
        "had %(power)s IFM."
    ),
    gettext_noop("Enter at least one parameter and its new value."),
    gettext_noop("Enter another wallet: a wallet cannot represent itself."),
    gettext_noop("Enter another value for %(name)s: this one is in force."),
    gettext_noop("This wallet has %(most)s open proposals. Wait until the vote on one of them ends."),
    gettext_noop("Enter the %(field)s as text."),
    gettext_noop("Enter the %(field)s: it has no visible character."),
    gettext_noop("Shorten the %(field)s to %(longest)s characters or fewer."),
    gettext_noop("Remove the character %(code)s from the %(field)s: readers cannot see it."),
    gettext_noop("Enter the link as a full address that begins with https://."),
    gettext_noop("Choose %(name)s between %(low)s and %(high)s."),
    gettext_noop("Choose %(name)s so that %(rule)s."),
    gettext_noop("Enter %(name)s as an integer."),
    gettext_noop("Enter %(name)s as a list of rows."),
    gettext_noop("Enter %(name)s as a decimal string of IFM. %(why)s"),
    gettext_noop("Name each row of %(table)s by its %(key)s: %(choices)s."),
    gettext_noop("Name a parameter that exists: %(name)s is none."),
    gettext_noop("Change only the numbers of %(table)s: %(name)s is none of them."),
    gettext_noop("Check the address for a typing error: its checksum is wrong."),
    gettext_noop("Open the review again: its key is missing."),
    gettext_noop("This form was sent before with other values. Open the review again."),
    gettext_noop("Enter %(field)s as a day, for example 2026-11-24."),
    gettext_noop("Enter a last day that is not before the first."),
    gettext_noop("No demo wallet has this role: load the demo network first."),
    gettext_noop("Demo wallets exist on a devnet only."),
    gettext_noop("This wallet may not sign in here."),
    gettext_noop("The nonce is unknown, used or too old: ask for a new message."),
    gettext_noop("The nonce was given to another wallet."),
    gettext_noop("The message signs in at %(domain)s, not here."),
    gettext_noop("The URI of the message is another site's."),
    gettext_noop("The message is for another chain."),
    gettext_noop("The message is older than its nonce."),
    gettext_noop("The message was issued in the future: check the clock."),
    gettext_noop("The message has expired."),
    gettext_noop("The message is not valid yet."),
    gettext_noop(
        "This network is not connected to a chain, where a contract wallet's signature is checked: "
        "sign in with a wallet that has a key."
    ),
    gettext_noop(
        "The chain did not answer, where a contract wallet's signature is checked: ask for a new message and try again."
    ),
    gettext_noop("The signature is not this wallet's."),
    gettext_noop("Enter the signature as personal_sign returns it: 0x and hex digits."),
    gettext_noop("Send the message of auth/nonce unchanged: this is no EIP-4361 sign-in."),
    gettext_noop("The sign-in message is damaged: %(why)s."),
    gettext_noop("Enter a lifetime above 0 and of at most 366 days."),
    gettext_noop("Revoke a token first: this wallet has %(most)s."),
    gettext_noop("No valid token has this number."),
    gettext_noop("This link is too old or not whole: save the address again for a new one."),
    gettext_noop("The address was changed since: use the link in the newest e-mail."),
    gettext_noop("Try again in a moment: the e-mail could not be sent."),
    gettext_noop("Enter an e-mail address such as name@example.org."),
    gettext_noop("Enter an address that begins with https://."),
    gettext_noop("Enter an address with a host and without a password."),
    gettext_noop("Enter a whole address, https://host/path."),
)


# Details in bps, in the words and the unit of the form's field.
IN_PERCENT = {
    "Enter a delegator share from %(low)s to %(high)s bps.": gettext_noop(
        "Enter a delegator share from %(low)s to %(high)s."
    ),
    "The share in force is %(now)s bps and may fall by %(cut)s in one epoch: give %(least)s or more.": gettext_noop(
        "The share in force is %(now)s and can be reduced by %(cut)s in one epoch: enter %(least)s or more."
    ),
}


def page_detail(detail: str) -> str | None:
    """The detail of a refusal for a page, in the reader's language and numbers; None for one without a template."""
    for template, pattern in _patterns():
        match = pattern.fullmatch(detail)
        if match is None:
            continue
        if template in IN_PERCENT:
            shares = {name: _percent(text) for name, text in match.groupdict().items()}
            return gettext(IN_PERCENT[template]) % shares
        return gettext(template) % {name: _figure(name, text) for name, text in match.groupdict().items()}
    return None


def _figure(name: str, text: str) -> str:
    """Amounts in the reader's number style, names of fields in the reader's language, all else unchanged."""
    if _AMOUNT.fullmatch(text):
        return amount_digits(parse_amount(text))
    return gettext(text) if name in _TRANSLATED else text


def _percent(bps: str) -> str:
    return fixed(int(bps), 2, 0 if int(bps) % 100 == 0 else 2) + "%"


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((template, re.compile(_pattern(template))) for template in DETAILS)


def _pattern(template: str) -> str:
    parts = _NAMED.split(template)
    return "".join(f"(?P<{part}>.+?)" if at % 2 else re.escape(part) for at, part in enumerate(parts))
