"""Hardware as it was measured against what was declared (section 8, fake_resources)."""

from __future__ import annotations

from typing import Any

import pytest

from oracle.attestations import attest
from protocol.errors import Invalid, NotFound
from staking.models import Attestation
from tests.network import START, Network
from tests.oracle import machines
from tests.shared_rows import shared

pytestmark = pytest.mark.django_db

DECLARED = {"gpu": "A100", "gpus": 4, "gpu_memory_gb": 80, "tee": True}


@shared
def network() -> Network:
    made = Network()
    machines.register(1, hardware=DECLARED)
    return made


@pytest.mark.parametrize(
    ("measured", "shortfalls"),
    [
        ({"gpus": 4, "gpu_memory_gb": 80}, []),
        ({"gpus": 5}, []),
        ({"gpus": 3, "gpu_memory_gb": 79}, ["gpu_memory_gb", "gpus"]),
        ({"gpu": "L40S", "tee": False, "disks": 0}, []),
        ({"gpus": 3.5}, []),
        ({"gpus": False}, []),
        ({"gpus": 0}, ["gpus"]),
        ({}, []),
    ],
)
def test_integers_below_the_declared_ones(
    network: Network, measured: dict[str, Any], shortfalls: list[str]
) -> None:
    made = attest(node=machines.address(0), measured=measured, now=START)
    row = Attestation.objects.get()
    assert made == row
    assert (row.epoch, row.at, row.declared, row.measured, row.shortfalls) == (
        1, START, DECLARED, measured, shortfalls,
    )  # fmt: skip
    network.settle()
    offences = [slash.offence for slash in row.node.slashes.all()]
    assert offences == (["fake_resources"] if shortfalls else [])


def test_what_was_declared_then_counts(network: Network) -> None:
    attest(node=machines.address(0), measured={"gpus": 3}, now=START)
    network.change(machines.address(0), hardware={"gpus": 3})
    attest(node=machines.address(0), measured={"gpus": 3}, now=START)
    assert list(Attestation.objects.order_by("id").values_list("shortfalls", flat=True)) == [["gpus"], []]


@pytest.mark.parametrize(
    "measured",
    [
        None, [], "gpus", {"gpus": None}, {"gpus": [1]}, {"gpus": {}}, {"gpus": 2**63}, {"gpus": float("nan")},
        {"gpus": float("inf")}, {"": 1}, {"x" * 65: 1}, {"gpu": "x" * 257}, {"gpu": "a\0"}, {"a\0": 1},
        {"gpu": "\ud800"}, {str(number): number for number in range(65)},
    ],
)  # fmt: skip
def test_what_is_no_measurement(network: Network, measured: Any) -> None:
    with pytest.raises(Invalid) as refused:
        attest(node=machines.address(0), measured=measured, now=START)
    assert refused.value.field == "measured"
    assert not Attestation.objects.exists()


def test_an_unknown_node_cannot_be_attested(network: Network) -> None:
    with pytest.raises(NotFound):
        attest(node=machines.address(7), measured={"gpus": 1}, now=START)


def test_of_several_the_first_that_fell_short_is_the_evidence(network: Network) -> None:
    for gpus in (4, 3, 2):
        attest(node=machines.address(0), measured={"gpus": gpus}, now=START)
    network.settle()
    assert network.slash(machines.address(0)).measured == {
        "declared": DECLARED, "measured": {"gpus": 3}, "shortfalls": ["gpus"],
    }  # fmt: skip
