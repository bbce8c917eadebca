"""The cost of an unresolved slash to the node, its delegators and one wallet (R34, R35, R37). µIFM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Sum

from protocol import slashing, tiers
from protocol.parameters import Parameters
from protocol.pools import value_of
from staking.models import Bucket, Node, Pool, Slash, StakeCheckpoint, Unbonding


@dataclass(frozen=True, slots=True)
class Part:
    """Bonded tokens (`bucket` None) or a liable bucket: its tokens, the amount taken and the amount returned."""

    tokens: int
    taken: int
    returned: int = 0
    bucket: int | None = None

    @property
    def left(self) -> int:
        return self.tokens - self.taken + self.returned


@dataclass(frozen=True, slots=True)
class Cost:
    """The result of executing the slash now. `own` and `delegated` start with the bonded part."""

    own: tuple[Part, ...]
    delegated: tuple[Part, ...]
    burned: int
    honest: int
    returned: int
    tier_before: int
    tier_after: int

    @property
    def slashed(self) -> int:
        return self.burned + self.honest + self.returned

    @property
    def own_bonded(self) -> Part:
        return self.own[0]

    @property
    def pool(self) -> Part:
        return self.delegated[0]

    @property
    def unbonding(self) -> Part:
        """The liable buckets of both sides together."""
        parts = (*self.own[1:], *self.delegated[1:])
        return Part(*(sum(getattr(p, name) for p in parts) for name in ("tokens", "taken", "returned")))

    @property
    def stake_after(self) -> int:
        """Effective stake of the node after the slash."""
        return self.own_bonded.left + self.pool.left


@dataclass(frozen=True, slots=True)
class WalletCost:
    """The part of the cost that one wallet bears: losses before the return, and the amount returned."""

    stake: int
    delegation: int
    unbonding: int
    returned: int

    @property
    def net(self) -> int:
        return self.stake + self.delegation + self.unbonding - self.returned

    @property
    def exposed(self) -> bool:
        return self.stake + self.delegation + self.unbonding > 0


def cost_of(slash: Slash, params: Parameters) -> Cost:
    """Return the cost of an unresolved slash if it were executed now, with the split of `params`."""
    node, pool = slash.node, Pool.objects.get(node_id=slash.node_id)
    before = _taken_before(slash)
    own = _side(slash, "self", node.self_stake, slash.self_bps, slash.base_self, before[0])
    delegated = _side(slash, "delegated", pool.tokens, slash.delegated_bps, slash.base_delegated, before[1])
    lost = sum(part.taken for part in delegated)
    total = sum(part.taken for part in own) + lost
    split = slashing.split_slash(total, lost, params, node.custodial)
    returned = slashing.give_back(split.returned, [part.taken for part in delegated])
    delegated = [
        Part(part.tokens, part.taken, returned=amount, bucket=part.bucket)
        for part, amount in zip(delegated, returned, strict=True)
    ]
    return Cost(
        own=tuple(own),
        delegated=tuple(delegated),
        burned=split.burned,
        honest=split.honest,
        returned=split.returned,
        tier_before=tiers.tier_of(params, node.self_stake + pool.tokens),
        tier_after=tiers.tier_of(params, own[0].left + delegated[0].left),
    )


def wallet_cost(slash: Slash, cost: Cost, wallet: str) -> WalletCost:
    """Return the part of the cost that falls on the wallet's own stake, delegation and liable unbonding entries."""
    node = slash.node
    stake = cost.own_bonded.taken if node.operator == wallet else 0
    delegation, to_delegation = _delegation(node, cost.pool, wallet)
    unbonding, to_entries = _entries(slash, cost, wallet)
    return WalletCost(stake, delegation, unbonding, to_delegation + to_entries)


def _taken_before(slash: Slash) -> tuple[int, int]:
    former = Slash.objects.filter(node_id=slash.node_id, epoch=slash.epoch, status=Slash.Status.EXECUTED)
    sums = former.aggregate(own=Sum("self_slashed"), delegated=Sum("delegated_slashed"))
    return int(sums["own"] or 0), int(sums["delegated"] or 0)


def _side(slash: Slash, kind: str, bonded: int, rate_bps: int, base: int, before: int) -> list[Part]:
    buckets = Bucket.objects.filter(
        node_id=slash.node_id, kind=kind, epoch__gte=slash.epoch, tokens__gt=0
    ).order_by("epoch")
    ids: Sequence[int | None] = [None, *(bucket.pk for bucket in buckets)]
    tokens = [bonded, *(bucket.tokens for bucket in buckets)]
    taken = slashing.take_from_parts(slashing.due(rate_bps, base, before, sum(tokens)), tokens)
    return [Part(held, lost, bucket=pk) for held, lost, pk in zip(tokens, taken, ids, strict=True)]


def _delegation(node: Node, part: Part, wallet: str) -> tuple[int, int]:
    """Return the loss of the wallet's shares of the pool and the part of it that is returned."""
    pool = Pool.objects.get(node_id=node.id)
    checkpoint = StakeCheckpoint.objects.filter(wallet=wallet, node_id=node.id).order_by("-epoch").first()
    if checkpoint is None or checkpoint.generation != pool.generation:
        return 0, 0
    return _loss(checkpoint.shares, part, pool.shares)


def _entries(slash: Slash, cost: Cost, wallet: str) -> tuple[int, int]:
    parts = {part.bucket: part for part in (*cost.own[1:], *cost.delegated[1:])}
    entries = Unbonding.objects.filter(wallet=wallet, node_id=slash.node_id, status=Unbonding.Status.OPEN)
    lost = returned = 0
    for entry in entries.filter(bucket__in=parts).select_related("bucket"):
        taken, amount = _loss(entry.shares, parts[entry.bucket_id], entry.bucket.shares)
        lost, returned = lost + taken, returned + amount
    return lost, returned


def _loss(shares: int, part: Part, all_shares: int) -> tuple[int, int]:
    before, after = (value_of(shares, tokens, all_shares) for tokens in (part.tokens, part.left))
    taken = before - value_of(shares, part.tokens - part.taken, all_shares)
    return taken, taken - (before - after)
