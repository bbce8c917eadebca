"""Reads of the ledger."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Sum

from ledger.accounts import BURNED, CUSTODY, ISSUANCE
from ledger.models import Account, Entry, Transaction


def balance(name: str) -> int:
    """Balance of an account in µIFM; 0 for one without entries."""
    amount = Account.objects.filter(name=name).values_list("balance", flat=True).first()
    return int(amount or 0)


def balances(names: Iterable[str]) -> dict[str, int]:
    """Balances of several accounts in µIFM; accounts without entries are 0."""
    wanted = list(names)
    balances = dict(Account.objects.filter(name__in=wanted).values_list("name", "balance"))
    return {name: int(balances.get(name, 0)) for name in wanted}


def supply() -> int:
    """The supply in µIFM: −issuance − burned (R10)."""
    return -balance(ISSUANCE) - balance(BURNED)


def held() -> int:
    """Tokens in the protocol, in µIFM: what all accounts hold but `issuance`, `burned` and `custody`."""
    outside = (ISSUANCE, BURNED, CUSTODY)
    return int(Account.objects.exclude(name__in=outside).aggregate(total=Sum("balance"))["total"] or 0)


def issued_in(epoch: int) -> int:
    """Tokens issued in an epoch, in µIFM: what its transactions took from `issuance`."""
    entries = Entry.objects.filter(account__name=ISSUANCE, transaction__epoch=epoch)
    return -int(entries.aggregate(total=Sum("amount"))["total"] or 0)


def posted(key: str) -> int | None:
    """The transaction that was posted under a key; None when there is none."""
    return Transaction.objects.filter(key=key).values_list("id", flat=True).first()


def posted_under(keys: Iterable[str]) -> dict[str, int]:
    """The transactions that were posted under keys, by key; one query."""
    rows = Transaction.objects.filter(key__in=list(keys)).values_list("key", "id")
    return {str(key): number for key, number in rows}


def amounts_by_key(keys: Iterable[str], names: Iterable[str]) -> dict[tuple[str, str], int]:
    """µIFM that the transactions posted under `keys` moved on the accounts `names`, by (key, account)."""
    rows = Entry.objects.filter(transaction__key__in=list(keys), account__name__in=list(names))
    values = rows.values_list("transaction__key", "account__name", "amount")
    return {(str(key), name): amount for key, name, amount in values}
