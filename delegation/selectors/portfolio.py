"""Everything that the portfolio of a wallet shows; the number of queries does not depend on how much it holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from delegation.selectors.earnings import EarnedIn, earned_by_epoch
from delegation.selectors.losses import SlashLoss, losses_of_wallet
from delegation.selectors.operators import OwnNode, nodes_run_by
from delegation.selectors.positions import PositionFigures, positions_of_wallet
from delegation.selectors.redelegations import RedelegationFigures, redelegations_of_wallet
from delegation.selectors.unbondings import UnbondingFigures, count_of_wallet, unbondings_of_wallet
from delegation.selectors.value_history import (
    EpochValue,
    flows_of_wallet,
    unbonded_of_wallet,
    value_history,
)
from delegation.selectors.wallets import WalletFigures, figures_from
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
    """A delegation with its node as it stands and what it earned in the last epochs; amounts in µIFM."""

    position: PositionFigures
    node: NodeFigures
    earned: int
    moving: tuple[RedelegationFigures, ...] = ()

    @property
    def pool_share_bps(self) -> int:
        return self.position.value * BPS // self.node.delegated if self.node.delegated else 0


@dataclass(frozen=True, slots=True)
class UndecidedSlash:
    """A slash that is not decided yet, with what it would take of this wallet at most, in µIFM."""

    slash: Slash
    node: NodeFigures
    delegation: int
    unbonding: int
    own: int

    @property
    def total(self) -> int:
        return self.delegation + self.unbonding + self.own


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
    own_figures: dict[int, NodeFigures]
    unbondings: tuple[UnbondingFigures, ...]
    entries: int
    moving: tuple[RedelegationFigures, ...]
    earned: tuple[EarnedIn, ...]
    losses: tuple[SlashLoss, ...]
    undecided_slashes: tuple[UndecidedSlash, ...]
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
        epoch = open_epoch()
        if epoch is None:
            return None
        positions = [position for position in positions_of_wallet(wallet) if not position.is_over]
        own = nodes_run_by(wallet)
        unbondings = unbondings_of_wallet(wallet, status="open", limit=ENTRIES)
        moving = redelegations_of_wallet(wallet, status="recorded")
        earned = earned_by_epoch(wallet, first=epoch.number - EPOCHS, last=epoch.number - 1)
        nodes = _nodes(
            {p.node_id for p in positions} | {n.node_id for n in own} | {u.node_id for u in unbondings}, epoch
        )
        figures, losses = figures_from(wallet, positions, own, epoch=epoch.number), losses_of_wallet(wallet)
        return Portfolio(
            wallet=figures,
            epoch=epoch,
            holdings=tuple(_holdings(positions, nodes, earned, moving)),
            own=tuple(own),
            own_figures=nodes,
            unbondings=tuple(unbondings),
            entries=count_of_wallet(wallet, status="open"),
            moving=tuple(moving),
            earned=tuple(earned),
            losses=tuple(losses),
            undecided_slashes=tuple(_undecided_slashes(nodes, positions, unbondings, own)),
            history=_history(figures, epoch.number, earned, losses),
        )


def _history(
    wallet: WalletFigures, number: int, earned: Sequence[EarnedIn], losses: Sequence[SlashLoss]
) -> tuple[EpochValue, ...]:
    """The value of the last settled epochs before epoch `number`, which is open; two queries."""
    first = max(number - EPOCHS, 1)
    return value_history(
        wallet.total + wallet.claimable, first=first, last=number - 1, earned=earned, losses=losses,
        flows=flows_of_wallet(wallet.address, first=first),
        unbonded=unbonded_of_wallet(wallet.address, first=first),
    )  # fmt: skip


def _nodes(ids: set[int], epoch: OpenEpoch) -> dict[int, NodeFigures]:
    return {node.id: node for node in read_figures(sorted(ids), epoch=epoch, ranking=latest_id())}


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


def undecided_slashes_of(
    node: NodeFigures, held: int, entries: Sequence[UnbondingFigures]
) -> list[UndecidedSlash]:
    """Undecided slashes of one node with what each would take of a delegation and of what leaves it; one query."""
    slashes = Slash.objects.filter(node_id=node.id, status__in=Slash.UNRESOLVED).order_by("due_epoch", "id")
    return [_undecided(slash, node, held, 0, entries) for slash in slashes]


def _undecided_slashes(
    nodes: dict[int, NodeFigures],
    positions: list[PositionFigures],
    unbondings: list[UnbondingFigures],
    own: list[OwnNode],
) -> list[UndecidedSlash]:
    """Undecided slashes of any node that the wallet has stake on, by due epoch, with what each would take."""
    slashes = Slash.objects.filter(node_id__in=list(nodes), status__in=Slash.UNRESOLVED).order_by(
        "due_epoch", "id"
    )
    worth = {p.node_id: p.value for p in positions}
    staked = {node.node_id: node.staked for node in own}
    undecided_slashes = [
        _undecided(
            slash, nodes[slash.node_id], worth.get(slash.node_id, 0), staked.get(slash.node_id, 0), unbondings
        )
        for slash in slashes
    ]
    return [
        undecided for undecided in undecided_slashes if undecided.total or undecided.slash.node_id in staked
    ]


def _undecided(
    slash: Slash, node: NodeFigures, held: int, staked: int, entries: Sequence[UnbondingFigures]
) -> UndecidedSlash:
    rates = {"self": slash.self_bps, "delegated": slash.delegated_bps}
    leaving = sum(
        entry.amount * rates[entry.kind] // BPS
        for entry in entries
        if entry.node_id == slash.node_id and entry.epoch >= slash.epoch
    )
    return UndecidedSlash(
        slash, node, held * slash.delegated_bps // BPS, leaving, staked * slash.self_bps // BPS
    )
