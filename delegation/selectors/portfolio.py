"""Figures of a wallet's portfolio, in a constant number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from delegation.selectors.earnings import EarnedIn, earned_by_epoch
from delegation.selectors.losses import SlashLoss, losses_of_wallet
from delegation.selectors.operators import OwnNode, nodes_run_by
from delegation.selectors.positions import PositionFigures, positions_of_wallet
from delegation.selectors.redelegations import RedelegationFigures, redelegations_of_wallet
from delegation.selectors.unbondings import UnbondingFigures, count_of_wallet, unbondings_of_wallet
from delegation.selectors.undecided_slashes import UndecidedSlashes, undecided_slashes, unresolved_slashes
from delegation.selectors.value_history import (
    EpochValue,
    flows_of_wallet,
    unbonded_of_wallet,
    value_history,
)
from delegation.selectors.wallets import WalletFigures, figures_from, read_amounts
from postgres.batched_reads import batched_reads
from postgres.snapshot import snapshot
from protocol.amounts import BPS
from staking.models import Slash
from staking.selectors.node_figures import NodeFigures, read_figures
from staking.selectors.rankings import latest_id
from staking.services.epochs import OpenEpoch, open_epoch

EPOCHS = 30
ENTRIES = 200


@dataclass(frozen=True, slots=True)
class Holding:
    """A delegation with its node and its earnings in the last epochs; amounts in µIFM."""

    position: PositionFigures
    node: NodeFigures
    earned: int
    moving: tuple[RedelegationFigures, ...] = ()

    @property
    def pool_share_bps(self) -> int:
        return self.position.value * BPS // self.node.delegated if self.node.delegated else 0


@dataclass(frozen=True, slots=True)
class Portfolio:
    """A wallet's holdings. `earned`: per epoch, node and role over the last epochs, the oldest first.

    `losses`: what executed slashes took from it, ever, the oldest first.

    `unbondings`: those that mature first, of as many as `entries` says. `history`: its value per settled epoch.
    """

    wallet: WalletFigures
    epoch: OpenEpoch
    holdings: tuple[Holding, ...]
    own: tuple[OwnNode, ...]
    unbondings: tuple[UnbondingFigures, ...]
    entries: int
    moving: tuple[RedelegationFigures, ...]
    earned: tuple[EarnedIn, ...]
    losses: tuple[SlashLoss, ...]
    undecided_slashes: tuple[UndecidedSlashes, ...]
    history: tuple[EpochValue, ...]

    @property
    def claimable_delegated(self) -> int:
        return sum(holding.position.claimable for holding in self.holdings)

    @property
    def claimable_own(self) -> int:
        return sum(node.claimable for node in self.own)


def portfolio_of(wallet: str, *, now: datetime) -> Portfolio | None:
    """The wallet's portfolio; None before the network's first start."""
    with snapshot():
        with batched_reads() as reads:
            stake = reads.submit(_stake_of, wallet, now)
            earned_read = reads.submit(_earned, wallet)
            amounts = reads.submit(read_amounts, wallet)
            moving_read = reads.submit(redelegations_of_wallet, wallet, status="recorded")
            entries = reads.submit(count_of_wallet, wallet, status="open")
            losses = reads.submit(losses_of_wallet, wallet)
        epoch, ranking, positions, own, unbondings = stake.result()
        if epoch is None:
            return None
        ids = sorted({row.node_id for rows in (positions, own, unbondings) for row in rows})
        first = max(epoch.number - EPOCHS, 1)
        with batched_reads() as reads:
            figures = reads.submit(read_figures, ids, epoch=epoch, ranking=ranking)
            slashes = reads.submit(unresolved_slashes, ids)
            flows = reads.submit(flows_of_wallet, wallet, first=first)
            unbonded = reads.submit(unbonded_of_wallet, wallet, first=first)
    nodes = {node.id: node for node in figures.result()}
    earned, moving = earned_read.result(), moving_read.result()
    total = figures_from(wallet, positions, own, amounts.result())
    return Portfolio(
        wallet=total,
        epoch=epoch,
        holdings=tuple(_holdings(positions, nodes, earned, moving)),
        own=tuple(own),
        unbondings=tuple(unbondings),
        entries=entries.result(),
        moving=tuple(moving),
        earned=tuple(earned),
        losses=tuple(losses.result()),
        undecided_slashes=tuple(_undecided_slashes(slashes.result(), nodes, positions, unbondings, own)),
        history=value_history(
            total.total + total.claimable, first=first, last=epoch.number - 1, earned=earned,
            losses=losses.result(), flows=flows.result(), unbonded=unbonded.result(),
        ),
    )  # fmt: skip


class _Stake(NamedTuple):
    """The open epoch, the latest ranking, and the stake of a wallet on nodes."""

    epoch: OpenEpoch | None
    ranking: int | None
    positions: list[PositionFigures]
    own: list[OwnNode]
    unbondings: list[UnbondingFigures]


def _stake_of(wallet: str, now: datetime) -> _Stake:
    with batched_reads() as reads:
        epoch = reads.submit(open_epoch)
        ranking = reads.submit(latest_id)
        positions = reads.submit(positions_of_wallet, wallet)
        own = reads.submit(nodes_run_by, wallet)
        unbondings = reads.submit(unbondings_of_wallet, wallet, now=now, status="open", limit=ENTRIES)
    held = [position for position in positions.result() if not position.is_over]
    return _Stake(epoch.result(), ranking.result(), held, own.result(), unbondings.result())


def _earned(wallet: str) -> list[EarnedIn]:
    epoch = open_epoch()
    if epoch is None:
        return []
    return earned_by_epoch(wallet, first=epoch.number - EPOCHS, last=epoch.number - 1)


def _holdings(
    positions: list[PositionFigures],
    nodes: dict[int, NodeFigures],
    earned: list[EarnedIn],
    moving: list[RedelegationFigures],
) -> list[Holding]:
    sums: dict[str, int] = defaultdict(int)
    for row in earned:
        if row.role == "delegator":
            sums[row.node] += row.amount
    return [
        Holding(
            position,
            nodes[position.node_id],
            sums[position.node],
            tuple(move for move in moving if move.source == position.node),
        )
        for position in positions
    ]


def _undecided_slashes(
    slashes: Sequence[Slash],
    nodes: dict[int, NodeFigures],
    positions: list[PositionFigures],
    unbondings: list[UnbondingFigures],
    own: list[OwnNode],
) -> list[UndecidedSlashes]:
    """The undecided slashes of the wallet's nodes, without those that can take nothing from it."""
    staked = {node.node_id: node.staked for node in own}
    held = {position.node_id: position.value for position in positions}
    groups = undecided_slashes(slashes, nodes, held=held, staked=staked, entries=unbondings)
    return [group for group in groups if group.total or group.node.id in staked]
