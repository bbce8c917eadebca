"""Step 11: execute redelegations, from pool to pool (R19).

Beyond the ORM: an update of many rows, each with its own values, in one statement.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from delegation.models import Position, Redelegation
from delegation.services import accrual, shares
from delegation.services.checkpoints import late_epochs
from delegation.services.position_store import reward_indexes, write
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
from protocol.pending import Pending, since
from settlement.inputs import record
from settlement.state import Settlement
from staking.models import Event, Node, Slash
from staking.services import events
from staking.services.admission import check_node_status
from staking.services.unbonding_entries import Burned

# One statement for all of them, since every writer waits for a settlement.
CLOSE = """
UPDATE delegation_redelegation r SET status = v.status, moved = v.moved, reason = v.reason
FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[]) AS v(id, status, moved, reason) WHERE r.id = v.id
"""


def execute_redelegations(settlement: Settlement) -> None:
    """Step 11. Execute the redelegations recorded in this epoch, in that order, at the current pool rates (R19)."""
    recorded = list(Redelegation.objects.filter(epoch=settlement.number, status="recorded").order_by("id"))
    if not recorded:
        return
    batch = _Batch(settlement, recorded)
    batch.record_inputs(recorded)
    for redelegation in recorded:
        try:
            batch.execute(redelegation)
        except ProtocolError as refusal:
            _cancel(settlement, redelegation, refusal)
    batch.save()
    _close(recorded)
    events.record_all(batch.executed)


def _close(redelegations: Sequence[Redelegation]) -> None:
    columns = zip(*((row.pk, row.status, row.moved, row.reason) for row in redelegations), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(CLOSE, [list(column) for column in columns])


def _cancel(settlement: Settlement, redelegation: Redelegation, refusal: ProtocolError) -> None:
    redelegation.status, redelegation.reason = Redelegation.Status.CANCELLED, refusal.code
    events.record(
        "redelegation_cancelled",
        at=settlement.now,
        epoch=settlement.number,
        node=redelegation.source_id,
        wallet=redelegation.wallet,
        redelegation=redelegation.pk,
        code=refusal.code,
    )


class _Batch:
    """The redelegations of an epoch: nodes and positions are read once and saved once."""

    def __init__(self, settlement: Settlement, recorded: Sequence[Redelegation]) -> None:
        self.settlement = settlement
        self.accused = set(
            Slash.objects.filter(status__in=Slash.UNRESOLVED).values_list("node_id", flat=True)
        )
        ends = {row.source_id for row in recorded} | {row.target_id for row in recorded}
        self.nodes = {node.id: node for node in Node.objects.select_related("pool").filter(id__in=ends)}
        stored = Position.objects.filter(node_id__in=ends, wallet__in={row.wallet for row in recorded})
        self.stored = {(position.node_id, position.wallet): position for position in stored}
        self.settled: dict[tuple[int, str], Position] = {}
        self.earned: dict[tuple[int, str], int] = {}
        self.late: dict[tuple[int, str], frozenset[int]] = {}
        self.moved: dict[tuple[int, str], None] = {}
        self.executed: list[Event] = []

    def record_inputs(self, recorded: Sequence[Redelegation]) -> None:
        """Record the redelegations and the positions that they can change (R53)."""
        for row in recorded:
            ends = {"from": self.nodes[row.source_id].address, "to": self.nodes[row.target_id].address}
            record(self.settlement, "redelegation", id=row.pk, **ends, wallet=row.wallet, amount=row.amount)
        for (node_id, wallet), position in sorted(self.stored.items()):
            record(
                self.settlement, "position", node=self.nodes[node_id].address, wallet=wallet,
                shares=position.shares, generation=position.generation,
            )  # fmt: skip

    def execute(self, redelegation: Redelegation) -> None:
        """Execute one, or raise the ProtocolError for which it is cancelled before anything has changed."""
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
        number = self.settlement.number
        burned = shares.burn(source, position, amount, number)
        shares.issue(target, arrival, moved, number, *_arriving(burned, number))
        arrival.redelegated_at = self.settlement.epoch.end
        self.moved |= {(source.id, redelegation.wallet): None, (target.id, redelegation.wallet): None}
        redelegation.status, redelegation.moved = Redelegation.Status.EXECUTED, moved
        self._post(redelegation, source, target, moved)
        self.executed.append(self._event(redelegation, target, moved))

    def save(self) -> None:
        """Save the positions and pools that changed; the checkpoint has the shares that earned in the epoch."""
        for node_id, wallet in self.moved:
            node = self.nodes[node_id]
            active = self.earned[node_id, wallet]
            late = self.late[node_id, wallet]
            write(node, self.settled[node_id, wallet], self.settlement.number, active=active, late=late)
            state = self.settlement.by_id[node_id]
            state.pool_tokens, state.pool_shares = node.pool.tokens, node.pool.shares
            state.late_shares = node.pool.pending_in(self.settlement.number + 1)

    def _settled(self, node: Node, wallet: str) -> Position:
        """The position with this epoch's earnings; the shares that earned in it are noted before any of them moves."""
        key = node.id, wallet
        if key not in self.settled:
            position = self.settled[key] = self.stored.get(key) or self._new(node, wallet)
            self.late[key] = late_epochs(position, self.settlement.number)
            self._settle(node, position)
            self.earned[key] = position.shares - position.pending_in(self.settlement.number)
        return self.settled[key]

    def _new(self, node: Node, wallet: str) -> Position:
        return Position(
            node=node,
            wallet=wallet,
            generation=node.pool.generation,
            reward_index=self.settlement.by_id[node.id].reward_index,
            opened_epoch=self.settlement.number,
        )

    def _settle(self, node: Node, position: Position) -> None:
        number = self.settlement.number
        position.node = node
        void = accrual.void_epoch(position, node.pool.generation)
        made = since(position.pending, number)
        epochs = {*position.pending, void or 0} - {*made, number}
        index = {**reward_indexes(node.id, epochs), number: self.settlement.by_id[node.id].reward_index}
        accrual.settle(position, node.pool.generation, void, index, closed=number)
        if void is None:
            # What was made in this epoch is pending until the end of its settlement.
            position.pending = made

    def _check_target(self, node: Node, amount: int) -> None:
        check_node_status(node)
        if node.id in self.accused:
            raise PendingSlash
        # A cooldown that ends with this epoch is over since step 7.
        if node.cooldown_until > self.settlement.number:
            raise NodeCooldown
        if node.delegation_cap is not None and node.pool.tokens + amount > node.delegation_cap:
            room = max(node.delegation_cap - node.pool.tokens, 0)
            raise DelegationCapExceeded(extra={"room": format_amount(room)})

    def _event(self, redelegation: Redelegation, target: Node, amount: int) -> Event:
        return Event(
            kind="redelegation_executed",
            at=self.settlement.now,
            epoch=self.settlement.number,
            node_id=redelegation.source_id,
            wallet=redelegation.wallet,
            data={"redelegation": redelegation.pk, "amount": amount, "to": target.name or target.address},
        )

    def _post(self, redelegation: Redelegation, source: Node, target: Node, amount: int) -> None:
        post(
            kind="redelegate",
            moves={accounts.pool(source.address): -amount, accounts.pool(target.address): amount},
            at=self.settlement.now,
            epoch=self.settlement.number,
            reference=f"redelegation:{redelegation.pk}",
            actor=redelegation.wallet,
            key=f"redelegation:{redelegation.pk}",
        )


def _arriving(burned: Burned, epoch: int) -> tuple[Pending, int]:
    """The shares of a redelegation, divided by epoch: all are active from the next epoch on, except those that
    count as made later than this one (R13, R19).
    """
    late = since(burned.made, epoch + 1)
    return {**late, epoch: burned.shares - sum(late.values())}, epoch
