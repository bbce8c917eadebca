"""A deposit as the mirror writes it, without a chain."""

from __future__ import annotations

from datetime import datetime

from chain.models import Deposit, MirrorCursor
from staking.services.exits import credit_deposit


def mirrored(*, wallet: str, amount: int, index: int, now: datetime) -> int:
    """Credit a lock of the token contract (R54); the ledger transaction's id. A second time changes nothing."""
    posting = credit_deposit(wallet=wallet, amount=amount, index=index, now=now)
    Deposit.objects.get_or_create(
        index=index, wallet=wallet, amount=amount, posting=posting,
        defaults={"transaction": f"0x{index:064x}", "log_index": 0, "block": 1, "credited_at": now},
    )  # fmt: skip
    cursor = {"token": wallet, "block": 1, "block_hash": "0x", "lock_head": "0x", "count": index + 1}
    MirrorCursor.objects.update_or_create(id=1, defaults=cursor)
    return posting
