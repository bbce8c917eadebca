"""Exits to a chain: the cumulative sums that the token contract applies (R55). Amounts in µIFM."""

from __future__ import annotations

from typing import Final, NamedTuple

from protocol.merkle import Leaf


class TokenSums(NamedTuple):
    """Sums since the beginning for one wallet: what it gained and lost in the protocol, and what it took out."""

    minted: int
    burned: int
    released: int


NOTHING: Final = TokenSums(0, 0, 0)


def sums_after_exit(former: TokenSums, exited: int, *, total: int, deposited: int) -> TokenSums:
    """The sums after an epoch in which a wallet took out `exited` (R55).

    `former`: those of its exit before. `total`: everything that the wallet has after the exits. `deposited`: what it
    ever brought in. Afterwards deposited + minted − burned − released = total.
    """
    released = former.released + exited
    net = total + released - deposited
    change = net - (former.minted - former.burned)
    return TokenSums(former.minted + max(change, 0), former.burned + max(-change, 0), released)


def exit_leaves(wallet: str, sums: TokenSums, epoch: int) -> list[Leaf]:
    """The three leaves of a wallet with an exit in the epoch, in the order in which they are applied (R55)."""
    return [Leaf(kind, wallet, amount, epoch) for kind, amount in zip(TokenSums._fields, sums, strict=True)]
