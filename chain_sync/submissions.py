"""Compare the slashes and the emission submitted to the contract for an epoch with its report (R52).

The contract cannot check them against the root that they came with: the events of the submission say what it was told.
"""

from __future__ import annotations

from itertools import takewhile
from typing import NamedTuple

import structlog

from chain import log_ranges
from chain.models import Anchor
from chain.node import Log
from chain.problems import Problem
from chain_sync.epoch_reports import MAX_SLASHES, report_of
from chain_sync.observation import SettlementContract
from protocol.addresses import checksum

log = structlog.get_logger(__name__)

# Problems of an epoch that a person can accept when it cannot be revoked any more.
OTHER_SUBMISSION = ("other_slashes", "other_emission")

Slashes = tuple[tuple[str, int], ...]


class Submission(NamedTuple):
    """The µIFM by which a submission raised what the token may mint, and its slashes (node, µIFM)."""

    emission: int
    slashes: Slashes


def read_submission(contract: SettlementContract, anchor: Anchor, last: int) -> Submission | None:
    """The events of an epoch's submission, up to block `last`.

    None when the node does not list the submission in its block. Raises: Problem.
    """
    logs = _events(contract, anchor.epoch, anchor.block, anchor.block)
    submitted = [place for place, one in enumerate(logs) if one.name == "EpochSettled"]
    if not submitted:
        return None
    submission, slashes = logs[submitted[-1]], logs[submitted[-1] + 1 :]
    if slashes and len(slashes) % MAX_SLASHES == 0:
        # A full list can go on in later blocks, up to another submission of the epoch.
        later = _events(contract, anchor.epoch, anchor.block + 1, last)
        slashes += takewhile(lambda one: one.name != "EpochSettled", later)
    listed = tuple((str(one.fields["node"]), int(one.fields["amount"])) for one in slashes)
    return Submission(int(submission.fields["emission"]), listed)


def require_submission(contract: SettlementContract, anchor: Anchor, last: int) -> None:
    """Compare list and emission of an anchored epoch; one whose transaction is not known is passed over.

    Raises: Problem `other_slashes`, `other_emission`, `node_error`.
    """
    if not anchor.transaction:
        log.warning("an epoch was not compared: its transaction is not known", epoch=anchor.epoch)
        return
    submission = read_submission(contract, anchor, last)
    if submission is None:
        detail = f"the submission of epoch {anchor.epoch} is not among the events of block {anchor.block}"
        raise Problem("node_error", host=contract.node.host, detail=detail)
    report = report_of(anchor.epoch)
    expected = report.slashes if report else ()
    if submission.slashes != expected:
        node, on_chain, here = _first_difference(submission.slashes, expected)
        raise Problem(
            "other_slashes", epoch=anchor.epoch, node=checksum(node), listed=on_chain, expected=here
        )
    emission = report.emission if report else 0
    if submission.emission != emission:
        raise Problem("other_emission", epoch=anchor.epoch, listed=submission.emission, expected=emission)


def _events(contract: SettlementContract, epoch: int, first: int, last: int) -> list[Log]:
    names = ("EpochSettled", "Slashed")
    logs = log_ranges.events(contract.node, contract.contract, contract.address, names, first, last, epoch)
    own = (one for one in logs if one.fields["epoch"] == epoch)
    return sorted(own, key=lambda one: (one.block, one.log_index))


def _first_difference(listed: Slashes, expected: Slashes) -> tuple[str, int, int]:
    """The lowest node whose slash differs, with its µIFM in both lists; 0 where it is missing."""
    on_chain, here = dict(listed), dict(expected)
    node = min(node for node, _ in set(listed) ^ set(expected))
    return node, on_chain.get(node, 0), here.get(node, 0)
