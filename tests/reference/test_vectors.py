"""docs/vectors: made by the engine, checked by the plain model and by a tree that nobody here wrote the hashes of."""

from __future__ import annotations

import json
import os
from collections import Counter
from typing import Any

import pytest
from eth_abi import encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak

from protocol.replay import parse, settle
from tests.reference import vectors
from tests.reference.pair import Pair
from tests.reference.state import TIERS

pytestmark = pytest.mark.django_db

# Names of the model's rows where they differ from those of the report.
MODEL = {
    "q_latency_bps": "q_latency", "q_uptime_bps": "q_uptime", "q_stake_bps": "q_stake",
    "q_scarcity_bps": "q_scarcity", "q_sla_bps": "q_sla", "active_delegated": "active_pool",
    "delegator_share_bps": "share_bps", "delegated": "pool_tokens",
}  # fmt: skip

COUNTERS = ("accepted", "good", "rejected", "invalid", "credits")
RECEIPT_TYPE = {
    "job_id": "string", "node": "address", "job_class": "string", "region": "string", "accepted_at": "uint64",
    "deadline_ms": "uint64", "latency_ms": "uint64", "outcome": "string", "credits": "uint256",
    "result_digest": "bytes32", "trace_root": "bytes32",
}  # fmt: skip


@pytest.fixture(autouse=True)
def chain(settings: Any) -> None:
    settings.INFRAMIND_CHAIN_RPC = ("http://127.0.0.1:1",)
    settings.INFRAMIND_CHAIN_TOKEN = "0x" + "70" * 20


def test_the_vectors_are_what_engine_and_model_make() -> None:
    """With VECTORS=write in the environment the files are written anew before they are compared."""
    counted = 0
    for number, pair in vectors.story():
        if os.environ.get("VECTORS") == "write":
            vectors.write(number)
        made, stored = vectors.vector_of(number), vectors.stored(number)
        assert made[0] == stored[0]
        assert made[1] == stored[1]
        if number == vectors.SIGNED:
            assert vectors.receipts_of_epoch(number) == vectors.stored_receipts()
        counted += check_by_the_model(pair, stored[1])
    assert counted > 4 * vectors.EPOCHS * 30


def check_by_the_model(pair: Pair, report: dict[str, Any]) -> int:
    """Compare every figure of the rows, and the pool, with the plain model; the number of figures compared."""
    count = 0
    assert report["rows"].keys() == pair.model.rows.keys()
    for address, row in report["rows"].items():
        expected = pair.model.rows[address]
        for name, value in row.items():
            known = TIERS[row["tier"]][1] if name == "bonus_bps" else expected[MODEL.get(name, name)]
            assert value == known, (report["epoch"], address, name)
            count += 1
    figures, slashes = report["figures"], pair.model.slashes
    assert (figures["pool"], figures["carry"]) == (pair.model.report["pool"], pair.model.report["carry"])
    executed = [slash for slash in slashes if slash.status == "executed" and slash.due == report["epoch"]]
    for name in ("burned", "honest", "returned"):
        assert figures[name] == sum(getattr(slash, name) for slash in executed)
    return count


@pytest.mark.parametrize("number", range(1, vectors.EPOCHS + 1))
def test_a_vector_is_complete(number: int) -> None:
    """The rules make the report from the inputs alone, and another tree makes the same root."""
    text, report = vectors.stored(number)
    result = settle(parse(text.splitlines()))
    assert (result.rows, result.figures, result.totals) == (
        report["rows"],
        report["figures"],
        report["totals"],
    )
    assert root_of(number, report, [json.loads(line) for line in text.splitlines()]) == bytes.fromhex(
        report["figures"]["merkle_root"][2:]
    )


def test_the_story_shows_every_kind_of_line() -> None:
    kinds = {
        json.loads(line)["type"]
        for number in range(1, vectors.EPOCHS + 1)
        for line in vectors.stored(number)[0].splitlines()
    }
    assert kinds == {
        "header", "node", "demand", "former_key", "pending", "slash", "bucket", "dispute", "redelegation", "position",
        "exit",
    }  # fmt: skip


def test_the_receipts_make_the_counters_of_their_epoch() -> None:
    """By a signature scheme and a count that nobody here wrote: eth_account's, and R21 to R23 again."""
    inputs = [json.loads(line) for line in vectors.stored(vectors.SIGNED)[0].splitlines()]
    header, *receipts = [json.loads(line) for line in vectors.stored_receipts().splitlines()]
    assert (header["epoch"], header["lines"]) == (vectors.SIGNED, len(receipts))
    counted = {line["address"]: dict.fromkeys(COUNTERS, 0) for line in inputs if line["type"] == "node"}
    numbers: Counter[str] = Counter()
    for receipt in receipts:
        counters, proof = counted[receipt["node"]], proof_of(receipt, numbers[receipt["node"]], inputs)
        numbers[receipt["node"]] += 1
        assert receipt["proof"] == proof
        counters["rejected" if receipt["outcome"] == "rejected" else "accepted"] += 1
        counters["invalid"] += proof == "invalid"
        if (proof, receipt["outcome"]) == ("valid", "completed"):
            counters["good"] += 1
            counters["credits"] += receipt["credits"]
    for line in inputs:
        if line["type"] == "node":
            assert counted[line["address"]] == {name: line[name] for name in COUNTERS}
    assert {receipt["proof"] for receipt in receipts} == {"valid", "invalid", "missing"}


def proof_of(receipt: dict[str, Any], number: int, inputs: list[dict[str, Any]]) -> str:
    """The proof state of the receipt of a node with this number, without verified trace (R22)."""
    if receipt["signature"] is None:
        return "missing"
    (key,) = (line["signing_key"] for line in inputs if line.get("address") == receipt["node"])
    changes = [line for line in inputs if line["type"] == "former_key" and line["node"] == receipt["node"]]
    for change in sorted(changes, key=lambda line: -line["receipts"]):
        key = change["key"] if number < change["receipts"] else key
    message = encode_typed_data(
        {"name": "InfraMind", "version": "1", "chainId": inputs[0]["chain_id"]},
        {"JobReceipt": [{"name": name, "type": kind} for name, kind in RECEIPT_TYPE.items()]},
        {
            name: receipt[name] or "0x" + "00" * 32 if kind == "bytes32" else receipt[name]
            for name, kind in RECEIPT_TYPE.items()
        },
    )
    return (
        "valid"
        if Account.recover_message(message, signature=receipt["signature"]).lower() == key
        else "invalid"
    )


def root_of(number: int, report: dict[str, Any], lines: list[dict[str, Any]]) -> bytes:
    """The root of the report as R51 and R55 have it, with eth_abi's encoding."""
    leaves: list[tuple[str, str, int]] = []
    for address, row in report["rows"].items():
        leaves.append(("reward", address, row["reward"] + row["honest_reward"]))
        leaves += [("slash", address, row["slashed"])] if row["slashed"] else []
    for line in lines:
        if line["type"] == "exit":
            released = line["released"] + line["amount"]
            change = line["total"] + released - line["deposited"] - (line["minted"] - line["burned"])
            leaves += [
                ("minted", line["wallet"], line["minted"] + max(change, 0)),
                ("burned", line["wallet"], line["burned"] + max(-change, 0)),
                ("released", line["wallet"], released),
            ]
    types = ["string", "address", "uint256", "uint256"]
    hashes = sorted(keccak(keccak(encode(types, [*leaf, number]))) for leaf in leaves)
    nodes = [b""] * (len(hashes) - 1) + hashes[::-1]
    for place in range(len(hashes) - 2, -1, -1):
        nodes[place] = keccak(b"".join(sorted((nodes[2 * place + 1], nodes[2 * place + 2]))))
    return nodes[0]
