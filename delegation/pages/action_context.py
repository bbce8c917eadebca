"""What a money form knows before anything is done: the wallet's balance, its stake on the node, the node."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum
from django.http import Http404

from delegation.models import Redelegation
from delegation.pages.action_form import Wish, plain
from delegation.selectors.positions import PositionFigures, position_of
from delegation.selectors.unbondings import UnbondingFigures, unbonding_of
from ledger import accounts
from ledger.selectors import balance
from staking.measurement.live import open_epoch
from staking.models import Node
from staking.services.epochs import OpenEpoch


@dataclass(frozen=True, slots=True)
class Situation:
    """Amounts in µIFM. `moving`: what of the position is recorded to be redelegated already."""

    now: datetime
    epoch: OpenEpoch
    available: int
    node: Node | None = None
    to: Node | None = None
    position: PositionFigures | None = None
    arrival: PositionFigures | None = None
    entry: UnbondingFigures | None = None
    moving: int = 0

    @property
    def held(self) -> int:
        """Worth of the wallet's delegation to the node."""
        return self.position.value if self.position else 0

    @property
    def room(self) -> int | None:
        """What the node's cap leaves; None without a cap."""
        if self.node is None or self.node.delegation_cap is None:
            return None
        return max(self.node.delegation_cap - self.node.pool.tokens, 0)

    def most(self, act: str) -> int:
        """The largest amount that the form may ask for, as far as the wallet and the cap go."""
        if act == "undelegate":
            return self.held
        if act == "redelegate":
            return max(self.held - self.moving, 0)
        if act == "unstake":
            return self.node.self_stake if self.node else 0
        room = self.room if act == "delegate" else None
        return self.available if room is None else min(self.available, room)

    def next_tier(self, act: str) -> tuple[int, str] | None:
        """The node's next tier and the amount that reaches it, as a form takes it; None when it is out of reach."""
        if self.node is None:
            return None
        effective = self.node.self_stake + self.node.pool.tokens
        for tier in self.epoch.params.tiers:
            if tier.minimum > effective:
                missing = tier.minimum - effective
                return (tier.number, plain(missing)) if missing <= self.most(act) else None
        return None


def situation_of(wish: Wish, now: datetime) -> Situation:
    """What the wallet and the nodes of a wish are like now. Raises: Http404 for a node or entry that is none."""
    epoch = open_epoch()
    if epoch is None:
        raise Http404
    entry = unbonding_of(wish.wallet, wish.entry) if wish.entry else None
    if wish.entry and entry is None:
        raise Http404
    node = _node(entry.node if entry else wish.node)
    to = Node.objects.select_related("pool").filter(address=wish.to).first() if wish.to else None
    return Situation(
        now=now,
        epoch=epoch,
        available=balance(accounts.wallet(wish.wallet)),
        node=node,
        to=to,
        position=position_of(wish.wallet, node.id) if node else None,
        arrival=position_of(wish.wallet, to.id) if to else None,
        entry=entry,
        moving=_moving(wish.wallet, node, epoch.number) if node else 0,
    )


def _node(address: str) -> Node | None:
    if not address:
        return None
    found = Node.objects.select_related("pool").filter(address=address).first()
    if found is None:
        raise Http404
    return found


def _moving(wallet: str, node: Node, epoch: int) -> int:
    recorded = Redelegation.objects.filter(wallet=wallet, source=node, epoch=epoch, status="recorded")
    return int(recorded.aggregate(total=Sum("amount"))["total"] or 0)
