"""The execution of one slash: what it takes, from where, and where it goes (R34, R35)."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import F, Sum

from ledger import accounts
from ledger.posting import post
from protocol import pools, slashing
from settlement.rewards import credit
from settlement.state import Settlement
from staking.measurement.node_state import NodeState
from staking.models import Bucket, Node, Pool, Slash, VoidGeneration
from staking.services import events


def execute(work: Settlement, slash: Slash, honest: Sequence[NodeState]) -> None:
    """Take a due slash from the node's parts, return, burn and share it out, and keep the sums (R34, R35).

    `honest` are the nodes that share in slashes of this settlement, by address; those run by the slashed node's
    operator are left out here (R36).
    """
    node = work.by_id[slash.node_id]
    before = _taken_before(slash)
    own, own_taken = _take(slash, node.self_stake, "self", slash.self_bps, slash.base_self, before[0])
    pool, pool_taken = _take(
        slash, node.pool_tokens, "delegated", slash.delegated_bps, slash.base_delegated, before[1]
    )
    slash.self_slashed, slash.delegated_slashed = sum(own_taken), sum(pool_taken)
    slash.slashed = slash.self_slashed + slash.delegated_slashed
    split = slashing.split_slash(slash.slashed, slash.delegated_slashed, work.params, node.custodial)
    slash.burned, slash.honest, slash.returned = split
    lost = [
        taken - back
        for taken, back in zip(pool_taken, slashing.give_back(split.returned, pool_taken), strict=True)
    ]
    _lower_buckets([*own, *pool], [*own_taken[1:], *lost[1:]])
    _lower_bonded(work, slash, node, own_taken[0], lost[0])
    shared = _share_out(slash, node, split.honest, honest)
    _post(work, slash, node, own_taken, lost, shared)
    _close(work, slash, node)


def _taken_before(slash: Slash) -> tuple[int, int]:
    """µIFM (self, delegated) that earlier slashes of the same node and epoch took, returned or not (R34)."""
    former = Slash.objects.filter(node_id=slash.node_id, epoch=slash.epoch, status=Slash.Status.EXECUTED)
    sums = former.aggregate(own=Sum("self_slashed"), pool=Sum("delegated_slashed"))
    return int(sums["own"] or 0), int(sums["pool"] or 0)


def _take(
    slash: Slash, bonded: int, kind: str, rate_bps: int, base: int, taken: int
) -> tuple[list[Bucket], list[int]]:
    """The liable buckets of a side, older first, and what the bonded part and each of them bears."""
    buckets = list(
        Bucket.objects.filter(
            node_id=slash.node_id, kind=kind, epoch__gte=slash.epoch, tokens__gt=0
        ).order_by("epoch")
    )
    parts = [bonded, *(bucket.tokens for bucket in buckets)]
    amount = slashing.due(rate_bps, base, taken, sum(parts))
    return buckets, slashing.take_from_parts(amount, parts)


def _lower_buckets(buckets: list[Bucket], losses: list[int]) -> None:
    for bucket, loss in zip(buckets, losses, strict=True):
        if loss:
            Bucket.objects.filter(pk=bucket.pk).update(tokens=F("tokens") - loss)


def _lower_bonded(work: Settlement, slash: Slash, node: NodeState, own: int, pool: int) -> None:
    if own:
        node.self_stake -= own
        row = Node.objects.get(id=node.id)
        row.self_stake = node.self_stake
        # What was pending is active as soon as this epoch is settled; it cannot be more than what is left.
        row.pending_stake = min(row.pending_stake, row.self_stake)
        row.save(update_fields=["self_stake", "pending_stake"])
    if pool:
        node.pool_tokens -= pool
        if pools.is_void(node.pool_tokens, node.pool_shares):
            _begin_generation(work, slash, node)
        Pool.objects.filter(node_id=node.id).update(
            tokens=node.pool_tokens, shares=node.pool_shares, generation=node.generation
        )


def _begin_generation(work: Settlement, slash: Slash, node: NodeState) -> None:
    """The old shares are void; their holders keep what they have earned up to this epoch's close (R14)."""
    VoidGeneration.objects.create(node_id=node.id, generation=node.generation, epoch=work.number, slash=slash)
    node.generation += 1
    node.pool_shares = 0
    Pool.objects.filter(node_id=node.id).update(pending_shares=0)


def _share_out(
    slash: Slash, node: NodeState, honest: int, sharers: Sequence[NodeState]
) -> list[tuple[NodeState, int]]:
    """The honest part by this epoch's weights, each node's part split like a reward (R35, R41)."""
    others = [one for one in sharers if one.operator != node.operator]
    parts, slash.honest_to_treasury = slashing.share_honest(honest, [one.weight for one in others])
    shared = []
    for one, part in zip(others, parts, strict=True):
        if part:
            one.honest_reward += part
            one.honest_operator += credit(one, part).operator
            shared.append((one, part))
    return shared


def _post(
    work: Settlement,
    slash: Slash,
    node: NodeState,
    own: list[int],
    lost: list[int],
    shared: list[tuple[NodeState, int]],
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
    moves |= {accounts.rewards(one.address): part for one, part in shared}
    if any(moves.values()):
        post(
            kind="slash",
            moves=moves,
            at=work.now,
            epoch=work.number,
            reference=f"slash:{slash.pk}",
            key=f"slash:{slash.pk}",
        )


def _close(work: Settlement, slash: Slash, node: NodeState) -> None:
    slash.status, slash.resolved_at, slash.resolved_epoch = Slash.Status.EXECUTED, work.now, work.number
    slash.save()
    node.slashed += slash.slashed
    node.executed_offences += (slash.offence,)
    work.executed.append(slash)
    events.record(
        "slash_executed",
        at=work.now,
        epoch=work.number,
        node=node.id,
        slash=slash.pk,
        offence=slash.offence,
        slashed=slash.slashed,
    )
