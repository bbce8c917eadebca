"""Receipts' signatures against eth_account's EIP-712 (R21, R22)."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import _hash_eip191_message, encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from protocol.addresses import checksum
from protocol.errors import ReceiptInvalid
from protocol.signatures import address_of_private_key, canonical_signature, receipt_digest, recover, sign

CHAIN = 31_337
KEY = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
SIGNER = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
FIELDS = [
    ("string", "job_id"), ("address", "node"), ("string", "job_class"), ("string", "region"),
    ("uint64", "accepted_at"), ("uint64", "deadline_ms"), ("uint64", "latency_ms"), ("string", "outcome"),
    ("uint256", "credits"), ("bytes32", "result_digest"), ("bytes32", "trace_root"),
]  # fmt: skip
RECEIPT: dict[str, Any] = {
    "job_id": "job-1", "node": SIGNER, "job_class": "gpu", "region": "eu-west",
    "accepted_at": 1_767_225_600_000, "deadline_ms": 2_000, "latency_ms": 1_234, "outcome": "completed",
    "credits": 50_000, "result_digest": bytes(range(32)), "trace_root": None,
}  # fmt: skip


def typed(receipt: dict[str, Any], chain: int = CHAIN) -> Any:
    message = {name: value if value is not None else bytes(32) for name, value in receipt.items()}
    message["node"] = checksum(message["node"])
    return encode_typed_data(
        full_message={
            "domain": {"name": "InfraMind", "version": "1", "chainId": chain},
            "types": {
                "EIP712Domain": [
                    {"name": "name", "type": "string"},
                    {"name": "version", "type": "string"},
                    {"name": "chainId", "type": "uint256"},
                ],
                "JobReceipt": [{"name": name, "type": kind} for kind, name in FIELDS],
            },
            "primaryType": "JobReceipt",
            "message": message,
        }
    )


receipts_of = st.fixed_dictionaries(
    {
        "job_id": st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=64),
        "node": st.integers(0, 2**160 - 1).map(lambda number: f"0x{number:040x}"),
        "job_class": st.sampled_from(["cpu", "gpu", "tee"]),
        "region": st.sampled_from(["eu-west", "ap-süd", ""]),
        "accepted_at": st.integers(0, 2**63 - 1),
        "deadline_ms": st.integers(0, 2**63 - 1),
        "latency_ms": st.integers(0, 2**63 - 1),
        "outcome": st.sampled_from(["completed", "dropped"]),
        "credits": st.integers(0, 2**63 - 1),
        "result_digest": st.none() | st.binary(min_size=32, max_size=32),
        "trace_root": st.none() | st.binary(min_size=32, max_size=32),
    }
)


@given(receipts_of, st.sampled_from([1, CHAIN, 2**64]))
def test_the_digest_is_that_of_typed_data(receipt: dict[str, Any], chain: int) -> None:
    assert receipt_digest(chain, **receipt) == _hash_eip191_message(typed(receipt, chain))


def test_a_wallets_signature_is_recognised_and_ours_by_a_wallet() -> None:
    digest = receipt_digest(CHAIN, **RECEIPT)
    theirs = Account.sign_message(typed(RECEIPT), KEY).signature
    assert recover(digest, bytes(theirs)) == SIGNER == address_of_private_key(KEY)
    assert sign(digest, KEY) == bytes(theirs)


OTHER: dict[str, Any] = {
    "job_id": "job-2", "node": "0x" + "11" * 20, "job_class": "cpu", "region": "us-east",
    "accepted_at": 1_767_225_600_001, "deadline_ms": 2_001, "latency_ms": 1_233, "outcome": "timeout",
    "credits": 50_001, "result_digest": None, "trace_root": bytes(31) + b"\1",
}  # fmt: skip


@pytest.mark.parametrize("name", RECEIPT)
def test_every_field_is_signed(name: str) -> None:
    other = receipt_digest(CHAIN, **{**RECEIPT, name: OTHER[name]})
    assert recover(other, sign(receipt_digest(CHAIN, **RECEIPT), KEY)) != SIGNER


def test_another_chain_is_another_digest() -> None:
    assert receipt_digest(1, **RECEIPT) != receipt_digest(CHAIN, **RECEIPT)


def test_v_says_which_of_two_keys() -> None:
    seen = set()
    for latency in range(8):
        digest = receipt_digest(CHAIN, **{**RECEIPT, "latency_ms": latency})
        signature = sign(digest, KEY)
        seen.add(signature[64])
        assert recover(digest, signature) == SIGNER
        assert recover(digest, signature[:64] + bytes([signature[64] - 27])) is None
        other = signature[:64] + bytes([55 - signature[64]])
        assert recover(digest, other) not in (None, SIGNER)
    assert seen == {27, 28}


@pytest.mark.parametrize("latency", range(8))
def test_the_canonical_form_has_27_or_28_and_recovers_to_the_signer(latency: int) -> None:
    digest = receipt_digest(CHAIN, **{**RECEIPT, "latency_ms": latency})
    signature = sign(digest, KEY)
    other = signature[:64] + bytes([signature[64] - 27])
    assert canonical_signature(signature) == canonical_signature(other) == signature
    assert recover(digest, canonical_signature(other)) == SIGNER


NUMBER = bytes(31) + b"\x01"
HALF = (ORDER // 2).to_bytes(32, "big")
LARGEST = (ORDER - 1).to_bytes(32, "big")


def test_the_bounds_of_r_and_s_are_inclusive() -> None:
    for r, s in ((NUMBER, NUMBER), (LARGEST, HALF)):
        assert canonical_signature(r + s + b"\x00") == r + s + b"\x1b"
        assert canonical_signature(r + s + b"\x1c") == r + s + b"\x1c"


@pytest.mark.parametrize(
    "signature",
    [
        b"", NUMBER + NUMBER, NUMBER + NUMBER + b"\x1b\x1b", bytes(32) + NUMBER + b"\x1b",
        NUMBER + bytes(32) + b"\x1b", ORDER.to_bytes(32, "big") + NUMBER + b"\x1b",
        NUMBER + (ORDER // 2 + 1).to_bytes(32, "big") + b"\x1b", NUMBER + LARGEST + b"\x1b",
        NUMBER + ORDER.to_bytes(32, "big") + b"\x1b", b"\xff" * 64 + b"\x1b",
        *(NUMBER + NUMBER + bytes([v]) for v in (2, 3, 26, 29, 255)),
    ],
    ids=bytes.hex,
)  # fmt: skip
def test_bytes_that_cannot_be_a_signature_are_refused(signature: bytes) -> None:
    with pytest.raises(ReceiptInvalid) as error:
        canonical_signature(signature)
    assert error.value.field == "signature"


def test_the_twin_of_a_signature_is_refused() -> None:
    digest = receipt_digest(CHAIN, **RECEIPT)
    signature = sign(digest, KEY)
    high = ORDER - int.from_bytes(signature[32:64], "big")
    twin = signature[:32] + high.to_bytes(32, "big") + bytes([55 - signature[64]])
    assert Account._recover_hash(digest, signature=twin).lower() == SIGNER
    assert recover(digest, twin) is None


@pytest.mark.parametrize("v", [0, 1, 2, 3, 26, 29, 30, 35, 255])
def test_any_other_v_is_refused(v: int) -> None:
    digest = receipt_digest(CHAIN, **RECEIPT)
    assert recover(digest, sign(digest, KEY)[:64] + bytes([v])) is None


@given(st.binary(max_size=70), st.binary(min_size=32, max_size=32))
def test_rubbish_recovers_to_nobody_and_raises_nothing(signature: bytes, digest: bytes) -> None:
    signer = recover(digest, signature)
    assert signer is None or (len(signature) == 65 and signer != SIGNER)


@pytest.mark.parametrize("r", [0, ORDER, 2**256 - 1])
def test_numbers_outside_the_curve_are_refused(r: int) -> None:
    assert recover(bytes(31) + b"\1", r.to_bytes(32, "big") + bytes(31) + b"\1" + bytes([27])) is None
    assert recover(bytes(31) + b"\1", bytes(31) + b"\1" + bytes(32) + bytes([27])) is None


@pytest.mark.parametrize(
    "change",
    [
        {"accepted_at": -1}, {"latency_ms": 2**64}, {"credits": -5}, {"credits": 2**256},
        {"result_digest": bytes(31)}, {"trace_root": bytes(33)}, {"job_id": "\ud800"},
    ],
)  # fmt: skip
def test_what_cannot_be_encoded_is_invalid(change: dict[str, Any]) -> None:
    with pytest.raises(ReceiptInvalid):
        receipt_digest(CHAIN, **{**RECEIPT, **change})
