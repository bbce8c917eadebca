"""Rules for texts: names, regions, titles, reasons, hardware."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import Invalid
from protocol.texts import (
    check_hardware,
    check_name,
    check_region,
    check_text,
    forbidden_character,
    has_visible_character,
)

INVISIBLE = (
    0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x180B, 0x180E, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F,
    0x202A, 0x202E, 0x2060, 0x2064, 0x2066, 0x2069, 0x206F, 0x3164, 0xFE00, 0xFE0F, 0xFEFF, 0xFFA0, 0xFFF9,
    0x1BCA0, 0x1D173, 0xE0001, 0xE0041, 0xE0100,
)  # fmt: skip
CONTROLS = (0x00, 0x01, 0x07, 0x08, 0x0B, 0x0C, 0x1B, 0x7F, 0x85, 0x9F, 0x2028, 0x2029)
UNUSABLE = (
    0xE000,
    0xF8FF,
    0xF0000,
    0x10FFFD,
    0xFDD0,
    0xFDEF,
    0xFFFE,
    0xFFFF,
    0x1FFFE,
    0x10FFFF,
    0xD800,
    0xDFFF,
)


def detail(check, *args, **kwargs) -> str:
    with pytest.raises(Invalid) as refused:
        check(*args, **kwargs)
    return refused.value.detail


def reason(text: object) -> str:
    return check_text(text, field="reason", longest=40, required=True)


@pytest.mark.parametrize("point", [*INVISIBLE, *CONTROLS, *UNUSABLE], ids=lambda point: f"U+{point:04X}")
def test_a_character_that_readers_cannot_see_is_refused_inside_a_text(point):
    sentence = f"Remove the character U+{point:04X} from the name: readers cannot see it."
    assert detail(check_name, f"Kelvin{chr(point)}4") == sentence


@pytest.mark.parametrize("point", [*INVISIBLE, *UNUSABLE], ids=lambda point: f"U+{point:04X}")
def test_a_text_of_invisible_characters_alone_is_refused(point):
    with pytest.raises(Invalid):
        reason(chr(point) * 3)


@pytest.mark.parametrize(
    "text", ["", "  ", "\t\n", "\u00a0\u3000", "\u2800", "\u0301\u0302", "\u20e3", "\U0001d159"]
)
def test_a_text_needs_a_visible_character(text):
    assert detail(check_name, text) == "Enter the name: it has no visible character."


@pytest.mark.parametrize(
    "text",
    [
        "Kelvin 4", "Ænima", "Ωmega-7", "データ", "مركز البيانات", "हिन्दी", "한국", "שלום", "a!", "7", "½", "€",
        "e\u0308", "👍", "👍🏽", "❤️", "👩‍🚀", "👩🏽‍🚀", "👨‍👩‍👧‍👦", "🏳️‍🌈", "1️⃣", "🇩🇪",
    ],
)  # fmt: skip
def test_names_of_all_scripts_and_emoji_are_taken_as_they_are(text):
    assert check_name(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("text", ["Kelvin\u200d4", "\u200d👍", "👍\u200d", "a\ufe0f", "👍\u200dx", "1\ufe0f"])
def test_a_joiner_or_selector_outside_an_emoji_is_refused(text):
    assert detail(check_name, text).startswith("Remove the character U+")


def test_a_text_is_stored_composed_so_that_two_spellings_are_one_name():
    assert check_name("Zu\u0308rich") == check_name("Z\u00fcrich") == "Z\u00fcrich"
    assert check_text("\uac00\u11a8", field="title", longest=9) == "\uac01"


def test_length_is_counted_in_composed_characters():
    assert len(check_name("e\u0308" * 64)) == 64
    assert detail(check_name, "e\u0308" * 65) == "Shorten the name to 64 characters or fewer."
    assert detail(check_name, "x" * 65) == "Shorten the name to 64 characters or fewer."
    assert check_name("  " + "x" * 64 + "\n") == "x" * 64


def test_an_endless_row_of_combining_marks_is_refused_before_it_is_composed():
    marks = "a" + "\u0301\u0323" * 2_000_000
    assert detail(check_name, marks) == "Shorten the name to 64 characters or fewer."


def test_a_reason_has_lines_and_a_name_has_one():
    assert reason("a\r\nb\rc\td\n") == "a\nb\nc\td"
    assert detail(check_name, "a\nb") == "Remove the character U+000A from the name: readers cannot see it."
    assert detail(check_name, "a\tb") == "Remove the character U+0009 from the name: readers cannot see it."


def test_a_text_that_is_not_required_may_be_empty_but_not_invisible():
    assert check_text("  ", field="body", longest=9) == ""
    assert (
        detail(check_text, "\u2800", field="body", longest=9)
        == "Enter the body: it has no visible character."
    )


@pytest.mark.parametrize("value", [None, 7, True, ["a"], b"a"])
def test_a_text_is_text(value):
    assert detail(reason, value) == "Enter the reason as text."


@pytest.mark.parametrize("region", ["eu-west", "r0", "mars", "a" * 24, "1-2"])
def test_a_region_is_a_code(region):
    assert check_region(region) == region


@pytest.mark.parametrize(
    "region", ["", "a", "a" * 25, "EU-West", "eu west", "eu_west", "eu.west", "eu-west\n", "é-1", 7]
)
def test_what_is_no_region_code_is_refused(region):
    assert "2 to 24 small letters" in detail(check_region, region)


def test_hardware_is_checked_in_names_and_values():
    assert check_hardware({"gpu": "Zu\u0308se", "count": 2, "tee": True, "load": 0.5, "note": ""}) == {
        "gpu": "Züse", "count": 2, "tee": True, "load": 0.5, "note": "",
    }  # fmt: skip
    assert "U+200B" in detail(check_hardware, {"g\u200bpu": 1})
    assert "U+202E" in detail(check_hardware, {"gpu": "A\u202e100"})
    assert detail(check_hardware, {"": 1}) == "Enter the hardware: it has no visible character."
    assert "is there twice" in detail(check_hardware, {"e\u0308": 1, "\u00eb": 2})
    assert "as text, a number" in detail(check_hardware, {"gpu": [1]})
    assert "as text, a number" in detail(check_hardware, {"gpu": 2**63})
    assert "as text, a number" in detail(check_hardware, {"gpu": float("nan")})


@given(st.text(max_size=40))
def test_what_is_accepted_is_stable_visible_and_free_of_hidden_characters(text):
    try:
        accepted = reason(text)
    except Invalid:
        return
    assert reason(accepted) == accepted == unicodedata.normalize("NFC", accepted)
    assert has_visible_character(accepted)
    assert forbidden_character(accepted.replace("\n", "").replace("\t", "")) is None


@given(st.characters(categories=("Cc", "Cs", "Co")) | st.sampled_from([chr(point) for point in INVISIBLE]))
def test_no_hidden_character_gets_into_a_name(character):
    with pytest.raises(Invalid):
        check_name(f"a{character}b")
