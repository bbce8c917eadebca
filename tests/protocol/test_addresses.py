from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.addresses import address_of_public_key, checksum, keccak256, normalize
from protocol.errors import AddressInvalid

# The examples of EIP-55 itself.
EIP_55 = [
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77",
    "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]


@pytest.mark.parametrize("address", EIP_55)
def test_the_vectors_of_eip_55(address: str) -> None:
    assert checksum(address.lower()) == address
    assert normalize(address) == address.lower()


@pytest.mark.parametrize("address", EIP_55)
def test_one_case_is_accepted(address: str) -> None:
    assert normalize(address.lower()) == address.lower()
    assert normalize("0x" + address[2:].upper()) == address.lower()
    assert normalize(address.upper()) == address.lower()


@pytest.mark.parametrize(
    "text",
    [
        "", "0x", "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAedd", "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeg", " 0x52908400098527886e0f7030069857d2e4169ee7",
        "0x52908400098527886e0f7030069857d2e4169ee7\n", "0x" + "٠" * 40, "0x" + "1" * 10_000,
    ],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(AddressInvalid):
        normalize(text)


@pytest.mark.parametrize("value", [None, 5, b"0x52908400098527886e0f7030069857d2e4169ee7", []])
def test_what_is_not_a_string_is_refused(value: object) -> None:
    with pytest.raises(AddressInvalid):
        normalize(value)  # type: ignore[arg-type]


@given(st.binary(min_size=20, max_size=20))
def test_checksum_and_canonical_form_are_each_others_inverse(raw: bytes) -> None:
    canonical = "0x" + raw.hex()
    assert normalize(checksum(canonical)) == canonical


def test_keccak_is_ethereums() -> None:
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


def test_the_address_of_a_known_key() -> None:
    # The generator point: the public key of the private key 1.
    point = bytes.fromhex(
        "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
        "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
    )
    assert address_of_public_key(point) == "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf"
    assert address_of_public_key(b"\x04" + point) == "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf"
    with pytest.raises(ValueError, match="64 or 65"):
        address_of_public_key(point[:32])
