"""`import_nodes`: all rows or none, and the second time nothing (interfaces section 2)."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from protocol.addresses import checksum
from staking.models import Node, Pool
from tests.oracle import machines
from tests.oracle.files import NODES, everything, run, text_of, write

pytestmark = pytest.mark.django_db

OLGA, OTTO = checksum("0x" + "a1" * 20), checksum("0x" + "b2" * 20)
FLEET = [
    (checksum(machines.address(number)), (OLGA, OTTO)[number % 2], "eu-west", f"node {number}")
    for number in range(5)
]


@pytest.mark.parametrize("name", ["nodes.csv", "nodes.csv.gz"])
def test_registers_what_the_file_names(tmp_path: Path, name: str) -> None:
    assert run("import_nodes", write(tmp_path / name, NODES, FLEET)) == ("5 nodes registered, 0 known", "")
    rows = Node.objects.order_by("id").values_list(
        "address", "operator", "region", "name", "signing_key", "share_bps"
    )
    assert list(rows) == [
        (node.lower(), owner.lower(), region, title, node.lower(), 8_000)
        for node, owner, region, title in FLEET
    ]
    assert Pool.objects.count() == 5


def test_again_it_only_counts(tmp_path: Path) -> None:
    run("import_nodes", write(tmp_path / "some.csv", NODES, FLEET[:2]))
    both = [*FLEET, (FLEET[0][0].lower(), FLEET[0][1].lower(), "other", "renamed")]
    file = write(tmp_path / "nodes.csv", NODES, both)
    assert run("import_nodes", file) == ("3 nodes registered, 3 known", "")
    before = everything()
    assert run("import_nodes", file) == ("0 nodes registered, 6 known", "")
    assert everything() == before


def test_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    file = write(tmp_path / "nodes.csv", NODES[::-1], [row[::-1] for row in FLEET])
    assert run("import_nodes", file) == ("5 nodes registered, 0 known", "")


def test_windows_line_ends_byte_order_mark_and_blank_lines(tmp_path: Path) -> None:
    file = tmp_path / "nodes.csv"
    file.write_bytes(b"\xef\xbb\xbf" + text_of(NODES, FLEET).replace(b"\n", b"\r\n") + b"\r\n\r\n")
    assert run("import_nodes", str(file)) == ("5 nodes registered, 0 known", "")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (("0x12", OLGA, "eu", "a"), "address_invalid"),
        ((FLEET[0][0].swapcase().replace("0X", "0x"), OLGA, "eu", "a"), "checksum"),
        ((checksum("0x" + "c3" * 20), "", "eu", "a"), "address_invalid"),
        ((checksum("0x" + "c3" * 20), OLGA, "", "a"), "region"),
        ((checksum("0x" + "c3" * 20), OLGA, "eu", ""), "name"),
        ((checksum("0x" + "c3" * 20), OLGA, "eu", "x" * 65), "name"),
        ((checksum("0x" + "c3" * 20), OLGA, "eu", "a\0b"), "name"),
        ((FLEET[0][0], OTTO, "eu", "a"), "conflict"),
    ],
)
def test_a_bad_row_is_named_and_nothing_registered(tmp_path: Path, bad: Any, reason: str) -> None:
    file = write(tmp_path / "nodes.csv", NODES, [*FLEET[:2], bad, *FLEET[2:]])
    out, err = run("import_nodes", file)
    assert out == ""
    assert err.startswith("line 4: ")
    assert reason in err
    assert err.endswith("CommandError: 1 bad rows: nothing was registered")
    assert not Node.objects.exists()


def test_of_many_bad_rows_the_first_are_named(tmp_path: Path) -> None:
    file = write(tmp_path / "nodes.csv", NODES, [("0x1", OLGA, "eu", "a")] * 50)
    _, err = run("import_nodes", file)
    lines = err.splitlines()
    assert [lines[0].split(":")[0], lines[19].split(":")[0], lines[20]] == [
        "line 2",
        "line 21",
        "and 30 more",
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "lacks column 'node'"),
        (b"node,operator,region\n", "lacks column 'name'"),
        (b"node,operator,region,name,tier\n", "has the unknown column 'tier'"),
        (b"node,operator,region,name,name\n", "has twice the column 'name'"),
        (text_of(NODES, FLEET)[:-20], "line 6 has 2 columns instead of 4"),
        (text_of(NODES, [*FLEET, (*FLEET[0], "x")]), "line 7 has 5 columns instead of 4"),
        (gzip.compress(text_of(NODES, FLEET), mtime=0)[:-10], "cut off"),
        (gzip.compress(text_of(NODES, FLEET), mtime=0)[:8] + b"\xff" * 90, "the gzip is broken"),
        (text_of(NODES, FLEET) + b"\xff\xfe,,,\n", "not UTF-8"),
        (text_of(NODES, FLEET) + b'"open,a,b,c\n', "the CSV is broken after line 6"),
        (text_of(NODES, FLEET) + b"x" * 10_000_000 + b",a,b,c\n", "the CSV is broken"),
    ],
)
def test_a_broken_file_changes_nothing(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "nodes.csv"
    file.write_bytes(content)
    out, err = run("import_nodes", str(file))
    assert (out, Node.objects.count()) == ("", 0)
    assert err.startswith(f"CommandError: {file}: ")
    assert says in err


@pytest.mark.parametrize("where", ["", "nowhere.csv"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, where: str) -> None:
    _, err = run("import_nodes", str(tmp_path / where))
    assert "cannot be read: " in err
