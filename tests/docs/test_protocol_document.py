"""docs/protocol.md defines each rule that is cited, and its tables are those of the code."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from protocol.amounts import MICRO, format_amount
from protocol.bounds import AMOUNTS, BOUNDS, JOINT_BOUNDS, TABLE_BOUNDS
from protocol.errors import ERRORS
from protocol.parameters import DEFAULTS
from protocol.tables import OFFENCES, TIERS
from tests.docs.document import HEADING, PROTOCOL, ROOT, project_files, section, table

TEXT = PROTOCOL.read_text()

CITED_RULE = re.compile(r"\bR([0-9]+)\b")
# "interfaces section 3" names another document.
CITED_SECTION = re.compile(r"(?<!interfaces )\b[Ss]ections? ([0-9]+a?)\b")
READABLE = {".py", ".html", ".txt", ".md", ".sql", ".js", ".css", ".toml", ".po", ".sh", ".xml", ".json", ""}


def sources() -> Iterator[Path]:
    """Every text file of the project that a person wrote."""
    return (path for path in project_files() if path.suffix in READABLE and "vendor" not in path.parts)


def defined_rules() -> list[int]:
    return [int(match[1]) for heading in HEADING.findall(TEXT) if (match := re.match(r"R([0-9]+) ", heading))]


def defined_sections() -> list[str]:
    return [match[1] for heading in HEADING.findall(TEXT) if (match := re.match(r"([0-9]+a?)\. ", heading))]


def undefined(text: str) -> set[str]:
    """The rules and sections that a text cites and the document does not define."""
    rules, sections = set(map(str, defined_rules())), set(defined_sections())
    return {f"R{rule}" for rule in CITED_RULE.findall(text) if rule not in rules} | {
        f"section {number}" for number in CITED_SECTION.findall(text) if number not in sections
    }


def number(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def limit(text: str) -> Decimal | None:
    return None if text == "–" else number(text)


def shown(name: str, value: int | None) -> Decimal | None:
    """A value of the code in the unit of the document."""
    if value is None:
        return None
    return Decimal(format_amount(value)) if name in AMOUNTS or name == "minimum" else Decimal(value)


def unit(name: str) -> str:
    if name in AMOUNTS or name == "minimum":
        return "IFM"
    endings = {"_bps": "bps", "_seconds": "seconds", "_epochs": "epochs", "_jobs": "jobs"}
    return next((unit for ending, unit in endings.items() if name.endswith(ending)), "receipts")


def test_every_rule_is_defined_once() -> None:
    assert Counter(defined_rules()) == Counter(range(1, 58))
    assert "### S Order of settlement\n" in TEXT


def test_every_rule_and_section_that_is_cited_is_defined() -> None:
    texts = {path: path.read_text() for path in sources()}
    assert sum(1 for text in texts.values() if CITED_RULE.search(text)) > 50
    missing = {str(path.relative_to(ROOT)): undefined(text) for path, text in texts.items()}
    assert {name: cited for name, cited in missing.items() if cited} == {}


def test_a_rule_or_section_that_is_not_defined_is_reported() -> None:
    text = f"as R14, R{58} and R{0} say (section 8, section {16}, interfaces section {99})"
    assert undefined(text) == {f"R{58}", f"R{0}", f"section {16}"}


def test_a_rule_stands_in_the_section_of_the_table_of_contents() -> None:
    """The ranges in the contents: "R1 – R5", "R39 – R43, S", "R44 – R48, R57"."""
    listed = {}
    for row in table(TEXT, "| section | rules |"):
        heading, rules = row["section"].partition("](")[0].lstrip("["), row["rules"]
        spans = re.findall(r"R([0-9]+)(?: – R([0-9]+))?", rules)
        numbers = {n for low, high in spans for n in range(int(low), int(high or low) + 1)}
        listed[heading] = numbers
        rules_there = re.findall(r"^### R([0-9]+) ", section(TEXT, f"## {heading}"), re.MULTILINE)
        assert numbers == set(map(int, rules_there))
    assert set().union(*listed.values()) == set(range(1, 58))
    assert len(listed) == len(defined_sections())


def test_the_parameters_are_those_of_the_code() -> None:
    rows = {row["name"]: row for row in table(TEXT, "| name | default |")}
    assert set(rows) == set(BOUNDS)
    assert {
        name: (number(row["default"]), number(row["minimum"]), limit(row["maximum"]), row["unit"])
        for name, row in rows.items()
    } == {
        name: (shown(name, getattr(DEFAULTS, name)), shown(name, low), shown(name, high), unit(name))
        for name, (low, high) in BOUNDS.items()
    }


def test_each_joint_bound_is_in_the_list() -> None:
    points = re.findall(r"^- .*(?:\n  .*)*", section(TEXT, "## 3. Parameters"), re.MULTILINE)
    assert len(points) == len(JOINT_BOUNDS)
    for joint in JOINT_BOUNDS:
        assert any(all(f"`{name}`" in point for name in joint.names) for point in points), joint.names


def test_the_bounds_of_the_tables_are_those_of_the_code() -> None:
    assert {
        row["column"]: (number(row["minimum"]), limit(row["maximum"]), row["unit"])
        for row in table(TEXT, "| column | minimum |")
    } == {
        name: (shown(name, low), shown(name, high), unit(name)) for name, (low, high) in TABLE_BOUNDS.items()
    }


def test_the_tiers_are_those_of_the_code() -> None:
    rows = [tuple(row.values()) for row in table(TEXT, "| tier | minimum effective stake (IFM) |")]
    assert rows == [
        (
            str(tier.number),
            f"{tier.minimum // MICRO:,}",
            ", ".join(tier.job_classes),
            f"{tier.bonus_bps:,}",
            f"{tier.severity_bps:,}",
            tier.quorum,
        )
        for tier in TIERS
    ]


def test_the_offences_are_those_of_the_code() -> None:
    rows = table(section(TEXT, "## 8. Offences and slashing"), "| offence | case |")
    columns = ("offence", "case", "self stake (bps)", "delegated (bps)", "effect")
    expected = []
    for offence in OFFENCES:
        repeats = offence.rates(repeated=True) != offence.rates(repeated=False)
        cases = {"first": False, "repeated": True} if repeats else {"": False}
        for case, repeated in cases.items():
            own, delegated = offence.rates(repeated)
            expected.append((offence.name, case, f"{own:,}", f"{delegated:,}", offence.effect))
    assert [tuple(row[column] for column in columns) for row in rows] == expected


def test_the_error_codes_are_those_of_the_code() -> None:
    rows = [(row["code"], int(row["status"])) for row in table(TEXT, "| code | status |")]
    assert len(rows) == len(ERRORS)
    assert dict(rows) == {code: error.status for code, error in ERRORS.items()}


def test_every_code_in_the_order_of_refusals_exists() -> None:
    rule = section(TEXT, "### R12 Admission and order of refusals")
    ordered = re.findall(r"^[0-9]+\. .*(?:\n   .*)*", rule, re.MULTILINE)
    assert len(ordered) == 13
    codes = set(re.findall(r"`([a-z]+(?:_[a-z]+)*)`", "\n".join(ordered))) - set(BOUNDS)
    assert codes <= set(ERRORS)
    assert len(codes) >= 14
