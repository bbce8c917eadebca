"""Signatures that somebody else made, bent or copied: their receipts are recorded as invalid, the others as valid."""

from __future__ import annotations

from typing import Any

import pytest

from tests.network import Network
from tests.oracle import machines
from tests.oracle.machines import counted, proofs, send, signed, unsigned

pytestmark = pytest.mark.django_db

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
GOOD = bytes.fromhex(signed()["signature"][2:])
R, S, V = GOOD[:32], GOOD[32:64], GOOD[64]


def with_signature(raw: bytes, job_id: str = "job-1") -> dict[str, Any]:
    return {**unsigned(job_id), "signature": "0x" + raw.hex()}


def number(value: int) -> bytes:
    return value.to_bytes(32, "big")


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(bytes([R[0] ^ 1]) + GOOD[1:], id="a bit of r"),
        pytest.param(R + bytes([S[0] ^ 1]) + S[1:] + bytes([V]), id="a bit of s"),
        pytest.param(
            R + number(ORDER - int.from_bytes(S, "big")) + bytes([55 - V]), id="the twin with high s"
        ),
        pytest.param(R + number(ORDER - int.from_bytes(S, "big")) + bytes([V]), id="high s, same v"),
        pytest.param(number(0) + S + bytes([V]), id="r is 0"),
        pytest.param(R + number(0) + bytes([V]), id="s is 0"),
        pytest.param(number(ORDER) + S + bytes([V]), id="r is the order"),
        pytest.param(number(ORDER + 1) + S + bytes([V]), id="r above the order"),
        pytest.param(R + number(ORDER) + bytes([V]), id="s is the order"),
        pytest.param(bytes(65), id="zeros"),
        pytest.param(b"\xff" * 65, id="ones"),
        *(pytest.param(GOOD[:64] + bytes([v]), id=f"v {v}") for v in (0, 1, 2, 3, 26, 29, 37, 255, 55 - V)),
    ],
)
def test_bent_signatures_are_invalid(network: Network, raw: bytes) -> None:
    assert counted(send(with_signature(raw), signed("good"))) == (2, 0, [])
    assert proofs() == {"job-1": ("invalid", False), "good": ("valid", True)}


def test_the_same_receipt_with_another_writing_of_v_is_a_conflict(network: Network) -> None:
    send(signed())
    assert counted(send(with_signature(GOOD[:64] + bytes([V - 27])))) == (0, 0, ["receipt_conflict"])


def test_a_signature_of_another_job(network: Network) -> None:
    send(with_signature(GOOD, "job-2"))
    assert proofs() == {"job-2": ("invalid", False)}


def test_a_receipt_of_another_network(network: Network) -> None:
    raw = machines.signature(unsigned(), machines.key(0), chain_id=1)
    send(with_signature(raw))
    assert proofs() == {"job-1": ("invalid", False)}


def test_the_chain_is_the_one_configured(network: Network, settings: Any) -> None:
    raw = machines.signature(unsigned(), machines.key(0), chain_id=1)
    settings.INFRAMIND_CHAIN_ID = 1
    send(with_signature(raw))
    assert proofs() == {"job-1": ("valid", True)}


@pytest.mark.parametrize("raw", [GOOD[:64], GOOD + b"\0", b"\x01", bytes(1_000_000)])
def test_what_has_not_65_bytes_is_no_signature(network: Network, raw: bytes) -> None:
    answer = send(with_signature(raw), signed("good"))
    assert counted(answer) == (1, 0, ["receipt_invalid"])
    assert len(answer.rejected[0].detail) < 200


def test_many_wrong_ones_do_not_hold_up_the_good(network: Network) -> None:
    bad = [with_signature(bytes([R[0], byte]) + GOOD[2:], f"bad-{byte}") for byte in range(200)]
    answer = send(*bad[:100], signed("good"), *bad[100:])
    states = proofs()
    assert answer.accepted == 201
    assert states.pop("good") == ("valid", True)
    assert set(states.values()) == {("invalid", False)}


def test_each_shows_as_an_offence_but_the_good_job_counts(network: Network) -> None:
    send(with_signature(b"\xff" * 65), *(signed(f"job-{n}", 1) for n in range(2, 12)))
    network.settle()
    assert network.slash(machines.address(0)).offence == "invalid_proof"
    assert network.slash(machines.address(0)).evidence == ["job-1"]
    assert (network.row(machines.address(1)).good, network.row(machines.address(0)).invalid) == (10, 1)
