"""Compare the slashes submitted to the contract for an epoch with those of its report (R52).

The contract cannot check a list of slashes against the root that it came with: the events of the submission say what it
was told.
"""

from __future__ import annotations

import structlog

from chain import log_ranges
from chain.models import Anchor
from chain.node import Log
from chain.problems import Problem
from chain_sync.epoch_reports import MAX_SLASHES, report_of
from chain_sync.observation import SettlementContract
from protocol.addresses import checksum

log = structlog.get_logger(__name__)

Slashes = tuple[tuple[str, int], ...]


def listed_slashes(contract: SettlementContract, anchor: Anchor, last: int) -> Slashes | None:
    """The slashes (node, µIFM) in the events of an epoch's submission, up to block `last`.

    None when the node does not list the submission in its block. Raises: Problem.
    """
    logs = _events(contract, anchor.epoch, anchor.block, anchor.block)
    submitted = [place for place, one in enumerate(logs) if one.name == "EpochSettled"]
    if not submitted:
        return None
    slashes = logs[submitted[-1] + 1 :]
    if slashes and len(slashes) % MAX_SLASHES == 0:
        # A full list can go on in later blocks.
        slashes += _events(contract, anchor.epoch, anchor.block + 1, last)
    return tuple((str(one.fields["node"]), int(one.fields["amount"])) for one in slashes)


def require_slashes(contract: SettlementContract, anchor: Anchor, last: int) -> None:
    """Compare the list of an anchored epoch; one whose transaction is not known is passed over.

    Raises: Problem `other_slashes`, `node_error`.
    """
    if not anchor.transaction:
        log.warning("slashes of an epoch were not compared: its transaction is not known", epoch=anchor.epoch)
        return
    listed = listed_slashes(contract, anchor, last)
    if listed is None:
        detail = f"the submission of epoch {anchor.epoch} is not among the events of block {anchor.block}"
        raise Problem("node_error", host=contract.node.host, detail=detail)
    report = report_of(anchor.epoch)
    expected = report.slashes if report else ()
    if listed != expected:
        node, on_chain, here = _first_difference(listed, expected)
        raise Problem(
            "other_slashes", epoch=anchor.epoch, node=checksum(node), listed=on_chain, expected=here
        )


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
