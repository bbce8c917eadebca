"""Steps 4 and 5: what the epoch shows of each node, the slashes it creates, and those that are due (section 8)."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import Any

from django.db import connection

from protocol import offences as rules
from protocol import slashing, tiers
from settlement.slash_execution import execute
from settlement.state import Settlement
from staking.measurement.node_state import NodeState
from staking.models import Attestation, Bucket, Node, Receipt, Slash
from staking.services import events

NOT_GOOD = """
SELECT node_id, job_id, outcome, proof FROM staking_receipt
WHERE epoch = %s AND NOT good AND node_id = ANY(%s) ORDER BY node_id, seq
"""
Outcome, Proof = Receipt.Outcome, Receipt.Proof


def detect_offences(work: Settlement) -> None:
    """Step 4. Find the offences of every node in the epoch (section 8, R30)."""
    strikes = _strikes(work)
    faked = set(
        Attestation.objects.filter(epoch=work.number).exclude(shortfalls=[]).values_list("node_id", flat=True)
    )
    for node in work.nodes:
        counters = rules.Counters(
            node.accepted, node.sla_bps, node.invalid, node.forged, node.dropped, node.mismatched,
            node.id in faked, strikes.get(node.id, 0),
        )  # fmt: skip
        found = rules.find_offences(work.params, counters)
        if found:
            work.found[node.id] = found


def create_slashes(work: Settlement) -> None:
    """Step 4. Create the slashes found, pending, and start the cooldowns and suspensions they impose (R32, R34)."""
    if not work.found:
        return
    receipts = _evidence(work)
    attested = _attested(work)
    buckets = _bucket_tokens(work)
    for node in work.nodes:
        for found in work.found.get(node.id, ()):
            slash = _new_slash(work, node, found, buckets)
            slash.evidence = [job for job, *row in receipts[node.id] if _proves(found.name, *row)]
            slash.measured = _measured(work, node, found.name, attested.get(node.id))
            work.created.append(slash)
            node.slashes_created += 1
    Slash.objects.bulk_create(work.created)
    for slash in work.created:
        _impose(work, slash)


def execute_slashes(work: Settlement) -> None:
    """Step 5. Execute the slashes that are due, undisputed or upheld, in the protocol's order (R33–R36)."""
    due = list(Slash.objects.filter(status__in=Slash.UNRESOLVED, due_epoch__lte=work.number))
    if not due:
        return
    accused = set(Slash.objects.filter(status__in=Slash.UNRESOLVED).values_list("node_id", flat=True))
    honest = [
        node
        for node in work.nodes
        if slashing.is_honest(
            work.params,
            active=node.status == "active",
            weight=node.weight,
            sla=node.sla_bps,
            slashed=node.id in accused,
        )
    ]
    due.sort(key=lambda s: slashing.execution_key(s.epoch, work.by_id[s.node_id].address, s.offence))
    for slash in due:
        execute(work, slash, honest)


def _strikes(work: Settlement) -> dict[int, int]:
    """Strikes of each node in the window before this epoch; pending ones count, overturned ones do not."""
    first = work.number - work.params.sla_strike_window_epochs
    struck = Slash.objects.filter(strike=True, epoch__gte=first, epoch__lt=work.number)
    counts: dict[int, int] = defaultdict(int)
    for node_id in struck.exclude(status=Slash.Status.OVERTURNED).values_list("node_id", flat=True):
        counts[node_id] += 1
    return counts


def _evidence(work: Settlement) -> dict[int, list[tuple[str, int, int]]]:
    found: dict[int, list[tuple[str, int, int]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(NOT_GOOD, [work.number, list(work.found)])
        for node_id, job_id, outcome, proof in cursor:
            found[node_id].append((job_id, outcome, proof))
    return found


def _proves(offence: str, outcome: int, proof: int) -> bool:
    """Whether a receipt that is not good is evidence of an offence (R30)."""
    if offence == rules.SLA_DROP:
        return outcome != Outcome.REJECTED
    if offence == rules.DROPOUT:
        return outcome == Outcome.DROPPED
    if offence == rules.SCHEMA_MISMATCH:
        return outcome == Outcome.SCHEMA_MISMATCH
    return proof == {rules.INVALID_PROOF: Proof.INVALID, rules.FORGED_TRACE: Proof.FORGED}.get(offence)


def _attested(work: Settlement) -> dict[int, dict[str, Any]]:
    """The first attestation of each node in this epoch that showed less hardware than was declared."""
    rows = Attestation.objects.filter(epoch=work.number).exclude(shortfalls=[]).order_by("-id")
    return {
        row.node_id: {"declared": row.declared, "measured": row.measured, "shortfalls": row.shortfalls}
        for row in rows
    }


def _bucket_tokens(work: Settlement) -> dict[tuple[int, str], int]:
    """What left the accused in this very epoch; at creation no other bucket is liable (R37)."""
    rows = Bucket.objects.filter(epoch=work.number, node_id__in=list(work.found))
    return {(node, kind): tokens for node, kind, tokens in rows.values_list("node_id", "kind", "tokens")}


def _new_slash(
    work: Settlement, node: NodeState, found: rules.FoundOffence, buckets: dict[tuple[int, str], int]
) -> Slash:
    until = slashing.disputable_until(work.params, work.number)
    cooldown = found.effect == "cooldown"
    length = tiers.cooldown_length(work.params, node.tier)
    return Slash(
        node_id=node.id,
        offence=found.name,
        table_order=rules.order_of(found.name),
        epoch=work.number,
        self_bps=found.self_bps,
        delegated_bps=found.delegated_bps,
        base_self=node.self_stake + buckets.get((node.id, "self"), 0),
        base_delegated=node.pool_tokens + buckets.get((node.id, "delegated"), 0),
        strike=found.strike,
        ban=found.effect == "ban",
        cooldown_until=rules.cooldown_end(work.number, length) if cooldown else 0,
        tier=node.tier,
        disputable_until_epoch=until,
        due_epoch=until,
        created_at=work.now,
    )


def _measured(
    work: Settlement, node: NodeState, offence: str, attested: dict[str, Any] | None
) -> dict[str, Any]:
    if offence == rules.FAKE_RESOURCES:
        return attested or {}
    return {
        "accepted": node.accepted,
        "good": node.good,
        "sla_bps": node.sla_bps,
        "sla_threshold_bps": work.params.sla_threshold_bps,
        "invalid": node.invalid,
        "forged": node.forged,
        "dropped": node.dropped,
        "schema_mismatches": node.mismatched,
        "schema_mismatch_limit": work.params.schema_mismatch_limit,
    }


def _impose(work: Settlement, slash: Slash) -> None:
    node = work.by_id[slash.node_id]
    node.banned = node.banned or slash.ban
    node.cooldown_until = max(node.cooldown_until, slash.cooldown_until)
    if slash.ban or slash.cooldown_until:
        Node.objects.filter(id=node.id).update(banned=node.banned, cooldown_until=node.cooldown_until)
    about = partial(events.record, at=work.now, epoch=work.number, node=node.id)
    about("slash_pending", slash=slash.pk, offence=slash.offence)
    if slash.cooldown_until:
        about("node_cooldown", slash=slash.pk, offence=slash.offence, until=slash.cooldown_until)
