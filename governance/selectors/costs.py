"""What a slash takes if it stands: from the node, from its delegators, from one wallet (R34, R35, R37). µIFM."""

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
    """Bonded tokens (`bucket` None) or a liable bucket: what is there, what is taken, what comes back."""

    tokens: int
    taken: int
    back: int = 0
    bucket: int | None = None

    @property
    def left(self) -> int:
        return self.tokens - self.taken + self.back


@dataclass(frozen=True, slots=True)
class Cost:
    """The slash as its execution now would come out. `own` and `delegated` start with what is bonded."""

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
        """All liable buckets of both sides together."""
        parts = (*self.own[1:], *self.delegated[1:])
        return Part(*(sum(getattr(p, name) for p in parts) for name in ("tokens", "taken", "back")))

    @property
    def stake_after(self) -> int:
        """Effective stake that the node keeps."""
        return self.own_bonded.left + self.pool.left


@dataclass(frozen=True, slots=True)
class MyCost:
    """What of it falls on one wallet: losses before what returns, which is `returned`."""

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
    """What an unresolved slash would take if it were executed now, under the split of `params`."""
    node, pool = slash.node, Pool.objects.get(node_id=slash.node_id)
    before = _taken_before(slash)
    own = _side(slash, "self", node.self_stake, slash.self_bps, slash.base_self, before[0])
    delegated = _side(slash, "delegated", pool.tokens, slash.delegated_bps, slash.base_delegated, before[1])
    lost = sum(part.taken for part in delegated)
    total = sum(part.taken for part in own) + lost
    split = slashing.split_slash(total, lost, params, node.custodial)
    back = slashing.give_back(split.returned, [part.taken for part in delegated])
    delegated = [
        Part(part.tokens, part.taken, back=more, bucket=part.bucket)
        for part, more in zip(delegated, back, strict=True)
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


def my_cost(slash: Slash, cost: Cost, wallet: str) -> MyCost:
    """The wallet's part: own stake as the operator, a delegation, unbonding entries that are liable."""
    node = slash.node
    stake = cost.own_bonded.taken if node.operator == wallet else 0
    delegation, kept = _delegation(node, cost.pool, wallet)
    unbonding, returned = _entries(slash, cost, wallet)
    return MyCost(stake, delegation, unbonding, kept + returned)


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
    return [Part(there, lost, bucket=pk) for there, lost, pk in zip(tokens, taken, ids, strict=True)]


def _delegation(node: Node, part: Part, wallet: str) -> tuple[int, int]:
    """What a wallet's shares of the pool lose, and what of it returns."""
    pool = Pool.objects.get(node_id=node.id)
    held = StakeCheckpoint.objects.filter(wallet=wallet, node_id=node.id).order_by("-epoch").first()
    if held is None or held.generation != pool.generation:
        return 0, 0
    return _loss(held.shares, part, pool.shares)


def _entries(slash: Slash, cost: Cost, wallet: str) -> tuple[int, int]:
    parts = {part.bucket: part for part in (*cost.own[1:], *cost.delegated[1:])}
    entries = Unbonding.objects.filter(wallet=wallet, node_id=slash.node_id, status=Unbonding.Status.OPEN)
    lost = returned = 0
    for entry in entries.filter(bucket__in=parts).select_related("bucket"):
        taken, back = _loss(entry.shares, parts[entry.bucket_id], entry.bucket.shares)
        lost, returned = lost + taken, returned + back
    return lost, returned


def _loss(shares: int, part: Part, all_shares: int) -> tuple[int, int]:
    before, after = (value_of(shares, tokens, all_shares) for tokens in (part.tokens, part.left))
    taken = before - value_of(shares, part.tokens - part.taken, all_shares)
    return taken, taken - (before - after)
