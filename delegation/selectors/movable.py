"""Delegations that can be redelegated, and why others cannot be now (R19)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Sum

from delegation.models import Position, Redelegation
from delegation.selectors.positions import PositionFigures, positions_of_wallet
from postgres.batched_reads import batched_reads
from protocol.errors import InsufficientBalance, NodeUnbonding, RedelegationHop
from protocol.parameters import Parameters
from staking.models import Unbonding
from staking.services.epochs import OpenEpoch


def redelegation_block(
    position: PositionFigures, *, operator_unbonds: bool, recorded: int, params: Parameters, now: datetime
) -> str:
    """The code with which a redelegation of a delegation with a value would be refused, "" when it would not be.

    `operator_unbonds`: the operator's own stake unbonds and the node is not banned; `recorded`: µIFM that other
    redelegations move from it already. A pending slash refuses none, but cancels it if it is pending at execution.
    """
    free = free_from(position, params)
    if operator_unbonds:
        return NodeUnbonding.code
    if free is not None and now < free:
        return RedelegationHop.code
    return InsufficientBalance.code if position.value <= recorded else ""


def free_from(position: PositionFigures, params: Parameters) -> datetime | None:
    """When a delegation that came by a redelegation can move again; None for any other."""
    arrived = position.redelegated_at
    return None if arrived is None else arrived + timedelta(seconds=params.unbonding_seconds)


def movable_positions(wallet: str, *, epoch: OpenEpoch, now: datetime) -> list[PositionFigures]:
    """The delegations of a wallet that can be redelegated now, the largest first; four queries."""
    with batched_reads() as reads:
        positions = reads.submit(positions_of_wallet, wallet)
        unbonding = reads.submit(_nodes_of_unbonding_operators, wallet)
        recorded = reads.submit(_recorded, wallet, epoch)
    movable = [
        position
        for position in positions.result()
        if position.value
        and not redelegation_block(
            position,
            operator_unbonds=position.node_id in unbonding.result(),
            recorded=recorded.result().get(position.node_id, 0),
            params=epoch.params,
            now=now,
        )
    ]
    return sorted(movable, key=lambda position: -position.value)


def _nodes_of_unbonding_operators(wallet: str) -> set[int]:
    """Ids of nodes to which the wallet has delegated, not banned, whose operator's own stake unbonds."""
    entries = Unbonding.objects.filter(kind="self", status="open", node__banned=False)
    nodes = Position.objects.filter(wallet=wallet).values("node_id")
    return set(entries.filter(node_id__in=nodes).values_list("node_id", flat=True))


def _recorded(wallet: str, epoch: OpenEpoch) -> dict[int, int]:
    """µIFM of the wallet's recorded redelegations by the id of the node that they leave."""
    rows = Redelegation.objects.filter(wallet=wallet, epoch=epoch.number, status="recorded")
    return dict(rows.values_list("source_id").annotate(Sum("amount")).order_by())
