"""Step 7 of a settlement: redelegations, from pool to pool (R19)."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from delegation.models import Position, Redelegation
from delegation.services import accrual, shares
from delegation.services.position_store import write
from ledger import accounts
from ledger.posting import post
from protocol import pools
from protocol.amounts import format_amount
from protocol.errors import (
    DelegationCapExceeded,
    InsufficientBalance,
    NodeCooldown,
    PendingSlash,
    ProtocolError,
)
from settlement.state import Settlement
from staking.models import Node, Slash
from staking.services import events
from staking.services.admission import check_standing

# One statement for all of them: each may have come from anybody, and everybody waits for a settlement.
CLOSE = """
UPDATE delegation_redelegation r SET status = v.status, moved = v.moved, reason = v.reason
FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[]) AS v(id, status, moved, reason) WHERE r.id = v.id
"""


def carry_out_redelegations(work: Settlement) -> None:
    """Step 7. Move what was recorded in this epoch, in the order recorded, at the pool rates of this moment (R19)."""
    recorded = list(Redelegation.objects.filter(epoch=work.number, status="recorded").order_by("id"))
    if not recorded:
        return
    run = _Run(work, recorded)
    for redelegation in recorded:
        try:
            run.move(redelegation)
        except ProtocolError as refusal:
            _cancel(work, redelegation, refusal)
    run.keep()
    _close(recorded)


def _close(redelegations: Sequence[Redelegation]) -> None:
    columns = zip(*((row.pk, row.status, row.moved, row.reason) for row in redelegations), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(CLOSE, [list(column) for column in columns])


def _cancel(work: Settlement, redelegation: Redelegation, refusal: ProtocolError) -> None:
    redelegation.status, redelegation.reason = Redelegation.Status.CANCELLED, refusal.code
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
    """One pass over the redelegations of an epoch: nodes and positions are read once, and written once at the end."""

    def __init__(self, work: Settlement, recorded: Sequence[Redelegation]) -> None:
        self.work = work
        self.accused = set(
            Slash.objects.filter(status__in=Slash.UNRESOLVED).values_list("node_id", flat=True)
        )
        ends = {row.source_id for row in recorded} | {row.target_id for row in recorded}
        self.nodes = {node.id: node for node in Node.objects.select_related("pool").filter(id__in=ends)}
        found = Position.objects.filter(node_id__in=ends, wallet__in={row.wallet for row in recorded})
        self.read = {(position.node_id, position.wallet): position for position in found}
        self.settled: dict[tuple[int, str], Position] = {}
        self.earned: dict[tuple[int, str], int] = {}
        self.moved: dict[tuple[int, str], None] = {}

    def move(self, redelegation: Redelegation) -> None:
        """Carry one out whole, or raise the refusal for which it is cancelled; then nothing has changed."""
        source, target = self.nodes[redelegation.source_id], self.nodes[redelegation.target_id]
        if source.id in self.accused:
            raise PendingSlash
        position = self._settled(source, redelegation.wallet)
        amount = min(redelegation.amount, shares.value(source, position))
        if amount == 0:
            raise InsufficientBalance
        moved = pools.redeem_shares(amount, position.shares, source.pool.tokens, source.pool.shares).amount
        self._check_target(target, moved)
        arrival = self._settled(target, redelegation.wallet)
        pools.issue_shares(moved, target.pool.tokens, target.pool.shares, arrival.shares)
        shares.burn(source, position, amount, self.work.number)
        shares.issue(target, arrival, moved, self.work.number)
        arrival.redelegated_at = self.work.epoch.end
        self.moved |= {(source.id, redelegation.wallet): None, (target.id, redelegation.wallet): None}
        redelegation.status, redelegation.moved = Redelegation.Status.EXECUTED, moved
        self._post(redelegation, source, target, moved)

    def keep(self) -> None:
        """Write what has moved; what had earned in the epoch keeps having earned, though it has left."""
        for node_id, wallet in self.moved:
            node = self.nodes[node_id]
            active = self.earned[node_id, wallet]
            write(node, self.settled[node_id, wallet], self.work.number, active=active)
            state = self.work.by_id[node_id]
            state.pool_tokens, state.pool_shares = node.pool.tokens, node.pool.shares

    def _settled(self, node: Node, wallet: str) -> Position:
        """The position with this epoch's earnings; what had earned in it is noted before anything moves."""
        key = node.id, wallet
        if key not in self.settled:
            position = self.settled[key] = self.read.get(key) or self._new(node, wallet)
            self._settle(node, position)
            self.earned[key] = position.shares - position.pending_shares
        return self.settled[key]

    def _new(self, node: Node, wallet: str) -> Position:
        return Position(
            node=node,
            wallet=wallet,
            generation=node.pool.generation,
            reward_index=self.work.by_id[node.id].reward_index,
            opened_epoch=self.work.number,
        )

    def _settle(self, node: Node, position: Position) -> None:
        number = self.work.number
        position.node = node
        void = accrual.void_epoch(position, node.pool.generation)
        wanted = {position.pending_epoch, void or 0} - {number}
        index = {**accrual.indexes(node.id, wanted), number: self.work.by_id[node.id].reward_index}
        kept = position.pending_shares if position.pending_epoch == number else 0
        accrual.settle(position, node.pool.generation, void, index, closed=number)
        if void is None:
            position.pending_shares = kept

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
