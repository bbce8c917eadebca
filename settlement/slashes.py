"""Steps 5, 7 and 9: detect offences, create slashes for them, execute the slashes that are due (section 8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import connection

from protocol import offences as rules
from protocol import slashing, tiers
from settlement import inputs
from settlement.slash_execution import execute
from settlement.state import Settlement
from staking.measurement.node_state import NodeState
from staking.models import Attestation, Bucket, Node, Receipt, Slash
from staking.services import events
from staking.services.counters import next_numbers

NOT_GOOD = """
SELECT node_id, job_id, outcome, proof FROM staking_receipt
WHERE epoch = %s AND NOT good AND node_id = ANY(%s) ORDER BY node_id, seq
"""
Outcome, Proof = Receipt.Outcome, Receipt.Proof

# For each offence, whether a receipt that is not good is evidence of it, by the receipt's outcome and proof (R30).
EVIDENCE: dict[str, Callable[[int, int], bool]] = {
    rules.SLA_DROP: lambda outcome, _: outcome != Outcome.REJECTED,
    rules.INVALID_PROOF: lambda _, proof: proof == Proof.INVALID,
    rules.FORGED_TRACE: lambda _, proof: proof == Proof.FORGED,
    rules.DROPOUT: lambda outcome, _: outcome == Outcome.DROPPED,
    # The attestation is the evidence.
    rules.FAKE_RESOURCES: lambda *_: False,
    rules.SCHEMA_MISMATCH: lambda outcome, _: outcome == Outcome.SCHEMA_MISMATCH,
}


def detect_offences(settlement: Settlement) -> None:
    """Step 5. Detect the offences of every node, and record what the epoch is settled from (section 8, R53)."""
    strikes = _strikes(settlement)
    faked = set(
        Attestation.objects.filter(epoch=settlement.number)
        .exclude(shortfalls=[])
        .values_list("node_id", flat=True)
    )
    for node in settlement.nodes:
        counters = rules.Counters(
            node.accepted, node.sla_bps, node.invalid, node.forged, node.dropped, node.mismatched,
            node.id in faked, strikes.get(node.id, 0),
        )  # fmt: skip
        offences = rules.find_offences(settlement.params, counters)
        if offences:
            settlement.offences[node.id] = offences
    inputs.record_nodes(settlement, strikes, faked)


def create_slashes(settlement: Settlement) -> None:
    """Step 7. Create a pending slash for each offence, and start its cooldown or suspension (R32, R34).

    Slashes are numbered without gaps, by (node address, order of the offence table).
    """
    if not settlement.offences:
        return
    receipts = _evidence(settlement)
    attested = _attested(settlement)
    buckets = _bucket_tokens(settlement)
    for node in settlement.nodes:
        for offence in settlement.offences.get(node.id, ()):
            slash = _new_slash(settlement, node, offence, buckets)
            slash.evidence = [job for job, *row in receipts[node.id] if EVIDENCE[offence.name](*row)]
            slash.measured = _measured(settlement, node, offence.name, attested.get(node.id))
            settlement.created.append(slash)
            node.slashes_created += 1
    for slash, number in zip(settlement.created, next_numbers("slash", len(settlement.created)), strict=True):
        slash.id = number
    Slash.objects.bulk_create(settlement.created)
    for slash in settlement.created:
        _impose(settlement, slash)


def execute_slashes(settlement: Settlement) -> None:
    """Step 9. Execute the slashes that are due, undisputed or upheld, in the protocol's order (R33–R36)."""
    due = list(Slash.objects.filter(status__in=Slash.UNRESOLVED, due_epoch__lte=settlement.number))
    if not due:
        return
    accused = set(Slash.objects.filter(status__in=Slash.UNRESOLVED).values_list("node_id", flat=True))
    honest = [
        node
        for node in settlement.nodes
        if slashing.is_honest(
            settlement.params,
            active=node.status == "active",
            weight=node.weight,
            sla=node.sla_bps,
            slashed=node.id in accused,
        )
    ]
    due.sort(key=lambda s: slashing.execution_key(s.epoch, settlement.by_id[s.node_id].address, s.offence))
    for slash in due:
        execute(settlement, slash, honest)


def _strikes(settlement: Settlement) -> dict[int, int]:
    """Strikes of each node in the window before this epoch, by node id; overturned ones do not count."""
    first = settlement.number - settlement.params.sla_strike_window_epochs
    struck = Slash.objects.filter(strike=True, epoch__gte=first, epoch__lt=settlement.number)
    counts: dict[int, int] = defaultdict(int)
    for node_id in struck.exclude(status=Slash.Status.OVERTURNED).values_list("node_id", flat=True):
        counts[node_id] += 1
    return counts


def _evidence(settlement: Settlement) -> dict[int, list[tuple[str, int, int]]]:
    """Receipts of the accused nodes that are not good: (job id, outcome, proof) by node id."""
    receipts: dict[int, list[tuple[str, int, int]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(NOT_GOOD, [settlement.number, list(settlement.offences)])
        for node_id, job_id, outcome, proof in cursor:
            receipts[node_id].append((job_id, outcome, proof))
    return receipts


def _attested(settlement: Settlement) -> dict[int, dict[str, Any]]:
    """The first attestation of each node in this epoch that showed less hardware than was declared."""
    rows = Attestation.objects.filter(epoch=settlement.number).exclude(shortfalls=[]).order_by("-id")
    return {
        row.node_id: {"declared": row.declared, "measured": row.measured, "shortfalls": row.shortfalls}
        for row in rows
    }


def _bucket_tokens(settlement: Settlement) -> dict[tuple[int, str], int]:
    """µIFM in this epoch's buckets of the accused nodes; no other bucket is liable at creation (R37)."""
    rows = Bucket.objects.filter(epoch=settlement.number, node_id__in=list(settlement.offences))
    return {(node, kind): tokens for node, kind, tokens in rows.values_list("node_id", "kind", "tokens")}


def _new_slash(
    settlement: Settlement,
    node: NodeState,
    offence: rules.CommittedOffence,
    buckets: dict[tuple[int, str], int],
) -> Slash:
    until = slashing.disputable_until(settlement.params, settlement.number)
    cooldown = offence.effect == "cooldown"
    length = tiers.cooldown_length(settlement.params, node.tier)
    return Slash(
        node_id=node.id,
        offence=offence.name,
        table_order=rules.order_of(offence.name),
        epoch=settlement.number,
        self_bps=offence.self_bps,
        delegated_bps=offence.delegated_bps,
        base_self=node.self_stake + buckets.get((node.id, "self"), 0),
        base_delegated=node.pool_tokens + buckets.get((node.id, "delegated"), 0),
        strike=offence.strike,
        ban=offence.effect == "ban",
        cooldown_until=rules.cooldown_end(settlement.number, length) if cooldown else 0,
        tier=node.tier,
        disputable_until_epoch=until,
        due_epoch=until,
        created_at=settlement.now,
    )


def _measured(
    settlement: Settlement, node: NodeState, offence: str, attested: dict[str, Any] | None
) -> dict[str, Any]:
    if offence == rules.FAKE_RESOURCES:
        return attested or {}
    return {
        "accepted": node.accepted,
        "good": node.good,
        "sla_bps": node.sla_bps,
        "sla_threshold_bps": settlement.params.sla_threshold_bps,
        "invalid": node.invalid,
        "forged": node.forged,
        "dropped": node.dropped,
        "schema_mismatches": node.mismatched,
        "schema_mismatch_limit": settlement.params.schema_mismatch_limit,
    }


def _impose(settlement: Settlement, slash: Slash) -> None:
    node = settlement.by_id[slash.node_id]
    node.banned = node.banned or slash.ban
    node.cooldown_until = max(node.cooldown_until, slash.cooldown_until)
    if slash.ban or slash.cooldown_until:
        Node.objects.filter(id=node.id).update(banned=node.banned, cooldown_until=node.cooldown_until)
    record = partial(events.record, at=settlement.now, epoch=settlement.number, node=node.id)
    record("slash_pending", slash=slash.pk, offence=slash.offence)
    if slash.cooldown_until:
        record("node_cooldown", slash=slash.pk, offence=slash.offence, until=slash.cooldown_until)
