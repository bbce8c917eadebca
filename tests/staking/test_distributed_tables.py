"""Receipts and heartbeats can be distributed by node (docs/scaling.md): keys, references, and every statement."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inframind.archive_storage import archive_storage
from oracle import heartbeats, receipt_store, receipts
from protocol.addresses import checksum
from retention import plan
from retention.kinds import RECEIPTS
from staking.services import rankings
from tests.network import START, Network
from tests.oracle import machines

pytestmark = pytest.mark.django_db

DISTRIBUTED = r"staking_(?:receipt|heartbeat)(?:_e\d+)?\b"
# Each kind of statement that a distributed PostgreSQL runs on the nodes that have the rows, with what shows it.
KINDS = {
    "copied by the distribution column": [r"COPY staking_receipt_e\d+ \(.*\bnode_id\b.*\) FROM STDIN"],
    "inserted with the distribution column": [r"INSERT INTO staking_heartbeat_e\d+ \(epoch, slot, node_id\)"],
    "updated by the distribution column": [r"^UPDATE staking_receipt r SET .* AND r\.node_id = s\.node_id"],
    "grouped by the distribution column": [
        r"GROUP BY (?:h\.)?node_id\b",
        r"GROUP BY 1, 2\) r ON r\.epoch = e\.epoch AND r\.node_id = e\.node_id",
    ],
    "filtered by the distribution column": [r"staking_receipt\"? WHERE .*\bnode_id\"? (?:= ANY|= \d)"],
    "joined with a reference table on the distribution column": [
        r"JOIN staking_node n ON n\.id = (?:h|r)\.node_id"
    ],
    "read whole, merged by the coordinator": [
        r"\bSELECT \"staking_receipt\"\.\"job_id\" .* WHERE \"staking_receipt\"\.\"epoch\" = \d+\Z",
        r"\bSELECT \"staking_heartbeat\".* WHERE \"staking_heartbeat\"\.\"epoch\" = \d+ ORDER BY 1 ASC, 2 ASC\Z",
    ],
    "joined with a table of the coordinator on the distribution column": [
        r"^INSERT INTO staking_windowlatency .* JOIN staking_nodeepoch e ON e\.node_id = r\.node_id AND e\.epoch = \d"
    ],
    "one table, aggregates that are combined": [
        r"^SELECT (?:EXISTS \(SELECT FROM|COUNT\(\*\)|MAX\(|1 AS)[^;]*\Z",
        r"SELECT epoch, region, count\(\*\) AS jobs FROM staking_receipt",
    ],
}
# A limit inside a lateral join with a list of nodes: the coordinator asks for the rows of each node, at most N of them.
PER_NODE = r"unnest\(.*\) AS w\(node_id, seq, jobs\), LATERAL \("


@pytest.fixture
def statements(settings: Any, tmp_path: Path) -> set[str]:
    """The statements of intake, imports, settlement, ranking, retention, publication and pages on these tables."""
    network = Network(latency_window_jobs=2, heard_quorum_bps=0)
    machines.register(2)
    with CaptureQueriesContext(connection) as queries:
        machines.send(*(machines.signed(name, 0) for name in "abc"), machines.unsigned("d", 1))
        machines.send(machines.signed("e", 1, outcome="dropped"), machines.signed("a", 0))
        beat = {"node": checksum(machines.address(0)), "at": machines.rfc3339(START)}
        heartbeats.ingest(items=[beat], now=START)
        network.settle(sound=False)
        rankings.rank(now=network.now)
        machines.send(machines.signed("g", 0, at=network.now), at=network.now)
        network.settle(sound=False)
        client: Any = Client()
        client.get("/api/v1/epochs/1/receipts").getvalue()
        client.get(f"/nodes/{machines.address(0)}/")
        receipts.ingest(items=[machines.signed("h", 1, at=network.now)], now=network.now, unchecked=True)
        for _ in range(3):
            network.settle(sound=False)
        settings.INFRAMIND_KEEP_RECEIPTS = 4
        settings.STORAGES = {**settings.STORAGES, "archive": archive_storage(str(tmp_path))}
        assert (RECEIPTS, 1) in plan.step(now=network.now)
    # These are sent past Django's log of queries.
    raw = [heartbeats.INSERT.format(epoch=1)]
    raw += [receipt_store.INSERT_NEW, receipt_store.LOCKED, receipt_store.COMPLETE_KEYS]
    # Part of a function.
    (source,) = rows("SELECT prosrc FROM pg_proc WHERE proname = 'staking_complete_receipts'")
    raw += [source[0].partition("EXECUTE '")[2]]
    return {re.sub(r"\s+", " ", sql).strip() for sql in (*(query["sql"] for query in queries), *raw)}


def kind_of(statement: str) -> str | None:
    if re.search(PER_NODE, statement):
        return "asked for each node"
    return next(
        (kind for kind, shows in KINDS.items() if any(re.search(show, statement) for show in shows)), None
    )


def test_every_statement_can_be_run_where_the_rows_are(statements: set[str]) -> None:
    distributed = [statement for statement in statements if re.search(DISTRIBUTED, statement)]
    assert [statement for statement in distributed if kind_of(statement) is None] == []
    assert {kind_of(statement) for statement in distributed} >= {*list(KINDS)[:4], "asked for each node"}


def test_keys_of_jobs_are_on_the_coordinator_and_never_joined(statements: set[str]) -> None:
    keys = [statement for statement in statements if "staking_jobkey" in statement]
    assert {statement.split()[0] for statement in keys} == {"COPY", "WITH", "SELECT", "UPDATE", "DELETE"}
    assert [statement for statement in keys if re.search(DISTRIBUTED, statement)] == []


def rows(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


@pytest.fixture
def tables() -> str:
    """The parents and the partitions of an epoch, for a query."""
    network = Network()
    network.work(network.node(own=1), 1)
    named = r"relname ~ '^staking_(receipt|heartbeat)(_e\d+)?$'"
    return f"(SELECT oid FROM pg_class WHERE {named} AND relkind IN ('r', 'p'))"


def test_every_key_has_the_distribution_column(tables: str) -> None:
    keys = rows(
        f"""SELECT c.relname, array_agg(a.attname::text ORDER BY a.attname) FROM pg_index i
        JOIN pg_class c ON c.oid = i.indrelid
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
        WHERE i.indisunique AND i.indrelid IN {tables} GROUP BY c.relname, i.indexrelid"""
    )
    assert keys == [("staking_heartbeat_e1", ["node_id", "slot"])]


def test_no_foreign_key_leads_from_or_to_them(tables: str) -> None:
    assert (
        rows(
            f"SELECT conname FROM pg_constraint WHERE contype = 'f' AND (conrelid IN {tables} OR confrelid IN {tables})"
        )
        == []
    )


def test_the_distribution_column_is_never_null(tables: str) -> None:
    columns = rows(f"SELECT attnotnull FROM pg_attribute WHERE attname = 'node_id' AND attrelid IN {tables}")
    assert columns == [(True,)] * 4
