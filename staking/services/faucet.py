"""The faucet of a devnet: test tokens, issued to any wallet."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from chain.configuration import chain_configuration
from ledger.accounts import ISSUANCE
from ledger.accounts import wallet as wallet_account
from ledger.posting import post
from ledger.selectors import balance, posted
from protocol.amounts import MAX_AMOUNT, MICRO, format_amount
from protocol.errors import AmountInvalid, AmountTooSmall, PermissionDenied
from staking.services.epochs import lock_open_epoch

# Half of what an account can hold, so that emissions stay possible for the life of any devnet.
MAX_ISSUED = MAX_AMOUNT // 2
# First tokens of a new wallet.
FIRST_TOKENS = 1_000 * MICRO


def is_open() -> bool:
    """True if test tokens are issued: on a devnet whose IFM is on no chain but its own development chain (R54)."""
    configuration = chain_configuration()
    on_chain = configuration is not None and configuration.token and not configuration.embedded
    return settings.INFRAMIND_NETWORK == "devnet" and not on_chain


def require_open() -> None:
    """Raises: `permission_denied` where the faucet is closed."""
    if not is_open():
        raise PermissionDenied("The faucet is closed: it exists on a devnet whose IFM is not on a chain.")


def fund(*, wallet: str, amount: int, now: datetime, key: str | None = None) -> int:
    """Devnet: issue `amount` µIFM to a wallet, once for a `key`; the transaction's id.

    Raises: `permission_denied` in production, `amount_too_small` for 0, `amount_invalid` when more would be
    issued than the ledger can carry.
    """
    if settings.INFRAMIND_NETWORK == "production":
        raise PermissionDenied("The faucet exists on a devnet only.")
    if amount <= 0:
        raise AmountTooSmall("Enter an amount above 0.", field="amount")
    with transaction.atomic():
        epoch = lock_open_epoch()
        if amount > (issuable := MAX_ISSUED + balance(ISSUANCE)):
            raise AmountInvalid(
                f"Give at most {format_amount(max(issuable, 0))} IFM: no more can be issued.", field="amount"
            )
        return post(
            kind="faucet",
            moves={ISSUANCE: -amount, wallet_account(wallet): amount},
            at=now,
            epoch=epoch.number,
            reference=wallet,
            key=key,
        )


def has_first_tokens(wallet: str) -> bool:
    """Whether a wallet got its FIRST_TOKENS before."""
    return posted(_first_key(wallet)) is not None


def fund_first(*, wallet: str, now: datetime) -> int:
    """Devnet: issue FIRST_TOKENS to a wallet, once ever; the transaction's id.

    Raises: `permission_denied` where the faucet is closed.
    """
    require_open()
    return fund(wallet=wallet, amount=FIRST_TOKENS, now=now, key=_first_key(wallet))


def _first_key(wallet: str) -> str:
    return f"faucet:{wallet}"
