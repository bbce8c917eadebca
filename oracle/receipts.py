"""Receipts: batches from the oracle, judged item by item and recorded in the open epoch (R21, R22)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from oracle import receipt_store as store
from oracle.batch_parsing import AHEAD, LAST_MS, Ingested
from oracle.receipt_parsing import Content, read_content, signer_of
from oracle.receipt_store import Recorded
from protocol.addresses import checksum
from protocol.errors import NotFound, ProtocolError, ReceiptConflict, ReceiptTime
from protocol.performance import OUTCOMES, is_good, judge_proof
from protocol.times import unix_ms
from staking.models import Node, Receipt
from staking.services.epochs import OpenEpoch, lock_open_epoch

PROOF_NUMBERS = {choice.name.lower(): choice.value for choice in Receipt.Proof}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a batch is recorded: the open epoch, its nodes' ids and signing keys, and the times it takes in ms."""

    epoch: OpenEpoch
    nodes: dict[str, tuple[int, str]]
    earliest: int
    latest: int


def ingest(*, items: Sequence[object], now: datetime, unchecked: bool = False) -> Ingested:
    """Record a batch of receipts in the open epoch; each item (JSON, R21) is answered by itself.

    `unchecked`: imported history, whose signatures and times are not asked for. Codes of refused items, in the
    order of judgement: `receipt_invalid`, `address_invalid`, `not_found`, `receipt_conflict`, `receipt_time`.
    """
    result = Ingested()
    contents = _read(items, result)
    chain_id = settings.INFRAMIND_CHAIN_ID
    signers = {} if unchecked else {c.position: signer_of(c, chain_id) for c in contents if c.signature}
    with transaction.atomic():
        place = _place(contents, now, unchecked=unchecked)
        fresh, completed = _decide(_known_nodes(contents, place, result), place, result)
        rows = (_judge(content, place, signers, unchecked) for content in fresh)
        store.write_rows(rows, place.epoch.number)
        store.count_demand(fresh, place.epoch.number)
        nodes = [place.nodes[content.node][0] for content in completed]
        store.complete(completed, nodes, place.epoch.number)
    result.accepted = len(fresh) + len(completed)
    result.rejected.sort(key=lambda refused: refused.index)
    return result


def _read(items: Sequence[object], result: Ingested) -> list[Content]:
    contents = []
    for index, item in enumerate(items):
        try:
            contents.append(read_content(item, index))
        except ProtocolError as error:
            result.refuse(index, item.get("job_id") if isinstance(item, dict) else None, error)
    return contents


def _place(contents: list[Content], now: datetime, *, unchecked: bool) -> Place:
    epoch = lock_open_epoch()
    named = Node.objects.filter(address__in={content.node for content in contents})
    nodes = {address: (id_, key) for address, id_, key in named.values_list("address", "id", "signing_key")}
    if unchecked:
        return Place(epoch, nodes, 0, LAST_MS)
    earliest = epoch.start - 2 * (epoch.end - epoch.start)
    return Place(epoch, nodes, unix_ms(earliest), unix_ms(now + AHEAD))


def _known_nodes(contents: list[Content], place: Place, result: Ingested) -> list[Content]:
    known = []
    for content in contents:
        if content.node in place.nodes:
            known.append(content)
        else:
            error = NotFound(f"No node has the address {checksum(content.node)}.", field="node")
            result.refuse(content.position, content.job_id, error)
    return known


def _first_in_time(contents: list[Content], place: Place) -> dict[str, Content]:
    """By job id the first receipt whose time is right: the one that is recorded when the job is new."""
    first: dict[str, Content] = {}
    for content in contents:
        if place.earliest <= content.accepted_at <= place.latest:
            first.setdefault(content.job_id, content)
    return first


def _former(contents: list[Content], first: dict[str, Content], held: list[str]) -> dict[str, Recorded]:
    """What was recorded before of the jobs whose keys were held already, and of those whose time is not right."""
    asked = set(held)
    if len(first) < len(contents):
        asked.update(content.job_id for content in contents if content.job_id not in first)
    former = store.recorded(asked)
    # What may be completed is locked, so that two different traces do not both complete it.
    bare = {c.job_id for c in contents if c.verified and c.job_id in former and not former[c.job_id].verified}
    former.update(store.recorded(bare, lock=True))
    return former


def _decide(contents: list[Content], place: Place, result: Ingested) -> tuple[list[Content], list[Content]]:
    """What is new, and what completes a receipt; the rest is counted as duplicate or refused (R21)."""
    first = _first_in_time(contents, place)
    former = _former(contents, first, store.take_keys(first.values(), place.epoch.number))
    if not former and len(first) == len(contents):
        return contents, []
    return _compare(contents, former, place, result)


def _compare(
    contents: list[Content], former: dict[str, Recorded], place: Place, result: Ingested
) -> tuple[list[Content], list[Content]]:
    """The same where some jobs were recorded before, come twice or at the wrong time."""
    fresh: list[Content] = []
    completed: list[Content] = []
    for content in contents:
        try:
            before = former.get(content.job_id)
            if before is None:
                _check_time(content, place)
                fresh.append(content)
            elif _completes(content, before, place.epoch.number):
                completed.append(content)
            else:
                result.duplicates += 1
                continue
            former[content.job_id] = Recorded(place.epoch.number, content.digest, content.verified)
        except ProtocolError as error:
            result.refuse(content.position, content.job_id, error)
    return fresh, completed


def _completes(content: Content, before: Recorded, epoch: int) -> bool:
    """Whether it adds a verified trace root to what was recorded; False for a duplicate.

    Raises: `receipt_conflict`.
    """
    if content.digest == before.digest:
        if content.verified in (None, before.verified):
            return False
        if before.verified is None and before.epoch == epoch:
            return True
    raise ReceiptConflict


def _check_time(content: Content, place: Place) -> None:
    if content.accepted_at > place.latest:
        raise ReceiptTime("accepted_at is more than five minutes ahead of the network's clock.")
    if content.accepted_at < place.earliest:
        raise ReceiptTime("accepted_at is more than two epochs before the start of the open epoch.")


def _judge(content: Content, place: Place, signers: dict[int, str | None], unchecked: bool) -> bytes:
    node_id, signing_key = place.nodes[content.node]
    proof = judge_proof(
        signed=content.signature is not None,
        by_signing_key=signers.get(content.position) == signing_key,
        traces_differ=content.traces_differ,
        history=unchecked,
    )
    good = is_good(OUTCOMES[content.outcome], proof, content.latency_ms, content.deadline_ms)
    return store.encode(content, place.epoch.number, node_id, PROOF_NUMBERS[proof], good)
