"""The inputs of a settlement, recorded as the steps read them, to be published with the report (R53).

Figure: the same, all other steps
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db.models import Sum

from protocol.parameters import to_json
from protocol.replay import inputs as replay_inputs
from protocol.times import write_moment
from settlement.state import Settlement
from staking.models import Bucket, Demand, EpochInputs, FormerSigningKey, Heartbeat, Node, Slash

# Quick, and a third larger than the smallest file.
LEVEL = 1
# Texts are formatted as they are: addresses, statuses and region codes need no escapes.
_NODE = (
    '{"type":"node","address":"%s","operator":"%s","region":"%s","status":"%s","signing_key":"%s","custodial":%s,'
    '"banned":%s,"retired":%s,"cooldown_until":%s,"delegation_cap":%s,"share_bps":%s,"self_stake":%s,'
    '"active_stake":%s,"generation":%s,"pool_tokens":%s,"pool_shares":%s,"pending_shares":%s,"former_q":%s,'
    '"former_penalty":%s,"former_reputation":%s,"strikes":%s,"fake_resources":%s,"accepted":%s,"good":%s,'
    '"rejected":%s,"dropped":%s,"mismatched":%s,"invalid":%s,"forged":%s,"credits":%s,"latency_count":%s,'
    '"latency_sum":%s,"latency_squares":%s,"heard":%s,"slots":%s}'
)
_FLAG = {False: "false", True: "true"}


def record(settlement: Settlement, line: str, /, **fields: Any) -> None:
    """Record one line of a type of which there are few."""
    settlement.inputs.append(json.dumps({"type": line, **fields}, separators=(",", ":")))


def record_nodes(settlement: Settlement, strikes: Mapping[int, int], faked: Iterable[int]) -> None:
    """Record demand, every node with its counters, the slashes that are not resolved, and the buckets they reach."""
    for region, jobs in _demand(settlement.number):
        record(settlement, "demand", region=region, jobs=jobs)
    keys = dict(Node.objects.values_list("id", "signing_key"))
    faked = set(faked)
    # No slot counts when no node at all was heard (R25).
    silent = not Heartbeat.objects.filter(epoch=settlement.number).exists()
    settlement.inputs += [
        _NODE
        % (
            node.address, node.operator, node.region, node.status, keys[node.id], _FLAG[node.custodial],
            _FLAG[node.banned], _FLAG[node.retired], node.cooldown_until, _null(node.delegation_cap),
            node.share_bps, node.self_stake, node.active_stake, node.generation, node.pool_tokens,
            node.pool_shares, node.pending_shares, _null(node.former_q), node.former_penalty,
            node.former_reputation, strikes.get(node.id, 0), _FLAG[node.id in faked], node.accepted, node.good,
            node.rejected, node.dropped, node.mismatched, node.invalid, node.forged, node.credits,
            node.latency_count, node.latency_sum, node.latency_squares, node.slots_heard,
            0 if silent else node.slots_counted,
        )
        for node in settlement.nodes
    ]  # fmt: skip
    _record_former_keys(settlement)
    _record_slashes(settlement)


def publish(settlement: Settlement) -> None:
    """Store the inputs of the epoch as a compressed file."""
    epoch = settlement.epoch
    header = {
        "epoch": epoch.number,
        "start": write_moment(epoch.start),
        "end": write_moment(epoch.end),
        "settled_at": write_moment(settlement.now),
        "chain_id": settings.INFRAMIND_CHAIN_ID,
        "parameters_version": epoch.version,
        "parameters": to_json(epoch.params),
        "carry_in": settlement.carry_in,
    }
    content = gzip.compress(replay_inputs.write(header, settlement.inputs), LEVEL, mtime=0)
    EpochInputs.objects.create(epoch=epoch.number, content=content)


def _null(value: int | None) -> int | str:
    return "null" if value is None else value


def _demand(epoch: int) -> Sequence[tuple[str, int]]:
    rows = Demand.objects.filter(epoch=epoch).values("region").annotate(total=Sum("jobs")).order_by("region")
    return list(rows.values_list("region", "total"))


def _record_former_keys(settlement: Settlement) -> None:
    """Record the signing keys that were replaced in the epoch after receipts were judged by them (R22)."""
    former = FormerSigningKey.objects.filter(epoch=settlement.number).order_by("node__address", "receipts")
    for address, key, receipts in former.values_list("node__address", "key", "receipts"):
        record(settlement, "former_key", node=address, key=key, receipts=receipts)


def _record_slashes(settlement: Settlement) -> None:
    unresolved = list(Slash.objects.filter(status__in=Slash.UNRESOLVED).order_by("pk"))
    for slash in unresolved:
        own, pool = taken_before(slash)
        record(
            settlement, "slash", id=slash.pk, node=settlement.by_id[slash.node_id].address, offence=slash.offence,
            epoch=slash.epoch, due_epoch=slash.due_epoch, self_bps=slash.self_bps,
            delegated_bps=slash.delegated_bps, base_self=slash.base_self, base_delegated=slash.base_delegated,
            taken_self=own, taken_delegated=pool,
        )  # fmt: skip
    due = {slash.node_id for slash in unresolved if slash.due_epoch <= settlement.number}
    if due:
        for bucket in Bucket.objects.filter(node_id__in=due, tokens__gt=0).order_by(
            "node_id", "epoch", "kind"
        ):
            record(
                settlement, "bucket", node=settlement.by_id[bucket.node_id].address, kind=bucket.kind,
                epoch=bucket.epoch, tokens=bucket.tokens,
            )  # fmt: skip


def taken_before(slash: Slash) -> tuple[int, int]:
    """µIFM (self, delegated) that earlier slashes of the same node and epoch took, returned or not (R34)."""
    former = Slash.objects.filter(node_id=slash.node_id, epoch=slash.epoch, status=Slash.Status.EXECUTED)
    sums = former.aggregate(own=Sum("self_slashed"), pool=Sum("delegated_slashed"))
    return int(sums["own"] or 0), int(sums["pool"] or 0)
