"""Deposits of IFM from a chain, and exits to it (R54, R55)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F

from chain.configuration import chain_configuration
from ledger import accounts
from ledger.posting import post
from ledger.selectors import posted
from protocol.errors import AmountTooSmall, NotFound
from staking.models import Exit, TokenAccount
from staking.services.epochs import lock_open_epoch


def has_token() -> bool:
    """True if IFM is a token on a chain, so that it can enter and leave (R54)."""
    configuration = chain_configuration()
    return configuration is not None and bool(configuration.token)


def request_exit(*, wallet: str, amount: int, now: datetime) -> Exit:
    """Take `amount` µIFM that are available out of the protocol with the settlement of the open epoch (R55).

    Raises: `amount_too_small` for 0, `not_found` on a network without a token on a chain, `insufficient_balance`.
    """
    if amount <= 0:
        raise AmountTooSmall("Enter an amount above 0.", field="amount")
    if not has_token():
        raise NotFound("IFM of this network is not on a chain, so it cannot be taken out.")
    with transaction.atomic():
        epoch = lock_open_epoch()
        number = post(
            kind="exit",
            moves={accounts.wallet(wallet): -amount, accounts.EXITS: amount},
            at=now,
            epoch=epoch.number,
            reference=wallet,
            actor=wallet,
        )
        return Exit.objects.create(
            wallet=wallet, amount=amount, epoch=epoch.number, requested_at=now, transaction=number
        )


def credit_deposit(*, wallet: str, amount: int, index: int, now: datetime) -> int:
    """Post tokens that a wallet locked on the chain, and return the transaction's id (R54).

    `index`: the number of the lock in the token contract. A second call for it changes nothing. One caller at a time.
    """
    key = f"lock:{index}"
    with transaction.atomic():
        epoch = lock_open_epoch()
        former = posted(key)
        if former is not None:
            return former
        number = post(
            kind="token_deposit",
            moves={accounts.CUSTODY: -amount, accounts.wallet(wallet): amount},
            at=now,
            epoch=epoch.number,
            reference=key,
            actor=wallet,
            key=key,
        )
        TokenAccount.objects.bulk_create([TokenAccount(wallet=wallet)], ignore_conflicts=True)
        TokenAccount.objects.filter(wallet=wallet).update(deposited=F("deposited") + amount)
        return number
