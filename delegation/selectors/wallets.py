"""What a wallet has, all of it: total = available + staked + delegated + unbonding (section 2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from delegation.selectors.operators import OwnNode, nodes_run_by
from delegation.selectors.positions import PositionFigures, positions_of_wallet
from delegation.selectors.unbondings import worth_of_wallet
from ledger import accounts
from ledger.selectors import balance
from postgres.snapshot import snapshot
from staking.selectors.voting_power import voting_power
from staking.services.epochs import open_epoch


@dataclass(frozen=True, slots=True)
class WalletFigures:
    """A wallet's tokens in µIFM. What it can claim is not in the total: it lies with the nodes till then."""

    address: str
    total: int
    available: int
    staked: int
    delegated: int
    unbonding: int
    claimable: int
    voting_power: int


def wallet_figures(address: str, *, now: datetime) -> WalletFigures:
    """Everything that belongs to a wallet; any address is one, without entries it has 0.

    The number of queries does not depend on how much the wallet holds. `now` is network time.
    """
    with snapshot():
        epoch = open_epoch()
        return figures_from(
            address,
            positions_of_wallet(address),
            nodes_run_by(address),
            epoch=epoch.number if epoch else 0,
        )


def figures_from(
    address: str,
    positions: Sequence[PositionFigures],
    own: Sequence[OwnNode],
    *,
    epoch: int,
) -> WalletFigures:
    """The same from a wallet's delegations and own nodes that are read already."""
    available = balance(accounts.wallet(address))
    staked = sum(node.staked for node in own)
    delegated = sum(position.value for position in positions)
    unbonding = worth_of_wallet(address)
    return WalletFigures(
        address=address,
        total=available + staked + delegated + unbonding,
        available=available,
        staked=staked,
        delegated=delegated,
        unbonding=unbonding,
        claimable=sum(p.claimable for p in positions) + sum(node.claimable for node in own),
        voting_power=voting_power(address, epoch=epoch) if epoch else 0,
    )
