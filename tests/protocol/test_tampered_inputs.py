"""Published files in which one value was changed: differences or one sentence, never another error (R53)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from protocol.replay import InputsInvalid, check_rewards, check_root, parse, recount
from protocol.replay.fields import LINES, RECEIPT
from protocol.replay.settlement import Result
from tests.oracle import machines
from tests.reference import vectors

EPOCHS = range(1, vectors.EPOCHS + 1)
ABSENT = object()
# Each is a value that no field, or not every field, can have.
VALUES: tuple[Any, ...] = (
    ABSENT, None, -1, 0, 10**30, 2**256, 1.5, True, "x", "", "0x", "0x1", "0xzz", "\ud800", [], {}, [[]],
)  # fmt: skip
SENTENCE = re.compile(r"[A-Z][^\n]*\.")


def report_of(number: int) -> Result:
    stored = vectors.stored(number)[1]
    return Result(stored["rows"], stored["figures"], stored["totals"])


def verified(number: int, lines: list[dict[str, Any]]) -> str:
    """`equal`, `different`, or the sentence of a file that cannot be used."""
    texts = [json.dumps(line) for line in lines]
    try:
        inputs = parse(texts)
        report = report_of(number)
        differences = check_root(report, inputs) + check_rewards(report, inputs)
    except InputsInvalid as error:
        return one_sentence(error)
    return "different" if differences else "equal"


def one_sentence(error: InputsInvalid) -> str:
    assert SENTENCE.fullmatch(str(error))
    return str(error)


def lines_of(number: int) -> list[dict[str, Any]]:
    return [json.loads(line) for line in vectors.stored(number)[0].splitlines()]


def changed(line: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    rest = {key: old for key, old in line.items() if key != name}
    return rest if value is ABSENT else rest | {name: value}


def one_of_each() -> Iterator[tuple[int, list[dict[str, Any]], int]]:
    """A line of each kind, in the epochs that have one: the epoch, its lines and the place of the line."""
    seen = set()
    for number in EPOCHS:
        lines = lines_of(number)
        for place, line in enumerate(lines):
            key = (line["type"], line.get("kind"), line.get("offence"))
            if key not in seen:
                seen.add(key)
                yield number, lines, place


def test_any_changed_value_is_a_difference_or_a_sentence() -> None:
    outcomes = {"equal": 0, "different": 0, "refused": 0}
    for number, lines, place in one_of_each():
        for name in LINES[lines[place]["type"]]:
            old = lines[place][name]
            more = (old + 1,) if type(old) is int else ()
            for value in (*VALUES, *more):
                altered = [*lines[:place], changed(lines[place], name, value), *lines[place + 1 :]]
                outcome = verified(number, altered)
                outcomes[outcome if outcome in outcomes else "refused"] += 1
    assert outcomes["different"] > 100
    assert outcomes["refused"] > 700


def test_any_changed_parameter_is_a_difference_or_a_sentence() -> None:
    lines = lines_of(3)
    for name, old in lines[0]["parameters"].items():
        for value in (*VALUES, "0.000000", "-1.000000", [old], [{}]):
            parameters = changed(lines[0]["parameters"], name, value)
            verified(3, [lines[0] | {"parameters": parameters}, *lines[1:]])


@pytest.mark.parametrize("value", [-1, 2**256, "1", None, True, 1.5, ABSENT])
def test_no_amount_is_below_zero_above_a_leaf_or_of_another_type(value: Any) -> None:
    for kind, name in (
        ("node", "credits"), ("node", "self_stake"), ("slash", "base_self"), ("bucket", "tokens"), ("header", "epoch"),
        ("exit", "amount"), ("exit", "burned"), ("dispute", "uphold"), ("redelegation", "amount"),
    ):  # fmt: skip
        number, lines, place = next(one for one in one_of_each() if one[1][one[2]]["type"] == kind)
        altered = [*lines[:place], changed(lines[place], name, value), *lines[place + 1 :]]
        assert verified(number, altered) == (
            f"Line {place + 1} of the inputs ({kind}): {name} is missing or has a value that it cannot have."
        )


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [("slash", "offence", "x"), ("bucket", "kind", "x"), ("node", "status", "gone"), ("node", "address", "0xzz"),
     ("node", "region", "\ud800"), ("exit", "wallet", "0x1"), ("header", "parameters", [])],
)  # fmt: skip
def test_names_and_addresses_are_those_of_the_protocol(kind: str, name: str, value: Any) -> None:
    number, lines, place = next(one for one in one_of_each() if one[1][one[2]]["type"] == kind)
    altered = [*lines[:place], changed(lines[place], name, value), *lines[place + 1 :]]
    assert f"({kind}): {name} is missing or has a value" in verified(number, altered)


def test_latencies_that_nobody_can_have_are_named_with_their_node() -> None:
    lines = lines_of(2)
    place = next(place for place, line in enumerate(lines) if line.get("latency_count", 0) > 1)
    address = lines[place]["address"]
    for name, value in (("latency_count", 1), ("latency_squares", 0), ("latency_sum", 10**9)):
        altered = [*lines[:place], changed(lines[place], name, value), *lines[place + 1 :]]
        assert verified(2, altered) == (
            "The inputs of epoch 2 contradict themselves: "
            f"no latencies have the count, sum and sum of squares of node {address}."
        )


def test_a_rule_that_refuses_the_inputs_is_one_sentence() -> None:
    """Each value could be: only together they cannot."""
    lines = lines_of(4)
    target = next(line for line in lines if line["type"] == "redelegation")["to"]
    altered = [changed(line, "pool_tokens", 0) if line.get("address") == target else line for line in lines]
    assert verified(4, altered).startswith(
        "The inputs of epoch 4 contradict themselves: the rules cannot be applied to them ("
    )


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "5", "null", '"x"', "[" * 100_000, '{"type":[]}', '{"type":"x"}', "1" * 5_000]
)
@pytest.mark.parametrize("place", [0, 1])
def test_a_line_that_is_no_object_of_a_known_type(text: str, place: int) -> None:
    texts = vectors.stored(2)[0].splitlines()
    texts[place] = text
    with pytest.raises(InputsInvalid, match=SENTENCE):
        parse(texts)


def test_a_second_header_is_refused() -> None:
    lines = lines_of(2)
    assert "no known type" in verified(2, [*lines[:-1], lines[0]])


def test_any_changed_value_of_a_receipt_is_a_difference_or_a_sentence() -> None:
    inputs = parse(vectors.stored(2)[0].splitlines())
    node = inputs.nodes[0]
    signed = machines.signed("job", 1, node=node["address"])
    receipt = signed | {
        "accepted_at": 1_767_225_600_000, "verified_trace_root": None, "proof": "valid", "credits": 250_000,
    }  # fmt: skip
    refused = 0
    for name in RECEIPT:
        for value in (*VALUES, "0x" + "11" * 32, "0x" + "ff" * 65):
            try:
                recount(inputs, [changed(receipt, name, value)])
            except InputsInvalid as error:
                refused += bool(one_sentence(error))
    assert refused > 150


@pytest.mark.parametrize(
    ("name", "value"),
    [("signature", "0xzz"), ("trace_root", "0x1"), ("signature", 5), ("node", []), ("region", []),
     ("credits", "x"), ("job_id", 5), ("outcome", "late"), ("proof", "true"), ("deadline_ms", 2**64)],
)  # fmt: skip
def test_a_receipt_names_the_field_that_cannot_be(name: str, value: Any) -> None:
    inputs = parse(vectors.stored(2)[0].splitlines())
    receipt = machines.signed("job", 1, node=inputs.nodes[0]["address"]) | {
        "accepted_at": 1_767_225_600_000, "verified_trace_root": None, "proof": "valid",
    }  # fmt: skip
    with pytest.raises(InputsInvalid) as refused:
        recount(inputs, [receipt | {name: value}])
    assert str(refused.value) == (
        f"Line 2 of the receipts: {name} is missing or has a value that it cannot have."
    )
