"""Numbers in the three ways in which people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.formatting import STYLES, amount_digits, write_numbers
from web.number_input import (
    AmbiguousNumber,
    NumberError,
    TooManyDecimals,
    canonical_number,
    plain_number,
    read_number,
)

READ = {
    "point": {
        "1500": 1_500, "1,234.56": 1_234.56, "1.5": 1.5, "1.500": 1.5, "1,5": 1.5, "1,500.00": 1_500, "1.500,00": 1_500,
        "1,234,567": 1_234_567, "1.234.567": 1_234_567, "1 500": 1_500, "1’500.5": 1_500.5, "0,500": 0.5,
    },
    "comma": {
        "1500": 1_500, "1.234,56": 1_234.56, "1,5": 1.5, "1,500": 1.5, "1.5": 1.5, "1.500,00": 1_500, "1,500.00": 1_500,
        "1.234.567": 1_234_567, "1,234,567": 1_234_567, "1 500,5": 1_500.5, "0.500": 0.5,
    },
    "space": {
        "1500": 1_500, "1\u202f234,56": 1_234.56, "1\u00a0500": 1_500, "1 234 567,8": 1_234_567.8,
        "1,500": 1.5, "1.5": 1.5,
    },
}  # fmt: skip


@pytest.mark.parametrize(("style", "text"), [(style, text) for style in READ for text in READ[style]])
def test_each_style_reads_what_it_writes_and_what_has_one_reading(style, text):
    with write_numbers(style):
        assert read_number(text, 6) == round(READ[style][text] * 1_000_000)


@pytest.mark.parametrize(("style", "text"), [("point", "1,500"), ("comma", "1.500"), ("space", "1.500")])
def test_a_single_separator_before_three_digits_is_ambiguous_unless_it_is_the_readers_decimal_mark(
    style, text
):
    with write_numbers(style), pytest.raises(AmbiguousNumber) as refused:
        read_number(text, 6)
    assert refused.value.readings == (1_500_000, 1_500_000_000)


def test_a_whole_number_cannot_have_decimals_so_its_separator_is_no_doubt():
    with write_numbers("comma"):
        assert read_number("1.500", 0) == 1_500
    with write_numbers("point"), pytest.raises(TooManyDecimals):
        read_number("1.500", 0)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    "text",
    ["", " ", "-5", "+5", "1e3", "1..5", "1,,5", "12,34,567.5", "1 50", ".5", "5.", "٣", "½", "0x10", "1_000", "1" * 41,
     "1,500.000,5", "1 500’000"],
)  # fmt: skip
def test_what_is_no_number_in_any_style_is_refused(style, text):
    with write_numbers(style), pytest.raises(NumberError):
        read_number(text, 6)


@pytest.mark.parametrize("style", STYLES)
def test_more_decimals_than_the_unit_has_are_refused(style):
    with write_numbers(style):
        mark = STYLES[style].point
        with pytest.raises(TooManyDecimals):
            read_number(f"1{mark}0000001", 6)
        with pytest.raises(TooManyDecimals):
            read_number(f"82{mark}505", 2)


@given(value=st.integers(0, 2**63 - 1), style=st.sampled_from(sorted(STYLES)))
def test_every_amount_is_read_back_as_it_was_written(value, style):
    with write_numbers(style):
        assert read_number(plain_number(value, 6), 6) == value
        assert read_number(canonical_number(value, 6), 6) == value
        assert read_number(amount_digits(value), 6) == value
