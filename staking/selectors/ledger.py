"""The journal as outsiders read it (R9)."""

from __future__ import annotations

import re

from staking.ledger.journal import Movement, movements
from staking.protocol.addresses import normalize
from staking.protocol.errors import AddressInvalid, NotFound

__all__ = ["Movement", "account_name", "movements"]

_PLAIN = re.compile(r"issuance|reward_pool|deposits|treasury|burned")
_OWNED = re.compile(r"(wallet|stake|pool|unbonding|rewards):(0[xX][0-9a-fA-F]{40})")


def account_name(text: str) -> str:
    """The name of an account as the ledger writes it, its address in any letter case.

    Raises: `not_found` for what can never be the name of one.
    """
    if _PLAIN.fullmatch(text):
        return text
    owned = _OWNED.fullmatch(text)
    try:
        if owned is not None:
            return f"{owned[1]}:{normalize(owned[2])}"
    except AddressInvalid:
        pass
    raise NotFound("The ledger has no such account: its names are those of section 5 of the protocol.")
