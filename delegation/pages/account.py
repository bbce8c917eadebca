"""`/accounts/NAME/`: an account of the ledger, its balance and its entries (R9)."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from delegation.pages.account_labels import account_href, account_label, kind_label, owner_href
from ledger import accounts
from ledger.history import AccountEntry, entries
from ledger.selectors import balance
from protocol.errors import NotFound
from staking.selectors.ledger import account_name, shown_account
from web import query_params

LISTED = 50
# What the balance of each kind of account is.
MEANINGS = {
    "wallet": gettext_lazy("The available IFM of a wallet."),
    "stake": gettext_lazy("The operator’s own bonded stake on a node."),
    "pool": gettext_lazy("The bonded IFM that wallets delegate to a node."),
    "unbonding": gettext_lazy("IFM that is unbonding from a node, own and delegated."),
    "rewards": gettext_lazy("Earnings of a node’s operator and delegators that are not claimed yet."),
    accounts.ISSUANCE: gettext_lazy("Minus all IFM that was ever minted."),
    accounts.REWARD_POOL: gettext_lazy("IFM that the settlement of the open epoch distributes, without its emission."),
    accounts.DEPOSITS: gettext_lazy("Deposits of open disputes."),
    accounts.TREASURY: gettext_lazy("IFM of the network: forfeited deposits, and slashed IFM without an honest node."),
    accounts.BURNED: gettext_lazy("IFM that slashes took out of the supply for good."),
    accounts.CUSTODY: gettext_lazy("Minus the IFM that came from the chain and did not go back."),
    accounts.EXITS: gettext_lazy("IFM that leaves for the chain with the settlement of the open epoch."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry with its kind and its other side in words."""

    entry: AccountEntry
    kind: str
    other: str
    other_href: str


@dataclass(frozen=True, slots=True)
class AccountPage:
    """An account; `balance` in µIFM. `owner`: address of the page of its wallet or node, "" without one.

    `older`: id below which the next page's entries are, None on the last; `newest`: this is the first page.
    """

    name: str
    label: str
    meaning: str
    owner: str
    is_wallet: bool
    balance: int
    rows: tuple[EntryRow, ...]
    older: int | None
    newest: bool


@require_safe
def account_page(request: HttpRequest, name: str) -> HttpResponse:
    """The page of an account; a name in another letter case leads to the address of the page."""
    try:
        account = account_name(name)
    except NotFound:
        raise Http404 from None
    if shown_account(account) != name:
        return HttpResponseRedirect(account_href(account))
    before = query_params.number(request.GET, "before")
    return render(request, "delegation/account.html", {"page": _page(account, before)})


def _page(account: str, before: int | None) -> AccountPage:
    rows = entries(account, limit=LISTED + 1, before=before)
    shown = rows[:LISTED]
    kind = account.partition(":")[0]
    return AccountPage(
        name=shown_account(account),
        label=account_label(account),
        meaning=str(MEANINGS[kind]),
        owner=owner_href(account),
        is_wallet=kind == "wallet",
        balance=balance(account),
        rows=tuple(_row(row) for row in shown),
        older=shown[-1].id if len(rows) > LISTED else None,
        newest=before is None,
    )


def _row(entry: AccountEntry) -> EntryRow:
    other = entry.other or ""
    label, href = (account_label(other), account_href(other)) if other else ("", "")
    return EntryRow(entry, kind_label(entry.kind), label, href)
