"""Follow the contract: which epochs are mined, which are final, and which a reorganisation took out again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import structlog
from django.db import transaction

from chain.models import Anchor, Attempt
from chain.node import Block, Node, Receipt
from chain.problems import Problem, sentence
from chain.rpc import RpcRefused
from chain_sync.epoch_reports import MAX_SLASHES, report_of, root_of
from chain_sync.observation import Observation, SettlementContract
from chain_sync.submissions import OTHER_SUBMISSION, require_submission

log = structlog.get_logger(__name__)

# Where an epoch that another account submitted is looked for, back from the newest block.
SEARCHED_BLOCKS = 1_000


def follow(
    node: Node, contract: SettlementContract, observation: Observation, *, first: int, now: datetime
) -> None:
    """Make the rows of anchored epochs agree with the contract at the newest block (`now` is wall time).

    `first`: the first epoch that could be submitted to the contract.

    Raises: Problem `another_history`, `ahead`.
    """
    _require_own_history(observation)
    _forget_lost(observation)
    for anchor in Anchor.objects.filter(state=Anchor.State.MINED).order_by("epoch"):
        block = node.block(anchor.block)
        if block is None or block.hash != anchor.block_hash:
            log.warning("anchor moved by a reorganisation", epoch=anchor.epoch)
            _write(anchor.epoch, node, contract, observation, now)
    last = Anchor.objects.order_by("-epoch").values_list("epoch", flat=True).first() or 0
    for epoch in range(max(last + 1, first), observation.last_epoch + 1):
        _write(epoch, node, contract, observation, now)


def finalize(
    contract: SettlementContract,
    second: tuple[Node, SettlementContract] | None,
    observation: Observation,
    *,
    now: datetime,
) -> None:
    """Mark what the contract has at the newest final block as final, once a second node says the same.

    Raises: Problem `another_history`, `other_slashes`, `other_emission`, `node_error`, `second_node`, `nodes_disagree`.
    """
    mined = list(Anchor.objects.filter(state=Anchor.State.MINED).order_by("epoch"))
    if not mined or observation.final is None:
        return
    complete = _complete_epoch(contract, observation.final)
    for anchor in mined:
        if anchor.epoch > complete:
            return
        _require_root(contract.root_of(anchor.epoch, observation.final), anchor.epoch)
        require_submission(contract, anchor, observation.final.number)
        if second is not None:
            _require_second(second, anchor, observation.final, contract)
        Anchor.objects.filter(epoch=anchor.epoch).update(state=Anchor.State.FINAL, final_at=now)
        log.info("epoch is final on the chain", epoch=anchor.epoch, block=anchor.block)


def differences(contract: SettlementContract, at: Block) -> Iterator[str]:
    """A sentence for each final epoch that the contract has with another root or other slashes. Raises: Problem."""
    for anchor in Anchor.objects.filter(state=Anchor.State.FINAL).order_by("epoch"):
        try:
            _require_root(contract.root_of(anchor.epoch, at), anchor.epoch)
            require_submission(contract, anchor, at.number)
        except Problem as problem:
            if problem.code not in ("another_history", *OTHER_SUBMISSION):
                raise
            yield sentence(problem.code, problem.data)


def missing_slashes(contract: SettlementContract, epoch: int, at: Block) -> tuple[tuple[str, int], ...]:
    """The slashes of the contract's latest epoch that it does not have yet, by rising address."""
    report = report_of(epoch)
    # A shorter list is never continued.
    if report is None or len(report.slashes) < MAX_SLASHES:
        return ()
    cursor = contract.cursor(at)
    return () if cursor is None else report.slashes_after(cursor)


def _require_own_history(observation: Observation) -> None:
    ours = root_of(observation.last_epoch)
    if ours is None:
        raise Problem("ahead", epoch=observation.last_epoch)
    if ours != observation.last_root:
        raise Problem("another_history", epoch=observation.last_epoch)


def _require_root(root: bytes, epoch: int) -> None:
    if root != root_of(epoch):
        raise Problem("another_history", epoch=epoch)


def _forget_lost(observation: Observation) -> None:
    """Final rows are lost only when the owner revoked epochs: a reorganisation of final blocks was noticed before."""
    lost = Anchor.objects.filter(epoch__gt=observation.last_epoch)
    for epoch, state in lost.order_by("epoch").values_list("epoch", "state"):
        log.warning("epoch is not on the chain any more", epoch=epoch, state=state)
    lost.delete()


def _complete_epoch(contract: SettlementContract, at: Block) -> int:
    """The latest epoch that the contract has with all its slashes."""
    last = contract.last_epoch(at)
    return last - 1 if missing_slashes(contract, last, at) else last


def _require_second(
    second: tuple[Node, SettlementContract], anchor: Anchor, final: Block, contract: SettlementContract
) -> None:
    (node, other), epoch = second, anchor.epoch
    try:
        block = node.block(final.number)
        if block is None:
            raise Problem("second_node", block=final.number, detail=f"{node.host} has no such block")
        agrees = block.hash == final.hash
        agrees = agrees and other.last_epoch(final) >= epoch and other.root_of(epoch, final) == root_of(epoch)
        if agrees:
            require_submission(other, anchor, final.number)
    except Problem as problem:
        if problem.code == "second_node":
            raise
        if problem.code in OTHER_SUBMISSION:
            raise Problem(
                "nodes_disagree", host=contract.node.host, other=node.host, block=anchor.block
            ) from None
        raise Problem("second_node", block=final.number, detail=problem.data.get("detail", "")) from None
    if not agrees:
        raise Problem("nodes_disagree", host=contract.node.host, other=node.host, block=final.number)


def _write(
    epoch: int, node: Node, contract: SettlementContract, observation: Observation, now: datetime
) -> None:
    """Store where an epoch is anchored now; without a transaction that is known, the block in which it was seen."""
    own = _own_transaction(epoch, node, observation)
    # After a revocation another transaction than ours may have anchored the epoch again.
    logged = _logged(epoch, node, contract, observation, after=own[1] if own else -1)
    hash_, block, block_hash = logged or own or ("", observation.head.number, observation.head.hash)
    with transaction.atomic():
        Anchor.objects.update_or_create(
            epoch=epoch,
            defaults={
                "state": Anchor.State.MINED,
                "transaction": hash_,
                "block": block,
                "block_hash": block_hash,
                "mined_at": now,
                "final_at": None,
            },
        )
    log.info("epoch is on the chain", epoch=epoch, block=block, transaction=hash_)


def _own_transaction(epoch: int, node: Node, observation: Observation) -> tuple[str, int, str] | None:
    """Return the attempt that was mined last; a replaced one can be mined too."""
    for hash_ in Attempt.objects.filter(epoch=epoch, part=0).order_by("-id").values_list("hash", flat=True):
        receipt = node.receipt(hash_)
        if receipt is not None and _is_credible(receipt, node, observation):
            return hash_, receipt.block, receipt.block_hash
    return None


def _is_credible(receipt: Receipt, node: Node, observation: Observation) -> bool:
    if not receipt.succeeded or receipt.block > observation.head.number:
        return False
    block = node.block(receipt.block)
    return block is not None and block.hash == receipt.block_hash


def _logged(
    epoch: int, node: Node, contract: SettlementContract, observation: Observation, *, after: int
) -> tuple[str, int, str] | None:
    """The newest submission of an epoch among the events of blocks above `after`, as far as they are searched."""
    first = max(after + 1, observation.head.number - SEARCHED_BLOCKS + 1)
    if first > observation.head.number:
        return None
    try:
        logs = node.logs(
            contract.contract, contract.address, ("EpochSettled",), first, observation.head.number, epoch
        )
    except RpcRefused:
        logs = []
    for entry in reversed(logs):
        if entry.fields.get("epoch") == epoch:
            return entry.transaction, entry.block, entry.block_hash
    return None
