"""`/transactions/ID/`: a ledger transaction, its entries and its place in the journal (R9).

`/journal/N/` leads to the transaction with a number of the journal.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from delegation.pages.account_labels import account_href, account_label, kind_label, owner_href
from ledger.journal import Movement, Neighbours, movement, neighbours, transaction_numbered
from staking.selectors.ledger import shown_account, shown_reference
from web import query_params
from web.listing import Pager

LISTED = 50
# Ids are below 2^63.
ID_LIMIT = 1 << 63


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry, µIFM. `href`: the page of the account; `owner`: that of its wallet or node, "" without one."""

    account: str
    label: str
    href: str
    owner: str
    amount: int


@dataclass(frozen=True, slots=True)
class TransactionPage:
    """`actor`: the wallet, "" for the network. `moved`: µIFM. `place` is None until the epoch is settled."""

    movement: Movement
    kind: str
    actor: str
    reference: str
    reference_href: str
    rows: tuple[EntryRow, ...]
    pager: Pager
    moved: int
    place: Neighbours | None


@require_safe
def transaction_page(request: HttpRequest, number: int) -> HttpResponse:
    row = movement(number) if number < ID_LIMIT else None
    if row is None:
        raise Http404
    pager = Pager(query_params.page(request.GET), LISTED, len(row.entries))
    first = (pager.number - 1) * LISTED
    page = TransactionPage(
        movement=row,
        kind=kind_label(row.kind),
        actor=row.actor if len(row.actor) == 42 and row.actor.startswith("0x") else "",
        reference=shown_reference(row.reference),
        reference_href=_reference_href(row.reference),
        rows=tuple(_row(name, amount) for name, amount in row.entries[first : first + LISTED]),
        pager=pager,
        moved=sum(amount for _, amount in row.entries if amount > 0),
        place=None if row.number is None else neighbours(row.number),
    )
    return render(request, "delegation/transaction.html", {"page": page})


@require_safe
def by_number(request: HttpRequest, number: int) -> HttpResponse:
    """Redirect from a number of the journal to the transaction that has it."""
    id_ = transaction_numbered(number) if number < ID_LIMIT else None
    if id_ is None:
        raise Http404
    return HttpResponseRedirect(reverse("transaction", args=[id_]))


def _row(name: str, amount: int) -> EntryRow:
    return EntryRow(shown_account(name), account_label(name), account_href(name), owner_href(name), amount)


def _reference_href(reference: str) -> str:
    """The page of the epoch or dispute that a reference like `epoch:7` names; "" for others."""
    kind, _, number = reference.partition(":")
    return reverse(kind, args=[number]) if kind in ("epoch", "dispute") and number.isdecimal() else ""
