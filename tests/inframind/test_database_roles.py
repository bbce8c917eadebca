"""The application's role owns nothing, and the database refuses it what is final. All tests run as this role."""

from __future__ import annotations

import os
import subprocess
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from inframind import database_roles
from inframind.environment import PROJECT_ROOT
from inframind.supervisor import postgres
from staking.models import EpochTree
from tests.network import Network, node_address
from tests.owner import as_owner

pytestmark = pytest.mark.django_db

OWNED = "SELECT relname FROM pg_class WHERE relowner = 'inframind_app'::regrole"
DEFINER = """
SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'public' AND p.prosecdef
"""
LOGINS = "SELECT rolname FROM pg_roles WHERE rolname LIKE 'inframind\\_%' AND rolcanlogin ORDER BY 1"
LIMITS = "SELECT setconfig::text FROM pg_db_role_setting WHERE setrole = 'inframind_app'::regrole"


def rows(sql: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [name for (name,) in cursor.fetchall()]


def test_the_suite_runs_as_the_application():
    assert rows("SELECT current_user") == ["inframind_app"]
    assert not database_roles.owns_the_ledger()
    with as_owner():
        assert database_roles.owns_the_ledger()


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE ledger_entry DISABLE TRIGGER ALL",
        "DROP TRIGGER ledger_entry_append_only ON ledger_entry",
        "TRUNCATE staking_event",
        "CREATE TABLE mine ()",
        "CREATE FUNCTION public.ledger_add_up() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "SET session_replication_role = replica",
        "UPDATE ledger_entry SET amount = 1",
        "DELETE FROM staking_network",
        "UPDATE staking_parameterset SET from_epoch = 1",
        "DELETE FROM django_migrations",
        "DROP TABLE staking_receipt_e1",
        "UPDATE staking_receipt SET good = true",
        "UPDATE staking_receipt_e1 SET good = true",
        "DELETE FROM staking_receipt",
        "DELETE FROM staking_receipt_e1",
        "UPDATE staking_heartbeat SET slot = 0",
        "DELETE FROM staking_heartbeat_e1",
        "DELETE FROM staking_epochtree",
    ],
)
def test_the_database_refuses_it(sql):
    network = Network()
    network.node(1)
    network.work(node_address(1))
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        ("SELECT staking_complete_receipts(1, '{}', '{}', '{}', '{}')", "epoch 1 is not open"),
        ("SELECT staking_drop_partition(1)", "the receipts of epoch 1 are not archived"),
        ("SELECT staking_drop_partition(2)", "epoch 2 is not settled"),
    ],
)
def test_functions_with_the_rights_of_the_owner_leave_settled_receipts(sql, fault):
    network = Network()
    network.node(1)
    network.work(node_address(1))
    network.settle(sound=False)
    with pytest.raises(IntegrityError, match=fault), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert rows("SELECT to_regclass('staking_receipt_e1')::text") == ["staking_receipt_e1"]


def test_the_owner_does_not_delete_the_tree_of_a_report():
    network = Network()
    network.node(1)
    network.settle(sound=False)
    with as_owner(), pytest.raises(IntegrityError, match="is refused"), transaction.atomic():
        EpochTree.objects.all().delete()


def test_a_partition_that_is_dropped_waits_two_seconds_for_a_long_reader():
    assert (
        "lock_timeout=2s"
        in rows("SELECT proconfig::text FROM pg_proc WHERE proname = 'staking_drop_partition'")[0]
    )


def test_it_owns_no_table_and_makes_partitions_with_the_rights_of_their_owner():
    network = Network()
    network.node(1)
    network.work(node_address(1))
    assert rows("SELECT to_regclass('staking_receipt_e1')::text") == ["staking_receipt_e1"]
    assert rows(OWNED) == []


def test_functions_with_the_rights_of_the_owner_have_a_search_path_of_their_own():
    assert "staking_open_partition" in rows(DEFINER)
    assert rows(DEFINER + " AND coalesce(proconfig::text, '') NOT LIKE '%search_path=public, pg_temp%'") == []


def test_what_is_refused_names_tables_that_exist():
    tables = connection.introspection.table_names()
    assert database_roles.REFUSED.keys() <= set(tables)


def test_granting_again_changes_nothing():
    rights = (
        "SELECT relname || coalesce(relacl::text, '') FROM pg_class WHERE relname LIKE '%\\_%' ORDER BY 1"
    )
    before = rows(rights)
    with as_owner(), connection.cursor() as cursor:
        database_roles.grant(cursor)
    assert rows(rights) == before


def test_the_script_makes_roles_and_database_however_often_it_runs(process_environment):
    url = urlsplit(process_environment["DATABASE_URL"])._replace(path="/postgres").geturl()
    name = f"test_inframind_{os.getpid()}_roles"
    words = ["-v", f"database={name}", "-v", "owner_password=o'wner", "-v", "app_password=a'pp"]
    script = str(PROJECT_ROOT / "deploy" / "roles.sql")
    try:
        for _ in range(2):
            done = subprocess.run(
                [postgres.binaries() / "psql", "-X", "-q", *words, "-f", script, url],
                capture_output=True,
                text=True,
            )
            assert (done.returncode, done.stderr) == (0, "")
        assert rows(LOGINS) == ["inframind_app", "inframind_owner"]
        assert rows(f"SELECT datdba::regrole::text FROM pg_database WHERE datname = '{name}'") == [
            "inframind_owner"
        ]
        assert "lock_timeout=8s" in rows(LIMITS)[0]
    finally:
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(f"DROP DATABASE IF EXISTS {name}")
