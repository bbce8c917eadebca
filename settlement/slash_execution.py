"""Execute one slash: take it from the node's parts, return, burn and distribute it (R34, R35)."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import F

from ledger import accounts
from ledger.posting import post
from protocol import pools, slashing
from protocol.pending import limit, since
from settlement.inputs import taken_before
from settlement.rewards import credit
from settlement.state import Settlement
from staking.measurement.node_state import NodeState
from staking.models import Bucket, Node, Pool, Slash, SlashPart, VoidGeneration
from staking.services import events
from staking.services.self_stake import FIELDS


def execute(settlement: Settlement, slash: Slash, honest: Sequence[NodeState]) -> None:
    """Execute a due slash, and save the amounts on it (R34, R35).

    `honest`: the nodes that share in the slashes of this settlement, by address. Those that the slashed node's
    operator runs get nothing of this one (R36).
    """
    node = settlement.by_id[slash.node_id]
    before = taken_before(slash)
    own, own_taken = _take(slash, node.self_stake, "self", slash.self_bps, slash.base_self, before[0])
    pool, pool_taken = _take(
        slash, node.pool_tokens, "delegated", slash.delegated_bps, slash.base_delegated, before[1]
    )
    slash.self_slashed, slash.delegated_slashed = sum(own_taken), sum(pool_taken)
    slash.slashed = slash.self_slashed + slash.delegated_slashed
    split = slashing.split_slash(slash.slashed, slash.delegated_slashed, settlement.params, node.custodial)
    slash.burned, slash.honest, slash.returned = split
    returned = slashing.give_back(split.returned, pool_taken)
    lost = [taken - back for taken, back in zip(pool_taken, returned, strict=True)]
    _write_parts(slash, SlashPart(kind="self", tokens=node.self_stake), own, own_taken, [0] * len(own_taken))
    _write_parts(slash, _pool_part(node), pool, pool_taken, returned)
    _lower_buckets([*own, *pool], [*own_taken[1:], *lost[1:]])
    _lower_bonded(settlement, slash, node, own_taken[0], lost[0])
    received = _distribute(slash, node, split.honest, honest)
    _post(settlement, slash, node, own_taken, lost, received)
    _close(settlement, slash, node)


def _take(
    slash: Slash, bonded: int, kind: str, rate_bps: int, base: int, taken: int
) -> tuple[list[Bucket], list[int]]:
    """The liable buckets of a side, oldest first, and the µIFM taken from the bonded part and from each of them."""
    buckets = list(
        Bucket.objects.filter(
            node_id=slash.node_id, kind=kind, epoch__gte=slash.epoch, tokens__gt=0
        ).order_by("epoch")
    )
    parts = [bonded, *(bucket.tokens for bucket in buckets)]
    amount = slashing.due(rate_bps, base, taken, sum(parts))
    return buckets, slashing.take_from_parts(amount, parts)


def _pool_part(node: NodeState) -> SlashPart:
    return SlashPart(
        kind="delegated", generation=node.generation, tokens=node.pool_tokens, shares=node.pool_shares
    )


def _write_parts(
    slash: Slash, bonded: SlashPart, buckets: list[Bucket], taken: list[int], returned: list[int]
) -> None:
    """Save the parts of a side as they are before the slash takes from them."""
    parts = [bonded] + [
        SlashPart(kind=bucket.kind, bucket=bucket, tokens=bucket.tokens, shares=bucket.shares)
        for bucket in buckets
    ]
    for part, amount, back in zip(parts, taken, returned, strict=True):
        part.slash, part.taken, part.returned = slash, amount, back
    SlashPart.objects.bulk_create(part for part in parts if part.taken)


def _lower_buckets(buckets: list[Bucket], losses: list[int]) -> None:
    for bucket, loss in zip(buckets, losses, strict=True):
        if loss:
            Bucket.objects.filter(pk=bucket.pk).update(tokens=F("tokens") - loss)


def _lower_bonded(settlement: Settlement, slash: Slash, node: NodeState, own: int, pool: int) -> None:
    if own:
        node.self_stake -= own
        row = Node.objects.get(id=node.id)
        row.self_stake = node.self_stake
        # Stake of this epoch becomes active; what is pending after it cannot be more than what remains.
        row.pending = limit(since(row.pending, settlement.number + 1), row.self_stake)
        row.save(update_fields=FIELDS)
        node.late_stake = row.pending_stake
    if pool:
        node.pool_tokens -= pool
        if pools.is_void(node.pool_tokens, node.pool_shares):
            _begin_generation(settlement, slash, node)
        Pool.objects.filter(node_id=node.id).update(
            tokens=node.pool_tokens, shares=node.pool_shares, generation=node.generation
        )


def _begin_generation(settlement: Settlement, slash: Slash, node: NodeState) -> None:
    """Void the old shares; their holders keep what they earned up to the close of this epoch (R14)."""
    VoidGeneration.objects.create(
        node_id=node.id, generation=node.generation, epoch=settlement.number, slash=slash
    )
    node.generation += 1
    node.pool_shares = 0
    node.late_shares = 0
    Pool.objects.filter(node_id=node.id).update(pending_shares=0, pending_parts=None)


def _distribute(
    slash: Slash, node: NodeState, amount: int, honest: Sequence[NodeState]
) -> list[tuple[NodeState, int]]:
    """Distribute the honest part in µIFM by the weights of this epoch, split like rewards (R35, R41)."""
    receivers = [other for other in honest if other.operator != node.operator]
    parts, slash.honest_to_treasury = slashing.share_honest(amount, [other.weight for other in receivers])
    received = [(other, part) for other, part in zip(receivers, parts, strict=True) if part]
    for other, part in received:
        other.honest_reward += part
        other.honest_operator += credit(other, part).operator
    return received


def _post(
    settlement: Settlement,
    slash: Slash,
    node: NodeState,
    own: list[int],
    lost: list[int],
    received: list[tuple[NodeState, int]],
) -> None:
    if not slash.slashed:
        return
    moves = {
        accounts.stake(node.address): -own[0],
        accounts.pool(node.address): -lost[0],
        accounts.unbonding(node.address): -sum(own[1:]) - sum(lost[1:]),
        accounts.BURNED: slash.burned,
        accounts.TREASURY: slash.honest_to_treasury,
    }
    moves |= {accounts.rewards(other.address): part for other, part in received}
    if any(moves.values()):
        post(
            kind="slash",
            moves=moves,
            at=settlement.now,
            epoch=settlement.number,
            reference=f"slash:{slash.pk}",
            key=f"slash:{slash.pk}",
        )


def _close(settlement: Settlement, slash: Slash, node: NodeState) -> None:
    slash.status, slash.resolved_at, slash.resolved_epoch = (
        Slash.Status.EXECUTED,
        settlement.now,
        settlement.number,
    )
    slash.save()
    node.slashed += slash.slashed
    node.executed_offences += (slash.offence,)
    settlement.executed.append(slash)
    events.record(
        "slash_executed",
        at=settlement.now,
        epoch=settlement.number,
        node=node.id,
        slash=slash.pk,
        offence=slash.offence,
        slashed=slash.slashed,
    )
