"""The context of an action: the wallet's balance, the node, and the wallet's stake on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum
from django.http import Http404, QueryDict

from delegation.models import Redelegation
from delegation.selectors.positions import PositionFigures, position_of
from delegation.selectors.unbondings import UnbondingFigures, unbonding_of
from ledger import accounts
from ledger.selectors import balance
from postgres.batched_reads import batched_reads
from protocol import tiers
from protocol.addresses import normalize
from protocol.errors import AddressInvalid
from staking.models import Node
from staking.services.epochs import OpenEpoch, open_epoch

MAX_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class ActionContext:
    """Amounts in µIFM. `redelegating`: the part of the position that is recorded to move at the next settlement."""

    wallet: str
    now: datetime
    epoch: OpenEpoch
    available: int
    node: Node | None = None
    position: PositionFigures | None = None
    entry: UnbondingFigures | None = None
    redelegating: int = 0

    @property
    def delegated(self) -> int:
        """Value of the wallet's delegation to the node."""
        return self.position.value if self.position else 0

    @property
    def claimable(self) -> int:
        return self.position.claimable if self.position else 0

    @property
    def cap_left(self) -> int | None:
        """µIFM that can still be delegated under the node's cap; None without a cap."""
        if self.node is None or self.node.delegation_cap is None:
            return None
        return max(self.node.delegation_cap - self.node.pool.tokens, 0)

    @property
    def own_stake(self) -> int:
        return self.node.self_stake if self.node else 0

    def next_tier(self, affordable: int) -> tuple[int, int] | None:
        """Number of the node's next tier and the amount that reaches it; None above `affordable` and in the last."""
        if self.node is None:
            return None
        effective = self.node.self_stake + self.node.pool.tokens
        number = tiers.tier_of(self.epoch.params, effective) + 1
        if number == len(self.epoch.params.tiers):
            return None
        missing = self.epoch.params.tiers[number].minimum - effective
        return (number, missing) if missing <= affordable else None


def context_from(query: QueryDict, *, wallet: str, now: datetime) -> ActionContext:
    """The context of the node or unbonding entry in a query. Raises: Http404 for one that does not exist."""
    entry = _entry(wallet, query.get("entry", ""), now)
    return action_context(wallet, entry.node if entry else query.get("node", ""), now=now, entry=entry)


def action_context(
    wallet: str, address: str, *, now: datetime, entry: UnbondingFigures | None = None
) -> ActionContext:
    """The context of a wallet and a node ("": none). Raises: Http404 for an unknown node."""
    with batched_reads() as reads:
        opened = reads.submit(open_epoch)
        available = reads.submit(balance, accounts.wallet(wallet))
        node_read = reads.submit(_node, address)
    epoch, node = opened.result(), node_read.result()
    if epoch is None:
        raise Http404
    with batched_reads() as reads:
        position = reads.submit(_position, wallet, node)
        redelegating = reads.submit(_redelegating, wallet, node, epoch.number)
    return ActionContext(
        wallet=wallet,
        now=now,
        epoch=epoch,
        available=available.result(),
        node=node,
        position=position.result(),
        entry=entry,
        redelegating=redelegating.result(),
    )


def node_by_address(address: str) -> Node | None:
    """The node with its pool; None for an unknown or malformed address."""
    try:
        return Node.objects.select_related("pool").filter(address=normalize(address)).first()
    except AddressInvalid:
        return None


def _node(address: str) -> Node | None:
    """The node; None for "". Raises: Http404 for an unknown one."""
    if not address:
        return None
    node = node_by_address(address)
    if node is None:
        raise Http404
    return node


def _entry(wallet: str, text: str, now: datetime) -> UnbondingFigures | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or int(text) > MAX_ID:
        raise Http404
    entry = unbonding_of(wallet, int(text), now=now)
    if entry is None:
        raise Http404
    return entry


def _position(wallet: str, node: Node | None) -> PositionFigures | None:
    return position_of(wallet, node.id) if node else None


def _redelegating(wallet: str, node: Node | None, epoch: int) -> int:
    if node is None:
        return 0
    recorded = Redelegation.objects.filter(wallet=wallet, source=node, epoch=epoch, status="recorded")
    return int(recorded.aggregate(total=Sum("amount"))["total"] or 0)
