"""Heartbeats: in which slots of the epoch each node was heard (R25).

Figure: ingest, unsigned batch of 10,000
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from oracle.batch_parsing import AHEAD, LAST_MS, Ingested, read_address, read_moment, read_object
from postgres.binary_copy import BigintArray, execute
from protocol.addresses import checksum
from protocol.errors import NotFound, ProtocolError, ReceiptTime
from protocol.times import unix_ms
from staking.models import Node
from staking.services.epochs import OpenEpoch, lock_open_epoch

# What was kept ahead of its epoch stands at other moments of a slot than its start.
INSERT = """
INSERT INTO staking_heartbeat (at, node_id)
SELECT s.at, s.node_id FROM (
  SELECT timestamptz 'epoch' + ms * interval '1 millisecond' AS at, id::int AS node_id,
    length * interval '1 millisecond' AS slot
  FROM unnest(%(moments)b::bigint[], %(nodes)b::bigint[], %(lengths)b::bigint[]) AS sent(ms, id, length)) s
WHERE NOT EXISTS (
  SELECT FROM staking_heartbeat h WHERE h.at > s.at AND h.at < s.at + s.slot AND h.node_id = s.node_id)
ON CONFLICT DO NOTHING RETURNING node_id
"""


def ingest(*, items: Sequence[object], now: datetime, ahead: bool = False) -> Ingested:
    """Record a batch of heartbeats; each item (JSON `{node, at}`) is answered by itself.

    A further one in a slot counts as a duplicate and changes nothing. `ahead`: imported ones, which may lie any
    time ahead and count when their epoch is settled. Codes of refused items: `receipt_invalid`,
    `address_invalid`, `not_found`, `receipt_time`.
    """
    result = Ingested()
    heard = _read(items, result)
    with transaction.atomic():
        epoch = lock_open_epoch()
        nodes = dict(
            Node.objects.filter(address__in={node for _, node, _ in heard}).values_list("address", "id")
        )
        latest = LAST_MS if ahead else unix_ms(now + AHEAD)
        slots = set()
        valid = 0
        for index, node, at in heard:
            try:
                node_id = _known(node, nodes)
                slots.add((*_slot(at, epoch, latest), node_id))
                valid += 1
            except ProtocolError as error:
                result.refuse(index, None, error)
        result.accepted = _insert(sorted(slots))
    result.duplicates = valid - result.accepted
    result.rejected.sort(key=lambda refused: refused.index)
    return result


def _read(items: Sequence[object], result: Ingested) -> list[tuple[int, str, int]]:
    heard = []
    for index, item in enumerate(items):
        try:
            get = read_object(item).get
            heard.append((index, read_address(get("node"), "node"), read_moment(get("at"), "at")))
        except ProtocolError as error:
            result.refuse(index, None, error)
    return heard


def _known(node: str, nodes: dict[str, int]) -> int:
    if node not in nodes:
        raise NotFound(f"No node has the address {checksum(node)}.", field="node")
    return nodes[node]


def _slot(at: int, epoch: OpenEpoch, latest: int) -> tuple[int, int]:
    """The start of the slot of a time and the slot's length, ms; past the open epoch the very moment and 0.

    How long slots will be there is not known yet. Raises: `receipt_time`.
    """
    start = unix_ms(epoch.start)
    if at < start:
        raise ReceiptTime("at is before the start of the open epoch.", field="at")
    if at > latest:
        raise ReceiptTime("at is more than five minutes ahead of the network's clock.", field="at")
    if at >= unix_ms(epoch.end):
        return at, 0
    length = epoch.params.heartbeat_slot_seconds * 1000
    return at - (at - start) % length, length


def _insert(slots: list[tuple[int, int, int]]) -> int:
    """Keep these (moment, length, node), sorted, so that two batches wait for each other and not in a ring."""
    if not slots:
        return 0
    moments, lengths, nodes = (BigintArray.of(column) for column in zip(*slots, strict=True))
    return len(execute(INSERT, {"moments": moments, "lengths": lengths, "nodes": nodes}))
