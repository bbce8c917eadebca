"""What a settlement does to positions: refunds in step 4, redelegations in step 7 (R19, R32)."""

from __future__ import annotations

from collections import defaultdict

from delegation.models import Position, Redelegation
from delegation.services import accrual, shares
from staking.ledger import accounts
from staking.ledger.posting import post
from staking.models import Node, Pool, Slash, StakeCheckpoint
from staking.protocol import pools
from staking.protocol.amounts import format_amount
from staking.protocol.errors import DelegationCapExceeded, NodeCooldown, PendingSlash, ProtocolError
from staking.services import events
from staking.services.admission import check_standing
from staking.settlement.state import NodeState, Settlement


def refund_pending_delegations(work: Settlement) -> None:
    """Step 4. What was delegated in this very epoch to a node with an offence goes back to its wallets (R32)."""
    accused = [node for node in work.nodes if node.id in work.found and node.pending_shares]
    if not accused:
        return
    pending = defaultdict(list)
    found = Position.objects.filter(
        node_id__in=[node.id for node in accused], pending_epoch=work.number, pending_shares__gt=0
    )
    for position in found.order_by("node_id", "wallet"):
        pending[position.node_id].append(position)
    for node in accused:
        _refund(work, node, pending[node.id])


def carry_out_redelegations(work: Settlement) -> None:
    """Step 7. Move what was recorded in this epoch, in the order recorded, at the pool rates of this moment (R19)."""
    recorded = list(Redelegation.objects.filter(epoch=work.number, status="recorded").order_by("id"))
    if not recorded:
        return
    run = _Run(work)
    for redelegation in recorded:
        try:
            run.move(redelegation)
        except ProtocolError as refusal:
            _cancel(work, redelegation, refusal)


def _refund(work: Settlement, node: NodeState, positions: list[Position]) -> None:
    amounts = pools.refund(
        [position.pending_shares for position in positions], node.pool_tokens, node.pool_shares
    )
    for position, amount in zip(positions, amounts, strict=True):
        position.shares -= position.pending_shares
        position.pending_shares = 0
        _keep(position, work.number)
        events.record(
            "delegation_refunded",
            at=work.now,
            epoch=work.number,
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
            at=work.now,
            epoch=work.number,
            reference=node.address,
            key=f"refund:{work.number}:{node.address}",
        )


def _keep(position: Position, epoch: int) -> None:
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


def _cancel(work: Settlement, redelegation: Redelegation, refusal: ProtocolError) -> None:
    redelegation.status, redelegation.reason = Redelegation.Status.CANCELLED, refusal.code
    redelegation.save(update_fields=["status", "reason"])
    events.record(
        "redelegation_cancelled",
        at=work.now,
        epoch=work.number,
        node=redelegation.source_id,
        wallet=redelegation.wallet,
        redelegation=redelegation.pk,
        code=refusal.code,
    )


class _Run:
    """One pass over the redelegations of an epoch: nodes and what earned in it, read once and kept."""

    def __init__(self, work: Settlement) -> None:
        self.work = work
        self.accused = set(
            Slash.objects.filter(status__in=Slash.UNRESOLVED).values_list("node_id", flat=True)
        )
        self.nodes: dict[int, Node] = {}
        self.earned: dict[tuple[int, str], int] = {}

    def move(self, redelegation: Redelegation) -> None:
        """Carry one out whole, or raise the refusal for which it is cancelled; then nothing has changed."""
        source, target = self._node(redelegation.source_id), self._node(redelegation.target_id)
        if source.id in self.accused:
            raise PendingSlash
        position = self._settled(source, redelegation.wallet)
        amount = min(redelegation.amount, shares.value(source, position))
        leaving = pools.leave(amount or None, position.shares, source.pool.tokens, source.pool.shares).amount
        self._check_target(target, leaving)
        pools.enter(leaving, target.pool.tokens, target.pool.shares)
        arrival = self._settled(target, redelegation.wallet)
        self._move_shares(source, position, target, arrival, amount, leaving)
        redelegation.status, redelegation.moved = Redelegation.Status.EXECUTED, leaving
        redelegation.save(update_fields=["status", "moved"])
        self._post(redelegation, source, target, leaving)

    def _move_shares(
        self, source: Node, position: Position, target: Node, arrival: Position, amount: int, leaving: int
    ) -> None:
        number = self.work.number
        shares.take_shares(source, position, amount, number, active=self.earned[source.id, position.wallet])
        arrival.redelegated_at = self.work.epoch.end
        shares.add_shares(target, arrival, leaving, number, active=self.earned[target.id, arrival.wallet])
        for node in (source, target):
            state = self.work.by_id[node.id]
            state.pool_tokens, state.pool_shares = node.pool.tokens, node.pool.shares

    def _node(self, node_id: int) -> Node:
        if node_id not in self.nodes:
            self.nodes[node_id] = Node.objects.select_related("pool").get(id=node_id)
        return self.nodes[node_id]

    def _settled(self, node: Node, wallet: str) -> Position:
        """The position with this epoch's earnings; what had earned in it is noted before anything moves."""
        number = self.work.number
        state = self.work.by_id[node.id]
        position = Position.objects.filter(node_id=node.id, wallet=wallet).first()
        if position is None:
            position = Position(
                node=node,
                wallet=wallet,
                generation=node.pool.generation,
                reward_index=state.reward_index,
                opened_epoch=number,
            )
        position.node = node
        void = accrual.void_epoch(position, node.pool.generation)
        wanted = {position.pending_epoch, void or 0} - {number}
        index = {**accrual.indexes(node.id, wanted), number: state.reward_index}
        kept = position.pending_shares if position.pending_epoch == number else 0
        accrual.settle(position, node.pool.generation, void, index, closed=number)
        if void is None:
            position.pending_shares = kept
        self.earned.setdefault((node.id, wallet), position.shares - position.pending_shares)
        return position

    def _check_target(self, node: Node, amount: int) -> None:
        check_standing(node)
        if node.id in self.accused:
            raise PendingSlash
        # A cooldown that ends with this epoch is over since step 4.
        if node.cooldown_until > self.work.number:
            raise NodeCooldown
        if node.delegation_cap is not None and node.pool.tokens + amount > node.delegation_cap:
            room = max(node.delegation_cap - node.pool.tokens, 0)
            raise DelegationCapExceeded(extra={"room": format_amount(room)})

    def _post(self, redelegation: Redelegation, source: Node, target: Node, amount: int) -> None:
        post(
            kind="redelegate",
            moves={accounts.pool(source.address): -amount, accounts.pool(target.address): amount},
            at=self.work.now,
            epoch=self.work.number,
            reference=f"redelegation:{redelegation.pk}",
            actor=redelegation.wallet,
            key=f"redelegation:{redelegation.pk}",
        )
