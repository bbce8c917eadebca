"""Amounts of a slash: taken from whom, and distributed to whom (R32–R37). Amounts in µIFM, rates in bps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from protocol.amounts import BPS
from protocol.offences import order_of
from protocol.parameters import Parameters
from protocol.rewards import distribute


class SlashSplit(NamedTuple):
    """The three parts of a slashed sum, in µIFM."""

    burned: int
    honest: int
    returned: int


def disputable_until(params: Parameters, created: int) -> int:
    """The epoch by whose end a slash may be disputed; undisputed, its settlement executes it (R33)."""
    return created + params.dispute_filing_epochs


def vote_until(params: Parameters, created: int) -> int:
    """The epoch with whose end the vote on a disputed slash closes (R33)."""
    return created + params.dispute_filing_epochs + params.dispute_voting_epochs


def execution_key(offence_epoch: int, node: str, offence: str) -> tuple[int, str, int]:
    """The order of slashes that are due together: epoch of the offence, node address, table (R34)."""
    return offence_epoch, node, order_of(offence)


def due(rate_bps: int, base: int, taken_before: int, there: int | None = None) -> int:
    """The amount that a slash takes from one side: floor(rate × base) less what was taken before (R34).

    At least 0 and, when given, at most what is `there`.
    """
    amount = max(rate_bps * base // BPS - taken_before, 0)
    return amount if there is None else min(amount, there)


def due_together(rates_bps: Sequence[int], base: int, taken_before: int, there: int) -> int:
    """Amount that slashes of one node and epoch take together from one side: that of the highest rate (R34).

    The order of execution does not matter, because each takes the amount of its rate less what was taken before.
    """
    return due(max(rates_bps, default=0), base, taken_before, there)


def take_from_parts(amount: int, parts: Sequence[int]) -> list[int]:
    """Divide an amount among parts in proportion, rounded down (R34).

    The remainder comes from the largest part as far as it reaches, then from the next; parts of
    one size in the order given (bonded first, then the older bucket). At most all there is.
    """
    total = sum(parts)
    amount = min(amount, total)
    if amount <= 0:
        return [0] * len(parts)
    taken = [amount * part // total for part in parts]
    rest = amount - sum(taken)
    for index in sorted(range(len(parts)), key=lambda index: -parts[index]):
        if rest == 0:
            break
        more = min(rest, parts[index] - taken[index])
        taken[index] += more
        rest -= more
    return taken


def split_slash(total: int, delegated_lost: int, params: Parameters, custodial: bool) -> SlashSplit:
    """The parts of a slashed sum: honest and returned rounded down, the rest burned (R35).

    What returns is never more than the delegated side lost, and nothing of a custodial node.
    """
    honest = total * params.slash_honest_bps // BPS
    share = total * params.slash_delegators_bps // BPS
    returned = 0 if custodial else min(share, delegated_lost)
    return SlashSplit(total - honest - returned, honest, returned)


def give_back(returned: int, losses: Sequence[int]) -> list[int]:
    """Divide the returned part among the parts of the delegated side by their losses (R35).

    Rounded down, the remainder to the largest loss as far as it reaches, then to the next.
    """
    return take_from_parts(returned, losses)


def share_honest(honest: int, weights: Sequence[int]) -> tuple[list[int], int]:
    """The honest part by settlement weights, rounded down, and the remainder for the treasury (R35)."""
    return distribute(honest, weights)


def is_honest(params: Parameters, *, active: bool, weight: int, sla: int | None, slashed: bool) -> bool:
    """True if a node shares in the slashes of other operators' nodes (R36); `sla` in bps.

    `slashed`: it has a slash of its own pending, or executed in this settlement.
    """
    known_good = sla is not None and sla >= params.sla_threshold_bps
    return active and weight > 0 and known_good and not slashed
