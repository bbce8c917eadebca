"""Step 6: refund delegations that were made in the epoch of an offence (R32)."""

from __future__ import annotations

from collections import defaultdict

from delegation.models import Position
from ledger import accounts
from ledger.posting import post
from protocol import pools
from settlement.state import Settlement
from staking.measurement.node_state import NodeState
from staking.models import Pool, StakeCheckpoint
from staking.services import events


def refund_pending_delegations(settlement: Settlement) -> None:
    """Step 6. Return the pending delegations of every node with an offence to their wallets (R32)."""
    accused = [node for node in settlement.nodes if node.id in settlement.offences and node.pending_shares]
    if not accused:
        return
    pending = defaultdict(list)
    positions = Position.objects.filter(
        node_id__in=[node.id for node in accused], pending_epoch=settlement.number, pending_shares__gt=0
    )
    for position in positions.order_by("node_id", "wallet"):
        pending[position.node_id].append(position)
    for node in accused:
        _refund(settlement, node, pending[node.id])


def _refund(settlement: Settlement, node: NodeState, positions: list[Position]) -> None:
    amounts = pools.refund(
        [position.pending_shares for position in positions], node.pool_tokens, node.pool_shares
    )
    for position, amount in zip(positions, amounts, strict=True):
        position.shares -= position.pending_shares
        position.pending_shares = 0
        _save(position, settlement.number)
        events.record(
            "delegation_refunded",
            at=settlement.now,
            epoch=settlement.number,
            node=node.id,
            wallet=position.wallet,
            amount=amount,
        )
    node.pool_tokens -= sum(amounts)
    node.pool_shares -= node.pending_shares
    node.pending_shares = 0
    Pool.objects.filter(node_id=node.id).update(
        tokens=node.pool_tokens, shares=node.pool_shares, pending_shares=0
    )
    moves = {
        accounts.wallet(p.wallet): amount for p, amount in zip(positions, amounts, strict=True) if amount
    }
    if moves:
        post(
            kind="refund",
            moves={accounts.pool(node.address): -sum(amounts), **moves},
            at=settlement.now,
            epoch=settlement.number,
            reference=node.address,
            key=f"refund:{settlement.number}:{node.address}",
        )


def _save(position: Position, epoch: int) -> None:
    position.save(update_fields=["shares", "pending_shares"])
    StakeCheckpoint.objects.bulk_create(
        [
            StakeCheckpoint(
                wallet=position.wallet,
                node_id=position.node_id,
                epoch=epoch,
                generation=position.generation,
                active=position.shares,
                shares=position.shares,
            )
        ],
        update_conflicts=True,
        unique_fields=["wallet", "node", "epoch"],
        update_fields=["generation", "active", "shares"],
    )
