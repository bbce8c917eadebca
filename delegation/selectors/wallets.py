"""Balances of a wallet: total = available + staked + delegated + unbonding (section 2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from delegation.selectors.operators import OwnNode, nodes_run_by
from delegation.selectors.positions import PositionFigures, positions_of_wallet
from delegation.selectors.unbondings import worth_of_wallet
from ledger import accounts
from ledger.selectors import balance
from postgres.batched_reads import batched_reads
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
    with snapshot(), batched_reads() as reads:
        positions = reads.submit(positions_of_wallet, address)
        own = reads.submit(nodes_run_by, address)
        amounts = reads.submit(read_amounts, address)
    return figures_from(address, positions.result(), own.result(), amounts.result())


def read_amounts(address: str) -> tuple[int, int, int]:
    """The wallet's available and unbonding µIFM, and its voting power."""
    with batched_reads() as reads:
        available = reads.submit(balance, accounts.wallet(address))
        unbonding = reads.submit(worth_of_wallet, address)
        power = reads.submit(_voting_power, address)
    return available.result(), unbonding.result(), power.result()


def _voting_power(address: str) -> int:
    epoch = open_epoch()
    return voting_power(address, epoch=epoch.number) if epoch else 0


def figures_from(
    address: str, positions: Sequence[PositionFigures], own: Sequence[OwnNode], amounts: tuple[int, int, int]
) -> WalletFigures:
    """A wallet's figures from its delegations, its own nodes and `read_amounts`."""
    available, unbonding, power = amounts
    staked = sum(node.staked for node in own)
    delegated = sum(position.value for position in positions)
    return WalletFigures(
        address=address,
        total=available + staked + delegated + unbonding,
        available=available,
        staked=staked,
        delegated=delegated,
        unbonding=unbonding,
        claimable=sum(p.claimable for p in positions) + sum(node.claimable for node in own),
        voting_power=power,
    )
