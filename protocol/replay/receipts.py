"""The counters of an epoch from its receipts, with their signatures checked (R21–R24)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from protocol import performance as rules
from protocol.errors import ReceiptInvalid
from protocol.replay.fields import RECEIPT, wrong_field
from protocol.replay.inputs import EpochInputs, InputsInvalid, applied_rules
from protocol.signatures import receipt_digest, recover

COUNTED = ("accepted", "good", "rejected", "dropped", "mismatched", "invalid", "forged", "credits")
# What a node signs besides the digests, in the order of the type.
_SIGNED = tuple(RECEIPT)[:9]
_LATENCY = ("latency_count", "latency_sum", "latency_squares")


class _Counters(dict[str, int]):
    def __init__(self) -> None:
        super().__init__(dict.fromkeys((*COUNTED, *_LATENCY), 0))


def recount(
    inputs: EpochInputs, receipts: Iterable[Mapping[str, Any]]
) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """The counters that receipts make: (published rows, recomputed rows, proofs that are not as published).

    Rows are counters by node address and `demand`; `latency_*` are compared where the epoch alone fills the window of
    the last N good jobs (R24). `receipts` are in recorded order. Raises InputsInvalid.
    """
    keys = {node["address"]: node["signing_key"] for node in inputs.nodes}
    size = inputs.params.latency_window_jobs
    counted: dict[str, _Counters] = {address: _Counters() for address in keys}
    windows: dict[str, list[int]] = defaultdict(list)
    demand: dict[str, int] = defaultdict(int)
    proofs: dict[str, dict[str, Any]] = {}
    with applied_rules(inputs):
        for number, receipt in enumerate(receipts, 2):
            _check(receipt, number, keys)
            node = receipt["node"]
            proof = _proof(receipt, keys[node], inputs.header["chain_id"])
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
    return published, computed, proofs


def _check(receipt: Mapping[str, Any], number: int, keys: Mapping[str, str]) -> None:
    wrong = wrong_field(receipt, RECEIPT)
    if wrong is not None:
        raise InputsInvalid(
            f"Line {number} of the receipts: {wrong} is missing or has a value that it cannot have."
        )
    if receipt["node"] not in keys:
        raise InputsInvalid(f"Line {number} of the receipts names an unknown node: {receipt['node']}.")


def _proof(receipt: Mapping[str, Any], key: str, chain_id: int) -> str:
    """The proof state of a receipt, its signature recovered (R22)."""
    if receipt["proof"] == rules.PROOF_UNCHECKED:
        return rules.PROOF_UNCHECKED
    signature, trace = _bytes(receipt["signature"]), _bytes(receipt["trace_root"])
    verified = _bytes(receipt["verified_trace_root"])
    by_key = False
    if signature is not None:
        try:
            digest = receipt_digest(
                chain_id,
                **{name: receipt[name] for name in _SIGNED},
                result_digest=_bytes(receipt["result_digest"]),
                trace_root=trace,
            )
        except ReceiptInvalid:
            raise InputsInvalid(f"The receipt of job {receipt['job_id']} cannot be encoded.") from None
        by_key = recover(digest, signature) == key
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
