"""ABI encoding against eth-abi, an independent implementation."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import eth_abi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain import abi, contracts

# One type of each form that the contracts use, and how Hypothesis makes its values.
ADDRESSES = st.binary(min_size=20, max_size=20).map(lambda data: "0x" + data.hex())
NUMBERS = st.integers(0, 2**256 - 1)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "uint256": NUMBERS,
    "uint8": st.integers(0, 255),
    "address": ADDRESSES,
    "bool": st.booleans(),
    "bytes32": st.binary(min_size=32, max_size=32),
    "bytes4": st.binary(min_size=4, max_size=4),
    "bytes": st.binary(max_size=100),
    "string": st.text(max_size=40),
    "bytes32[]": st.lists(st.binary(min_size=32, max_size=32), max_size=5),
    "(address,uint256)": st.tuples(ADDRESSES, NUMBERS),
    "(address,uint256)[]": st.lists(st.tuples(ADDRESSES, NUMBERS), max_size=5),
    "(string,uint256[])[]": st.lists(
        st.tuples(st.text(max_size=40), st.lists(NUMBERS, max_size=3)), max_size=3
    ),
}


@st.composite
def signatures(draw: st.DrawFn) -> tuple[list[str], list[Any]]:
    types = draw(st.lists(st.sampled_from(sorted(VALUES)), max_size=5))
    return types, [draw(VALUES[kind]) for kind in types]


@given(signatures())
def test_encoding_equals_that_of_eth_abi(signature: tuple[list[str], list[Any]]) -> None:
    types, values = signature
    encoded = abi.encode(types, values)
    assert encoded == eth_abi.encode(types, values)
    assert abi.decode(types, encoded) == tuple(values)


@given(signatures(), st.data())
def test_damaged_data_are_refused_or_read_as_something(
    signature: tuple[list[str], list[Any]], data: st.DataObject
) -> None:
    types, values = signature
    encoded = bytearray(abi.encode(types, values))
    if encoded:
        place = data.draw(st.integers(0, len(encoded) - 1))
        encoded[place] ^= data.draw(st.integers(1, 255))
    with suppress(abi.AbiError):
        abi.decode(types, bytes(encoded))


@given(signatures(), st.integers(1, 64))
def test_data_that_were_cut_off_are_refused(signature: tuple[list[str], list[Any]], cut: int) -> None:
    types, values = signature
    encoded = abi.encode(["uint256", *types], [0, *values])
    # A string's padding may be missing: the words before it may not.
    with pytest.raises(abi.AbiError):
        abi.decode(["uint256", *types], encoded[: -32 * (cut + 1)] if len(encoded) > 64 else encoded[:-1])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("uint256", -1),
        ("uint256", 2**256),
        ("uint8", 256),
        ("uint256", "1"),
        ("address", "0x1234"),
        ("address", "no address"),
        ("address", 5),
        ("address", "0x" + " " * 40),
        ("bytes32", b"short"),
        ("bytes32", 32),
        ("bool", 2),
    ],
)
def test_a_value_that_does_not_fit_its_type_is_refused(kind: str, value: Any) -> None:
    with pytest.raises(abi.AbiError):
        abi.encode([kind], [value])


def test_the_number_of_values_is_checked() -> None:
    with pytest.raises(abi.AbiError, match="2 values expected, not 1"):
        abi.encode(["uint256", "uint256"], [1])


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("address", "ff" * 32),
        ("bool", "00" * 31 + "02"),
        ("uint8", "00" * 30 + "0100"),
        ("bytes4", "ff" * 32),
    ],
)
def test_words_with_stray_bits_are_refused(kind: str, word: str) -> None:
    with pytest.raises(abi.AbiError):
        abi.decode([kind], bytes.fromhex(word))


def test_a_list_longer_than_its_data_is_refused_at_once() -> None:
    with pytest.raises(abi.AbiError, match="longer"):
        abi.decode(["uint256[]"], abi.encode(["uint256", "uint256"], [32, 2**200]))


def test_selectors_and_topics_are_the_known_ones() -> None:
    assert abi.selector("transfer(address,uint256)").hex() == "a9059cbb"
    assert abi.event_topic("Transfer(address,address,uint256)") == (
        "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
    )


def test_calls_and_events_of_the_contracts() -> None:
    token = contracts.load("IFM")
    assert (
        token.call("transfer", "0x" + "11" * 20, 5).hex() == "a9059cbb" + "00" * 12 + "11" * 20 + f"{5:064x}"
    )
    assert token.topic("Locked") == abi.event_topic("Locked(uint256,address,uint256)")
    log = {
        "topics": [token.topic("Locked"), f"0x{3:064x}", "0x" + "00" * 12 + "22" * 20],
        "data": f"0x{9:064x}",
    }
    assert token.event(log) == ("Locked", {"index": 3, "account": "0x" + "22" * 20, "amount": 9})
    assert token.result("proven", abi.encode(["uint256"] * 3, [1, 2, 3])) == (1, 2, 3)
    assert token.result("lock", b"") is None


@pytest.mark.parametrize(
    "log",
    [
        {"topics": [], "data": "0x"},
        {"topics": ["0x" + "00" * 32], "data": "0x"},
        {"topics": [contracts.load("IFM").topic("Locked")], "data": f"0x{9:064x}"},
        {
            "topics": [contracts.load("IFM").topic("Transfer"), "0x" + "00" * 32, "0x" + "00" * 32],
            "data": "0x",
        },
    ],
    ids=["no topics", "foreign", "too few topics", "no data"],
)
def test_a_log_of_something_else_is_refused(log: dict[str, Any]) -> None:
    with pytest.raises(abi.AbiError):
        contracts.load("IFM").event(log)
