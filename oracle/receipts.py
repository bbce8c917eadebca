"""Receipts: record a batch in the open epoch, with a result for each item (R21, R22).

Figure: ingest, signed
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Subquery

from oracle import receipt_store as store
from oracle.batch_parsing import AHEAD, LAST_MS, BatchResult
from oracle.receipt_parsing import Content, read_content, signer_of
from oracle.receipt_store import Recorded
from protocol.addresses import checksum
from protocol.errors import NotFound, ProtocolError, ReceiptConflict, ReceiptTime
from protocol.performance import (
    OUTCOMES,
    PROOF_FORGED,
    PROOF_INVALID,
    PROOF_MISSING,
    PROOF_UNCHECKED,
    PROOF_VALID,
    is_good,
    judge_proof,
)
from protocol.times import unix_ms
from staking.models import Archive, Node, Receipt
from staking.services.epochs import OpenEpoch, lock_open_epoch

# The newest receipt whose key may be deleted; read with the nodes, so that a batch costs no query more.
FORGOTTEN = Subquery(
    Archive.objects.exclude(forgotten_at=None).exclude(newest=None).order_by("-newest").values("newest")[:1]
)
PROOF_NUMBERS = {choice.name.lower(): choice.value for choice in Receipt.Proof}


@dataclass(slots=True, order=True)
class NotValid:
    """An item whose proof is not valid: its index in the batch, its job id, its proof state."""

    index: int
    job_id: str
    proof: str


@dataclass(slots=True)
class ReceiptsResult(BatchResult):
    """The result of a batch of receipts, with the proof states of its items that were not rejected (R22).

    A duplicate counts by its own signature and traces. Imported history is not checked and counts nowhere.
    """

    proofs: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys((PROOF_VALID, PROOF_MISSING, PROOF_INVALID, PROOF_FORGED), 0)
    )
    not_valid: list[NotValid] = field(default_factory=list)

    def count_proof(self, content: Content, proof: str) -> None:
        """Count the proof state of an item."""
        if proof == PROOF_UNCHECKED:
            return
        self.proofs[proof] += 1
        if proof != PROOF_VALID:
            self.not_valid.append(NotValid(content.position, content.job_id, proof))


@dataclass(frozen=True, slots=True)
class Context:
    """Data to check a batch against: the open epoch, nodes' ids and signing keys by address, times in ms.

    `signers` has the address that signed an item, by the item's position.
    """

    epoch: OpenEpoch
    nodes: dict[str, tuple[int, str]]
    earliest: int
    latest: int
    signers: dict[int, str | None]
    unchecked: bool


@dataclass(slots=True)
class Decision:
    """The items of a batch that are not rejected: new ones, those that complete a receipt, and duplicates."""

    new: list[Content] = field(default_factory=list)
    completing: list[Content] = field(default_factory=list)
    duplicates: list[Content] = field(default_factory=list)


def ingest(*, items: Sequence[object], now: datetime, unchecked: bool = False) -> ReceiptsResult:
    """Record a batch of receipts (R21) in the open epoch; each item has a result of its own.

    `unchecked`: imported history, whose signatures and times are not checked. Codes of rejected items, in the order
    of the checks: `receipt_invalid`, `address_invalid`, `not_found`, `receipt_conflict`, `receipt_time`.
    """
    result = ReceiptsResult()
    contents = _read(items, result)
    chain_id = settings.INFRAMIND_CHAIN_ID
    signers = {} if unchecked else {c.position: signer_of(c, chain_id) for c in contents if c.signature}
    with transaction.atomic():
        context = _context(contents, signers, now, unchecked=unchecked)
        decision = _decide(_of_known_nodes(contents, context, result), context, result)
        number = context.epoch.number
        store.write_rows(_rows(decision.new, context, result), number)
        store.count_demand(decision.new, number)
        nodes = [context.nodes[content.node][0] for content in decision.completing]
        store.complete(decision.completing, nodes, number)
    for content in (*decision.completing, *decision.duplicates):
        result.count_proof(content, _proof(content, context))
    result.accepted = len(decision.new) + len(decision.completing)
    result.duplicates = len(decision.duplicates)
    result.rejected.sort(key=lambda item: item.index)
    result.not_valid.sort()
    return result


def _read(items: Sequence[object], result: BatchResult) -> list[Content]:
    contents = []
    for index, item in enumerate(items):
        try:
            contents.append(read_content(item, index))
        except ProtocolError as error:
            result.reject(index, item.get("job_id") if isinstance(item, dict) else None, error)
    return contents


def _context(
    contents: list[Content], signers: dict[int, str | None], now: datetime, *, unchecked: bool
) -> Context:
    epoch = lock_open_epoch()
    named = Node.objects.filter(address__in={content.node for content in contents})
    rows = list(named.annotate(forgotten=FORGOTTEN).values_list("address", "id", "signing_key", "forgotten"))
    nodes = {address: (id_, key) for address, id_, key, _ in rows}
    # A receipt is not recorded again when its key was deleted with its epoch.
    earliest = unix_ms(rows[0][3]) + 1 if rows and rows[0][3] else 0
    if unchecked:
        return Context(epoch, nodes, earliest, LAST_MS, signers, unchecked)
    earliest = max(earliest, unix_ms(epoch.start - 2 * (epoch.end - epoch.start)))
    return Context(epoch, nodes, earliest, unix_ms(now + AHEAD), signers, unchecked)


def _of_known_nodes(contents: list[Content], context: Context, result: BatchResult) -> list[Content]:
    known = []
    for content in contents:
        if content.node in context.nodes:
            known.append(content)
        else:
            error = NotFound(f"No node has the address {checksum(content.node)}.", field="node")
            result.reject(content.position, content.job_id, error)
    return known


def _first_in_time(contents: list[Content], context: Context) -> dict[str, Content]:
    """By job id the first receipt whose time is accepted: the one that is recorded when the job is new."""
    first: dict[str, Content] = {}
    for content in contents:
        if context.earliest <= content.accepted_at <= context.latest:
            first.setdefault(content.job_id, content)
    return first


def _recorded_before(
    contents: list[Content], first: dict[str, Content], existing: list[str]
) -> dict[str, Recorded]:
    """The recorded jobs among those whose key exists already and those whose time is not accepted."""
    job_ids = set(existing)
    if len(first) < len(contents):
        job_ids.update(content.job_id for content in contents if content.job_id not in first)
    recorded = store.recorded(job_ids)
    # Those that may be completed are locked, so that two different traces cannot both complete one.
    open_ids = {
        c.job_id for c in contents if c.verified and c.job_id in recorded and not recorded[c.job_id].verified
    }
    return recorded | store.recorded(open_ids, lock=True)


def _decide(contents: list[Content], context: Context, result: BatchResult) -> Decision:
    """Divide the items into new, completing and duplicate ones; others are rejected (R21)."""
    first = _first_in_time(contents, context)
    existing = store.insert_keys(first.values(), context.epoch.number)
    recorded = _recorded_before(contents, first, existing)
    if not recorded and len(first) == len(contents):
        return Decision(new=contents)
    return _compare(contents, recorded, context, result)


def _compare(
    contents: list[Content], recorded: dict[str, Recorded], context: Context, result: BatchResult
) -> Decision:
    """`_decide` for a batch with jobs that were recorded before, are in it twice or have a wrong time."""
    decision = Decision()
    for content in contents:
        try:
            before = recorded.get(content.job_id)
            if before is None:
                _check_time(content, context)
                decision.new.append(content)
            elif _completes(content, before, context.epoch.number):
                decision.completing.append(content)
            else:
                decision.duplicates.append(content)
                continue
            recorded[content.job_id] = Recorded(context.epoch.number, content.digest, content.verified)
        except ProtocolError as error:
            result.reject(content.position, content.job_id, error)
    return decision


def _completes(content: Content, before: Recorded, epoch: int) -> bool:
    """True if it adds a verified trace root to the recorded receipt; False for a duplicate.

    Raises: `receipt_conflict`.
    """
    if content.digest == before.digest:
        if content.verified in (None, before.verified):
            return False
        if before.verified is None and before.epoch == epoch:
            return True
    raise ReceiptConflict


def _check_time(content: Content, context: Context) -> None:
    if content.accepted_at > context.latest:
        raise ReceiptTime("accepted_at is more than five minutes ahead of the network clock.")
    if content.accepted_at < context.earliest:
        raise ReceiptTime(
            "accepted_at is more than two epochs before the start of the open epoch, or archived."
        )


def _rows(contents: list[Content], context: Context, result: ReceiptsResult) -> Iterator[bytes]:
    """The encoded rows of new receipts, whose proof states are counted on the way."""
    number = context.epoch.number
    for content in contents:
        proof = _proof(content, context)
        result.count_proof(content, proof)
        good = is_good(OUTCOMES[content.outcome], proof, content.latency_ms, content.deadline_ms)
        yield store.encode(content, number, context.nodes[content.node][0], PROOF_NUMBERS[proof], good)


def _proof(content: Content, context: Context) -> str:
    return judge_proof(
        signed=content.signature is not None,
        by_signing_key=context.signers.get(content.position) == context.nodes[content.node][1],
        traces_differ=content.traces_differ,
        history=context.unchecked,
    )
