from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.amounts import MAX_AMOUNT, format_amount, parse_amount
from protocol.errors import AmountInvalid


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0", 0),
        ("2000", 2_000_000_000),
        ("0.5", 500_000),
        ("0.000001", 1),
        ("1.10", 1_100_000),
        ("007", 7_000_000),
        ("9223372036854.775807", MAX_AMOUNT),
    ],
)
def test_decimal_strings_are_read_exactly(text: str, amount: int) -> None:
    assert parse_amount(text) == amount


@pytest.mark.parametrize(
    "text",
    [
        "", " ", " 1", "1 ", "1\n", "-1", "+1", "1e3", "1E3", "NaN", "Infinity", "inf", "1_000", "1,000",
        "0x10", ".5", "5.", ".", "1.2.3", "1.0000001", "0.0000000", "١٢", "１２", "²", "1\u200b", "1\x00",
        "9223372036854.775808", "9223372036855", "1" + "0" * 38, "9" * 10_000, "0" * 10_000,
        "1." + "0" * 10_000,
    ],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(AmountInvalid) as refused:
        parse_amount(text)
    assert (refused.value.code, refused.value.status) == ("amount_invalid", 400)


@pytest.mark.parametrize("value", [None, 1, 1.5, True, b"1", ["1"], {}])
def test_what_is_not_a_string_is_refused(value: object) -> None:
    with pytest.raises(AmountInvalid):
        parse_amount(value)  # type: ignore[arg-type]


def test_a_string_of_a_million_digits_is_refused_like_a_short_one() -> None:
    with pytest.raises(AmountInvalid):
        parse_amount("9" * 1_000_000)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0.000000"),
        (1_500_000_000, "1500.000000"),
        (1, "0.000001"),
        (-1, "-0.000001"),
        (-2_500_000, "-2.500000"),
    ],
)
def test_amounts_are_shown_with_six_digits(amount: int, text: str) -> None:
    assert format_amount(amount) == text


@given(st.integers(0, MAX_AMOUNT))
def test_what_is_shown_reads_back(amount: int) -> None:
    assert parse_amount(format_amount(amount)) == amount


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        amount = parse_amount(text)
    except AmountInvalid:
        return
    assert 0 <= amount <= MAX_AMOUNT
    assert text.isascii()
