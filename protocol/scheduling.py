"""The order of nodes and the draws that anyone can check (R49, R50). Scores and weights in bps."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from protocol.addresses import keccak256
from protocol.amounts import BPS
from protocol.parameters import Quorum

# How many epochs back a receipt keeps a node without stake in the ranking (R49).
RANKED_EPOCHS: Final = 30


class Candidate(NamedTuple):
    """A node that may sit in a quorum; whoever runs an open unbonding may not coordinate (R16)."""

    node: str
    operator: str
    weight: int
    access: Quorum
    unbonding: bool


class ChosenQuorum(NamedTuple):
    """A quorum: its coordinator, and all its members, the coordinator first."""

    coordinator: str
    members: tuple[str, ...]


def score(q: int, penalty: int) -> int:
    """The ranking score in bps, rounded down, of Q less the penalty (R49)."""
    return q * (BPS - penalty) // BPS


def is_ranked(status: str, effective_stake: int, last_receipt_epoch: int | None, epoch: int) -> bool:
    """True if a ranking computed in `epoch` has a node: active, with stake in µIFM or a recent receipt (R49).

    Recent: in `epoch` or one of the RANKED_EPOCHS before it.
    """
    recent = last_receipt_epoch is not None and last_receipt_epoch >= epoch - RANKED_EPOCHS
    return status == "active" and (effective_stake > 0 or recent)


def rank_key(degraded: bool, score: int, effective_stake: int, address: str) -> tuple[bool, int, int, str]:
    """The sort key of a ranking: sound before degraded, score, stake (µIFM), then address (R49)."""
    return degraded, -score, -effective_stake, address


def assignment_weight(score: int, unbonding: bool, degraded: bool, same_region: bool) -> int:
    """The weight of a node in a draw: score × ½ unbonding × ¼ degraded × 5/4 same region (R50).

    Multiplied first and rounded down once.
    """
    above, below = (5, 4) if same_region else (1, 1)
    if unbonding:
        below *= 2
    if degraded:
        below *= 4
    return score * above // below


def draw(ranking_id: int | str, job_id: str, total: int) -> int:
    """The number drawn for a job, below the sum of weights: keccak256("RANKING_ID:JOB_ID") mod total (R50).

    Raises ValueError when there is no weight to draw from.
    """
    if total <= 0:
        raise ValueError("nothing to draw from")
    return int.from_bytes(keccak256(f"{ranking_id}:{job_id}".encode()), "big") % total


def pick(weights: Sequence[int], drawn: int) -> int:
    """The index at which a drawn number falls when the weights are walked best first (R50).

    Raises ValueError when it lies beyond their sum.
    """
    for index, reached in enumerate(accumulate(weights)):
        if drawn < reached:
            return index
    raise ValueError("the number drawn is not below the sum of weights")


def choose_quorum(
    ranking_id: int | str, job_id: str, size: int, candidates: Sequence[Candidate]
) -> ChosenQuorum | None:
    """A quorum of `size` nodes with distinct operators, led by one of them, or None if there is none (R50).

    Candidates come best first. The coordinator is drawn for the job itself, seat n for "JOB_ID:n",
    each among those whose operator has no seat yet, so that anyone can draw again.
    """
    able = [one for one in candidates if one.access != "none" and one.weight > 0]
    leaders = [one for one in able if one.access == "coordinator" and not one.unbonding]
    if not leaders or size < 1:
        return None
    seated = [_seat(ranking_id, job_id, leaders)]
    for number in range(1, size):
        able = [one for one in able if one.operator != seated[-1].operator]
        if not able:
            return None
        seated.append(_seat(ranking_id, f"{job_id}:{number}", able))
    return ChosenQuorum(seated[0].node, tuple(one.node for one in seated))


def _seat(ranking_id: int | str, draw_id: str, candidates: Sequence[Candidate]) -> Candidate:
    weights = [one.weight for one in candidates]
    return candidates[pick(weights, draw(ranking_id, draw_id, sum(weights)))]
