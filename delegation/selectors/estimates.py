"""Estimates for a delegation before it is made: expected rewards and possible losses on a node."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.amounts import BPS
from protocol.parameters import Parameters
from protocol.pools import value_of
from protocol.slashing import split_slash
from staking.models import ShareChange

WARNED_EPOCHS = 30


@dataclass(frozen=True, slots=True)
class OffenceCost:
    """Cost of one offence of the node for a delegation, in µIFM: gross, and net of the returned part (R35)."""

    offence: str
    rate_bps: int
    repeated: bool
    taken: int
    net: int


def offence_costs(
    params: Parameters, *, self_stake: int, pool: int, mine: int, custodial: bool
) -> list[OffenceCost]:
    """The cost of each offence for `mine` µIFM of a pool, beside the operator's stake; offences that cost 0 too.

    Unbonding tokens, which would bear their part, are left out: so it is the most that it can be.
    """
    costs = []
    for row in params.offences:
        for repeated in (False, True):
            self_bps, delegated_bps = row.rates(repeated)
            if repeated and (self_bps, delegated_bps) == row.rates(repeated=False):
                continue
            lost = pool * delegated_bps // BPS
            total = self_stake * self_bps // BPS + lost
            returned = split_slash(total, lost, params, custodial).returned
            taken = mine * delegated_bps // BPS
            net = taken - value_of(mine, returned, pool)
            costs.append(OffenceCost(row.name, delegated_bps, repeated, taken, net))
    return costs


def recent_cut(changes: list[ShareChange], *, epoch: int) -> ShareChange | None:
    """The newest reduction of the share that applies since the last 30 epochs or from the next one."""
    first = epoch - WARNED_EPOCHS
    return next((row for row in changes if row.new_bps < row.old_bps and row.from_epoch > first), None)


def least_and_most(costs: list[OffenceCost]) -> tuple[OffenceCost, OffenceCost] | None:
    """The mildest and the worst of the offences that cost delegators anything; None when none does."""
    paid = [cost for cost in costs if cost.rate_bps]
    if not paid:
        return None
    return min(paid, key=lambda cost: cost.rate_bps), max(paid, key=lambda cost: cost.rate_bps)
