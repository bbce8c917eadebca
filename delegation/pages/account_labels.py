"""Labels of the ledger's accounts and of the kinds of its transactions (R9)."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy

from ledger import accounts
from protocol.addresses import checksum
from staking.selectors.ledger import shown_account
from web.templatetags.identity import short

KINDS = {
    "faucet": gettext_lazy("Faucet"),
    "genesis": gettext_lazy("Genesis allocation"),
    "stake": gettext_lazy("Staked"),
    "unstake": gettext_lazy("Unstaked"),
    "delegate": gettext_lazy("Delegated"),
    "undelegate": gettext_lazy("Undelegated"),
    "redelegate": gettext_lazy("Redelegated"),
    "cancel_unbonding": gettext_lazy("Unbonding cancelled"),
    "compound": gettext_lazy("Compounded"),
    "claim": gettext_lazy("Claimed"),
    "withdraw": gettext_lazy("Unbonding paid"),
    "refund": gettext_lazy("Delegation returned"),
    "dispute_deposit": gettext_lazy("Deposit of a dispute"),
    "deposit_returned": gettext_lazy("Deposit returned"),
    "deposit_forfeited": gettext_lazy("Deposit forfeited"),
    "mint": gettext_lazy("Emission"),
    "rewards": gettext_lazy("Rewards of an epoch"),
    "slash": gettext_lazy("Slash"),
    "exits": gettext_lazy("Exits of an epoch"),
    "token_deposit": gettext_lazy("IFM added from the chain"),
    "exit": gettext_lazy("IFM taken out"),
}
# Accounts of a wallet or node.
OWNED = {
    "pool": gettext_lazy("pool of %s"),
    "stake": gettext_lazy("stake of %s"),
    "unbonding": gettext_lazy("unbonding of %s"),
    "rewards": gettext_lazy("rewards of %s"),
    "wallet": gettext_lazy("wallet %s"),
}
# Accounts that nobody owns.
NETWORK = {
    accounts.ISSUANCE: gettext_lazy("issuance"),
    accounts.REWARD_POOL: gettext_lazy("reward pool"),
    accounts.DEPOSITS: gettext_lazy("deposits"),
    accounts.TREASURY: gettext_lazy("treasury"),
    accounts.BURNED: gettext_lazy("burned"),
    accounts.CUSTODY: gettext_lazy("custody"),
    accounts.EXITS: gettext_lazy("exits"),
}


def kind_label(kind: str) -> str:
    """The kind of a ledger transaction in words."""
    return str(KINDS.get(kind, kind.replace("_", " ").capitalize()))


def account_label(name: str) -> str:
    """The label of an account by its stored name: "reward pool", "pool of 0x1234…cdef"."""
    kind, _, address = name.partition(":")
    return str(OWNED[kind]) % short(address) if address else str(NETWORK[kind])


def account_href(name: str) -> str:
    """The address of the page of an account."""
    return reverse("ledger-account", args=[shown_account(name)])


def owner_href(name: str) -> str:
    """The address of the page of the wallet or node that owns an account; "" without an owner."""
    kind, _, address = name.partition(":")
    return reverse("wallet" if kind == "wallet" else "node", args=[checksum(address)]) if address else ""
