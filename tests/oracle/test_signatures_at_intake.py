"""Signatures of receipts: malformed ones are rejected, those of another key are invalid (R21, R22)."""

from __future__ import annotations

from typing import Any

import pytest

from staking.models import Receipt, Slash
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
        pytest.param(
            R + number(ORDER - int.from_bytes(S, "big")) + bytes([55 - V]), id="the twin with high s"
        ),
        pytest.param(R + number(ORDER - int.from_bytes(S, "big")) + bytes([V]), id="high s, same v"),
        pytest.param(R + number(ORDER // 2 + 1) + bytes([V]), id="s just above the half"),
        pytest.param(number(0) + S + bytes([V]), id="r is 0"),
        pytest.param(R + number(0) + bytes([V]), id="s is 0"),
        pytest.param(number(ORDER) + S + bytes([V]), id="r is the order"),
        pytest.param(number(ORDER + 1) + S + bytes([V]), id="r above the order"),
        pytest.param(R + number(ORDER) + bytes([V]), id="s is the order"),
        pytest.param(bytes(65), id="zeros"),
        pytest.param(b"\xff" * 65, id="ones"),
        pytest.param(GOOD[:64], id="64 bytes"),
        pytest.param(GOOD + b"\0", id="66 bytes"),
        pytest.param(b"\x01", id="1 byte"),
        pytest.param(b"", id="no byte"),
        pytest.param(bytes(1_000_000), id="a million bytes"),
        *(pytest.param(GOOD[:64] + bytes([v]), id=f"v {v}") for v in (2, 3, 26, 29, 37, 255)),
    ],
)
@pytest.mark.parametrize("unchecked", [False, True], ids=["oracle", "import"])
def test_bytes_that_cannot_be_a_signature_are_rejected(network: Network, raw: bytes, unchecked: bool) -> None:
    answer = send(with_signature(raw), signed("good"), unchecked=unchecked)
    assert counted(answer) == (1, 0, ["receipt_invalid"])
    assert len(answer.rejected[0].detail) < 200
    assert answer.not_valid == []
    assert list(proofs()) == ["good"]


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(bytes([R[0] ^ 1]) + GOOD[1:], id="a bit of r"),
        pytest.param(R + bytes([S[0] ^ 1]) + S[1:] + bytes([V]), id="a bit of s"),
        pytest.param(R + number(ORDER // 2) + bytes([V]), id="the largest s"),
        pytest.param(number(ORDER - 1) + S + bytes([V]), id="the largest r"),
        *(pytest.param(GOOD[:64] + bytes([v]), id=f"v {v}") for v in (55 - V, 28 - V)),
    ],
)
def test_a_well_formed_signature_of_another_key_is_invalid(network: Network, raw: bytes) -> None:
    answer = send(with_signature(raw), signed("good"))
    assert counted(answer) == (2, 0, [])
    assert proofs() == {"job-1": ("invalid", False), "good": ("valid", True)}
    assert answer.proofs == {"valid": 1, "missing": 0, "invalid": 1, "forged": 0}
    assert [(item.index, item.job_id, item.proof) for item in answer.not_valid] == [(0, "job-1", "invalid")]


def test_a_last_byte_of_0_or_1_is_stored_as_27_or_28(network: Network) -> None:
    """As go-ethereum, Ledger devices and several HSMs write it."""
    assert counted(send(with_signature(GOOD[:64] + bytes([V - 27])))) == (1, 0, [])
    assert proofs() == {"job-1": ("valid", True)}
    assert bytes(Receipt.objects.get().signature) == GOOD
    network.settle()
    assert not Slash.objects.exists()


def test_the_same_signature_with_another_last_byte_is_a_duplicate(network: Network) -> None:
    send(signed())
    answer = send(with_signature(GOOD[:64] + bytes([V - 27])), signed())
    assert counted(answer) == (0, 2, [])
    assert answer.proofs["valid"] == 2


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


def test_many_wrong_ones_do_not_hold_up_the_good(network: Network) -> None:
    bad = [with_signature(bytes([R[0], byte]) + GOOD[2:], f"bad-{byte}") for byte in range(200)]
    answer = send(*bad[:100], signed("good"), *bad[100:])
    states = proofs()
    assert answer.accepted == 201
    assert states.pop("good") == ("valid", True)
    assert set(states.values()) == {("invalid", False)}


def test_each_shows_as_an_offence_but_the_good_job_counts(network: Network) -> None:
    send(signed(by=2), *(signed(f"job-{n}", 1) for n in range(2, 12)))
    network.settle()
    assert network.slash(machines.address(0)).offence == "invalid_proof"
    assert network.slash(machines.address(0)).evidence == ["job-1"]
    assert (network.row(machines.address(1)).good, network.row(machines.address(0)).invalid) == (10, 1)
