"""IFM on the chain and in the ledger, reconciled (R54–R56). Amounts in µIFM."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Sum

from chain.models import MirrorCursor
from ledger.accounts import BURNED, ISSUANCE
from ledger.selectors import balances, held
from staking.models import TokenAccount

SUMS = ("deposited", "minted", "burned", "released")


@dataclass(frozen=True, slots=True)
class Supply:
    """`issued`, `slashed`, `deposited` and `released` are the ledger's, and `held` is what its accounts have.

    `to_mint`, `to_burn` and `to_release` are what the leaves of exits say in total; the `chain_…` figures are the token
    contract's, as of `block`. `block` is None before the contract was read.
    """

    issued: int
    slashed: int
    deposited: int
    released: int
    held: int
    to_mint: int
    to_burn: int
    to_release: int
    block: int | None = None
    chain_initial: int = 0
    chain_minted: int = 0
    chain_burned: int = 0
    chain_released: int = 0

    @property
    def in_protocol(self) -> int:
        """The tokens that the protocol must hold: issued − burned by slashes + deposited − released."""
        return self.issued - self.slashed + self.deposited - self.released

    @property
    def unclaimed(self) -> int:
        """Gains of wallets in the protocol (negative: losses) that no leaf of an exit covers yet."""
        return self.held - (self.deposited + self.to_mint - self.to_burn - self.to_release)

    @property
    def chain_total(self) -> int:
        return self.chain_initial + self.chain_minted - self.chain_burned

    @property
    def chain_locked(self) -> int:
        """Locked in the wallets of the chain: deposited + minted − burned − released."""
        return self.deposited + self.chain_minted - self.chain_burned - self.chain_released

    @property
    def not_minted(self) -> int:
        """Amounts in leaves that no proof has brought to the chain yet; so `not_burned` and `not_released`."""
        return self.to_mint - self.chain_minted

    @property
    def not_burned(self) -> int:
        return self.to_burn - self.chain_burned

    @property
    def not_released(self) -> int:
        return self.to_release - self.chain_released

    @property
    def adds_up(self) -> bool:
        """True if the ledger holds what it must, and the chain has nothing proven beyond the leaves."""
        return self.held == self.in_protocol and min(self.not_minted, self.not_burned, self.not_released) >= 0


def supply(cursor: MirrorCursor | None) -> Supply:
    """The supply as of now and, of the chain, as of the cursor's block. Three queries."""
    sums = TokenAccount.objects.aggregate(**{name: Sum(name) for name in SUMS})
    totals = {name: int(sums[name] or 0) for name in SUMS}
    accounts = balances([ISSUANCE, BURNED])
    figures = {
        "issued": -accounts[ISSUANCE],
        "slashed": accounts[BURNED],
        "deposited": totals["deposited"],
        "released": totals["released"],
        "held": held(),
        "to_mint": totals["minted"],
        "to_burn": totals["burned"],
        "to_release": totals["released"],
    }
    if cursor is None:
        return Supply(**figures)
    return Supply(
        **figures,
        block=cursor.block,
        chain_initial=cursor.initial_supply,
        chain_minted=cursor.minted,
        chain_burned=cursor.burned,
        chain_released=cursor.released,
    )
