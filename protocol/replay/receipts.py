"""The counters of an epoch from its receipts, with their signatures checked (R21–R24)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, Self

from protocol import performance as rules
from protocol.errors import ReceiptInvalid
from protocol.replay.fields import RECEIPT, wrong_field
from protocol.replay.inputs import EpochInputs, InputsInvalid, applied_rules
from protocol.signatures import receipt_digest, recover
from protocol.times import unix_ms

COUNTED = ("accepted", "good", "rejected", "dropped", "mismatched", "invalid", "forged", "credits")
# What a node signs besides the digests, in the order of the type.
_SIGNED = tuple(RECEIPT)[:9]
_LATENCY = ("latency_count", "latency_sum", "latency_squares")
# Five minutes ahead of the clock are allowed (R21). A settlement that catches up says when it began, and batches for
# the later epochs can come meanwhile.
_AHEAD: Final = timedelta(minutes=30)


class Recount(NamedTuple):
    """The counters that receipts make.

    `published` and `computed` are rows of counters by node address, and `demand`. `proofs` has the jobs whose proof is
    not as published, with both states. `unchecked` of the `receipts` are imported history, whose signatures and times
    nobody has checked.
    """

    published: dict[str, dict[str, Any]]
    computed: dict[str, dict[str, Any]]
    proofs: dict[str, dict[str, Any]]
    receipts: int
    unchecked: int


class _Counters(dict[str, int]):
    def __init__(self) -> None:
        super().__init__(dict.fromkeys((*COUNTED, *_LATENCY), 0))


@dataclass(slots=True)
class _Intake:
    """What a receipt is judged by: signing keys by node, the times in ms between which it was accepted, former jobs.

    `former_keys` has the keys that were replaced in the epoch, with the number of the node's receipts up to then;
    `recorded` counts the receipts of each node that were judged.
    """

    chain_id: int
    keys: dict[str, str]
    former_keys: dict[str, list[tuple[int, str]]]
    earliest: int
    latest: int
    jobs: set[str]
    recorded: dict[str, int]

    @classmethod
    def of(cls, inputs: EpochInputs) -> Self:
        header = inputs.header
        start, end, settled_at = (
            datetime.fromisoformat(header[name]) for name in ("start", "end", "settled_at")
        )
        former: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for line in inputs.lines["former_key"]:
            former[line["node"]].append((line["receipts"], line["key"]))
        return cls(
            chain_id=header["chain_id"],
            keys={node["address"]: node["signing_key"] for node in inputs.nodes},
            former_keys={node: sorted(keys) for node, keys in former.items()},
            earliest=unix_ms(start - 2 * (end - start)),
            latest=unix_ms(settled_at + _AHEAD),
            jobs=set(),
            recorded=defaultdict(int),
        )

    def signing_key(self, node: str) -> str:
        """The key in force when the node's receipt that is judged now was recorded."""
        return rules.signing_key_of(self.recorded[node], self.keys[node], self.former_keys.get(node, ()))


def recount(inputs: EpochInputs, receipts: Iterable[Mapping[str, Any]]) -> Recount:
    """Count the receipts of an epoch, in recorded order, with their proofs judged again.

    `latency_*` are compared where the epoch alone fills the window of the last N good jobs (R24). Raises InputsInvalid.
    """
    size = inputs.params.latency_window_jobs
    windows: dict[str, list[int]] = defaultdict(list)
    demand: dict[str, int] = defaultdict(int)
    proofs: dict[str, dict[str, Any]] = {}
    unchecked = 0
    with applied_rules(inputs):
        intake = _Intake.of(inputs)
        counted: dict[str, _Counters] = {address: _Counters() for address in intake.keys}
        for number, receipt in enumerate(receipts, 2):
            _check(receipt, number, intake)
            node, proof = receipt["node"], _proof(receipt, intake)
            intake.recorded[node] += 1
            unchecked += proof == rules.PROOF_UNCHECKED
            if proof != receipt["proof"]:
                proofs[receipt["job_id"]] = {"published": receipt["proof"], "computed": proof}
            _count(counted[node], receipt, proof)
            if receipt["outcome"] != rules.REJECTED:
                demand[receipt["region"]] += 1
            if rules.is_good(receipt["outcome"], proof, receipt["latency_ms"], receipt["deadline_ms"]):
                windows[node].append(receipt["latency_ms"])
    published = {
        node["address"]: {name: node[name] for name in (*COUNTED, *_LATENCY)} for node in inputs.nodes
    }
    computed: dict[str, dict[str, Any]] = {}
    for address, counters in counted.items():
        computed[address] = {name: counters[name] for name in COUNTED}
        last = windows[address][-size:]
        if len(last) == size:
            computed[address] |= {
                "latency_count": size,
                "latency_sum": sum(last),
                "latency_squares": sum(ms * ms for ms in last),
            }
    published["demand"], computed["demand"] = _published_demand(inputs), dict(demand)
    return Recount(published, computed, proofs, len(intake.jobs), unchecked)


def _check(receipt: Mapping[str, Any], number: int, intake: _Intake) -> None:
    wrong = wrong_field(receipt, RECEIPT)
    if wrong is not None:
        raise InputsInvalid(
            f"Line {number} of the receipts: {wrong} is missing or has a value that it cannot have."
        )
    if receipt["node"] not in intake.keys:
        raise InputsInvalid(f"Line {number} of the receipts names an unknown node: {receipt['node']}.")
    if receipt["job_id"] in intake.jobs:
        raise InputsInvalid(
            f"Line {number} of the receipts has job {receipt['job_id']} again: a job counts once."
        )
    intake.jobs.add(receipt["job_id"])
    in_time = intake.earliest <= receipt["accepted_at"] <= intake.latest
    if receipt["proof"] != rules.PROOF_UNCHECKED and not in_time:
        raise InputsInvalid(
            f"Line {number} of the receipts: job {receipt['job_id']} was accepted at {receipt['accepted_at']} ms, and "
            f"the epoch counts receipts from {intake.earliest} to {intake.latest} ms."
        )


def _proof(receipt: Mapping[str, Any], intake: _Intake) -> str:
    """The proof state of a receipt, its signature recovered (R22)."""
    if receipt["proof"] == rules.PROOF_UNCHECKED:
        return rules.PROOF_UNCHECKED
    signature, trace = _bytes(receipt["signature"]), _bytes(receipt["trace_root"])
    verified = _bytes(receipt["verified_trace_root"])
    by_key = False
    if signature is not None:
        try:
            digest = receipt_digest(
                intake.chain_id,
                **{name: receipt[name] for name in _SIGNED},
                result_digest=_bytes(receipt["result_digest"]),
                trace_root=trace,
            )
        except ReceiptInvalid:
            raise InputsInvalid(f"The receipt of job {receipt['job_id']} cannot be encoded.") from None
        by_key = recover(digest, signature) == intake.signing_key(receipt["node"])
    differ = verified is not None and verified != (trace or bytes(32))
    return rules.judge_proof(signed=signature is not None, by_signing_key=by_key, traces_differ=differ)


def _count(counters: _Counters, receipt: Mapping[str, Any], proof: str) -> None:
    outcome = receipt["outcome"]
    counters["rejected" if outcome == rules.REJECTED else "accepted"] += 1
    counters["dropped"] += outcome == rules.DROPPED
    counters["mismatched"] += outcome == rules.SCHEMA_MISMATCH
    counters["invalid"] += proof == rules.PROOF_INVALID
    counters["forged"] += proof == rules.PROOF_FORGED
    if rules.is_good(outcome, proof, receipt["latency_ms"], receipt["deadline_ms"]):
        counters["good"] += 1
        counters["credits"] += receipt["credits"]


def _published_demand(inputs: EpochInputs) -> dict[str, int]:
    demand: dict[str, int] = defaultdict(int)
    for line in inputs.lines["demand"]:
        demand[line["region"]] += line["jobs"]
    return dict(demand)


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text[2:])
