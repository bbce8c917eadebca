"""Step 6: refund delegations that were made in the epoch of an offence (R32)."""

from __future__ import annotations

from collections import defaultdict

from delegation.models import Position
from delegation.services.checkpoints import late_epochs, replace_late_checkpoints, write_checkpoints
from ledger import accounts
from ledger.posting import post
from protocol import pools
from settlement.inputs import record
from settlement.state import Settlement
from staking.measurement.node_state import NodeState
from staking.models import Pool
from staking.services import events


def refund_pending_delegations(settlement: Settlement) -> None:
    """Step 6. Return the pending delegations of every node with an offence to their wallets (R32)."""
    accused = [node for node in settlement.nodes if node.id in settlement.offences and node.pending_shares]
    if not accused:
        return
    pending = defaultdict(list)
    positions = Position.objects.filter(
        node_id__in=[node.id for node in accused], pending_epoch__gte=settlement.number, pending_shares__gt=0
    )
    for position in positions.order_by("node_id", "wallet"):
        pending[position.node_id].append(position)
    for node in accused:
        _refund(settlement, node, pending[node.id])


def _refund(settlement: Settlement, node: NodeState, positions: list[Position]) -> None:
    pending = [position.pending_in(settlement.number) for position in positions]
    amounts = pools.refund(pending, node.pool_tokens, node.pool_shares)
    for position, shares, amount in zip(positions, pending, amounts, strict=True):
        record(settlement, "pending", node=node.address, wallet=position.wallet, shares=shares)
        _remove(position, shares, amount, settlement.number)
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
    node.pending_shares = node.late_shares = 0
    Pool.objects.filter(node_id=node.id).update(
        tokens=node.pool_tokens, shares=node.pool_shares, pending_shares=0, pending_parts=None
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


def _remove(position: Position, shares: int, amount: int, epoch: int) -> None:
    """Remove what is pending in `epoch`; what was made before it still starts at the close of its own epoch."""
    late = late_epochs(position, epoch)
    position.shares -= shares
    position.cost -= amount
    position.pending = {made: amount for made, amount in position.pending.items() if made < epoch}
    position.save(update_fields=["shares", "cost", "pending_shares", "pending_epoch", "pending_parts"])
    write_checkpoints(position, [epoch])
    replace_late_checkpoints(position, epoch, late)
