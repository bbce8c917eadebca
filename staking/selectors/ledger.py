"""The journal in the format of the API and the pages (R9)."""

from __future__ import annotations

import re

from ledger.journal import Movement, movements
from protocol.addresses import checksum, normalize
from protocol.errors import AddressInvalid, NotFound

__all__ = ["Movement", "account_name", "movements", "shown_account", "shown_reference"]

_PLAIN = re.compile(r"issuance|reward_pool|deposits|treasury|burned|custody|exits")
_OWNED = re.compile(r"(wallet|stake|pool|unbonding|rewards):(0[xX][0-9a-fA-F]{40})")


def account_name(text: str) -> str:
    """The stored name of an account, from a name whose address is in any letter case.

    Raises: `not_found` when no account can have this name.
    """
    if _PLAIN.fullmatch(text):
        return text
    owned = _OWNED.fullmatch(text)
    try:
        if owned is not None:
            return f"{owned[1]}:{normalize(owned[2])}"
    except AddressInvalid:
        pass
    raise NotFound("The ledger has no such account. Section 5 of the protocol lists the names of accounts.")


def shown_account(name: str) -> str:
    """The name of an account with the EIP-55 checksum of its address (R5)."""
    kind, colon, address = name.partition(":")
    return f"{kind}{colon}{checksum(address)}" if colon else name


def shown_reference(text: str) -> str:
    """The reference of a transaction; an address gets its EIP-55 checksum (R5)."""
    return checksum(text) if len(text) == 42 and text.startswith("0x") else text
