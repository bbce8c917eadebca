from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from staking.ledger.accounts import ISSUANCE, wallet as wallet_account
from staking.ledger.posting import post
from staking.protocol.errors import AmountTooSmall, PermissionDenied
from staking.services.epochs import lock_open_epoch


def fund(*, wallet: str, amount: int, now: datetime) -> int:
    """Devnet: issue `amount` µIFM to a wallet; the transaction's id.

    Raises: `permission_denied` in production, `amount_too_small` for 0.
    """
    if settings.INFRAMIND_NETWORK == "production":
        raise PermissionDenied("The faucet exists on a devnet only.")
    if amount <= 0:
        raise AmountTooSmall("Give an amount above 0.", field="amount")
    with transaction.atomic():
        epoch = lock_open_epoch()
        return post(
            kind="faucet",
            moves={ISSUANCE: -amount, wallet_account(wallet): amount},
            at=now,
            epoch=epoch.number,
            reference=wallet,
        )
