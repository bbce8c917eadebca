"""A process refuses a schema, a network or a clock that does not fit, in one sentence."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import environ
import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import IntegrityError, connection, transaction

from inframind import checks, database_limits, migration_digests, network_state, start_checks
from inframind.environment import PROJECT_ROOT
from postgres import clock
from staking.models import Epoch
from staking.models import Network as NetworkRow
from staking.services.epochs import lock_open_epoch, start_network
from tests.network import Network
from tests.owner import as_owner

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _measured_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the clock measurement of a test after it."""
    monkeypatch.setattr(clock, "_skew", timedelta(0))


@pytest.fixture
def hours_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine's clock runs 73 hours ahead of the database's."""

    class Ahead(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(hours=73, seconds=20)

    monkeypatch.setattr(clock, "datetime", Ahead)


def test_the_first_start_writes_which_network_the_database_holds():
    Network()
    row = NetworkRow.objects.get()
    assert (row.kind, row.chain_id) == ("devnet", 31337)
    start_checks.require_ready()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("INFRAMIND_NETWORK", "production", "INFRAMIND_NETWORK=devnet.*INFRAMIND_NETWORK=production"),
        ("INFRAMIND_CHAIN_ID", 4217, "INFRAMIND_CHAIN_ID=31337.*INFRAMIND_CHAIN_ID=4217"),
    ],
)
def test_a_process_configured_for_another_network_is_refused(settings, name, value, sentence):
    Network()
    setattr(settings, name, value)
    with pytest.raises(ImproperlyConfigured, match=sentence):
        start_checks.require_ready()


def test_which_network_it_is_cannot_be_changed():
    Network()
    with pytest.raises(IntegrityError, match="is refused"):
        NetworkRow.objects.update(kind="production")


def test_production_without_genesis_is_refused(settings):
    settings.INFRAMIND_NETWORK = "production"
    with pytest.raises(ImproperlyConfigured, match=r"`manage\.py genesis FILE`"):
        start_checks.require_ready()
    with pytest.raises(ImproperlyConfigured, match=r"`manage\.py genesis FILE`"):
        lock_open_epoch()
    start_checks.require_ready(genesis=False)


@pytest.mark.parametrize("kind", ["web", "worker"])
def test_a_service_in_production_that_owns_the_tables_is_refused(settings, monkeypatch, kind):
    settings.INFRAMIND_NETWORK = "production"
    monkeypatch.setattr(database_limits, "_kind", kind)
    start_checks.require_ready(genesis=False)
    with as_owner(), pytest.raises(ImproperlyConfigured, match=r"as inframind_app \(deploy/roles\.sql\)"):
        start_checks.require_ready(genesis=False)


@pytest.mark.parametrize(("kind", "network"), [("command", "production"), ("web", "devnet")])
def test_commands_and_devnets_may_own_the_tables(settings, monkeypatch, kind, network):
    settings.INFRAMIND_NETWORK = network
    monkeypatch.setattr(database_limits, "_kind", kind)
    with as_owner():
        start_checks.require_ready(genesis=False)


@pytest.mark.parametrize(
    ("admins", "url", "fault"),
    [
        (
            [],
            "smtp://mail.example",
            "INFRAMIND_ADMINS is empty: nobody gets an e-mail when settlement halts.",
        ),
        (["ops@example.org"], "consolemail://", "EMAIL_URL=consolemail:// writes e-mails to the log"),
        (["ops@example.org"], "smtp://mail.example", ""),
    ],
)
def test_production_that_mails_alarms_to_nobody_says_so(settings, admins, url, fault):
    settings.INFRAMIND_NETWORK = "production"
    settings.ADMINS = [("Operations", address) for address in admins]
    settings.EMAIL_CONFIG = environ.Env.email_url_config(url)
    warnings = [warning.msg for warning in checks.check_alarms_are_mailed()]
    assert [warning.partition(fault)[1] for warning in warnings] == [fault] * bool(fault)


def test_new_code_on_an_old_schema_is_refused():
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app IN ('web', 'notifications')")
    with pytest.raises(ImproperlyConfigured, match=r"lacks migrations of this code \(.*web\.0001.*migrate"):
        start_checks.require_schema()


def test_a_database_of_another_content_under_the_same_names_is_refused():
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inframind_migration SET digest = repeat('0', 64) WHERE app IN ('ledger', 'web')"
        )
    sentence = r"another content of ledger\.0001_initial, web\.0001_initial\. Run that release"
    with pytest.raises(ImproperlyConfigured, match=sentence):
        start_checks.require_schema()
    with pytest.raises(CommandError, match=f"Nothing was changed: .*{sentence}"), as_owner():
        call_command("migrate", verbosity=0)


def test_migrate_records_what_each_migration_was():
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, digest FROM inframind_migration WHERE name = '0001_initial' ORDER BY app")
        recorded = dict(cursor.fetchall())
    file = PROJECT_ROOT / "ledger" / "migrations" / "0001_initial.py"
    assert recorded["ledger"] == sha256(file.read_bytes()).hexdigest()
    assert {"chain", "delegation", "governance", "identity", "staking", "web"} <= recorded.keys()
    assert "auth" not in recorded, "packages may edit theirs"


ADDITIVE = """
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("web", "0001_initial")]
    operations = [migrations.RunSQL("CREATE TABLE web_more (id int)", "DROP TABLE web_more")]
"""


@pytest.fixture
def newer_release(settings, monkeypatch, tmp_path):
    """While this is entered, the code is a release whose `web` has one more migration, and acts as the owner."""
    package = tmp_path / "newer_release"
    package.mkdir()
    for file in (PROJECT_ROOT / "web" / "migrations").glob("*.py"):
        (package / file.name).write_bytes(file.read_bytes())
    (package / "0002_more.py").write_text(ADDITIVE)
    monkeypatch.syspath_prepend(tmp_path)
    is_own = migration_digests._is_own
    monkeypatch.setattr(migration_digests, "_is_own", lambda file: is_own(file) or package in file.parents)

    @contextmanager
    def installed():
        with monkeypatch.context() as newer, as_owner():
            newer.setitem(settings.MIGRATION_MODULES, "web", "newer_release")
            migration_digests.of_code.cache_clear()
            yield
        migration_digests.of_code.cache_clear()

    yield installed
    with installed():
        call_command("migrate", "web", "0001", verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_old_code_goes_on_while_a_newer_release_adds_a_migration(newer_release):
    with newer_release():
        call_command("migrate", verbosity=0)
        start_checks.require_schema()
    with connection.cursor() as cursor:
        cursor.execute("SELECT app FROM inframind_migration WHERE name = '0002_more'")
        assert cursor.fetchall() == [("web",)]
    start_checks.require_schema()


def test_a_migration_that_waits_for_a_lock_gives_up_with_a_sentence(monkeypatch):
    def wait(*words: object, **options: object) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '20ms'; LOCK TABLE web_formkey")

    monkeypatch.setattr(migrate.Command, "handle", wait)
    with psycopg.connect(**network_state._parameters()) as other:
        other.execute("LOCK TABLE web_formkey IN ACCESS SHARE MODE")
        with pytest.raises(CommandError, match="was not free in time"):
            call_command("migrate", verbosity=0)


def test_old_code_on_a_contracted_schema_is_refused():
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION inframind_oldest_code() RETURNS integer LANGUAGE sql AS 'SELECT 9'"
        )
    with pytest.raises(ImproperlyConfigured, match="too old for the database, which needs generation 9"):
        start_checks.require_schema()


def test_a_process_whose_clock_is_wrong_is_refused(hours_ahead):
    with pytest.raises(ImproperlyConfigured, match=r"73 h (19|20) s ahead of the database's"):
        start_checks.require_clock()


def test_nothing_is_written_while_the_clock_is_wrong(hours_ahead):
    clock.database_time()
    with pytest.raises(clock.ClockSkew, match="nothing is written until they agree within 5 seconds"):
        lock_open_epoch()
    assert not Epoch.objects.exists()


def test_a_slow_round_trip_is_no_skew():
    sent = datetime.now(UTC) - timedelta(seconds=40)
    clock.measure(sent + timedelta(seconds=20), since=sent)
    assert clock.skew() == timedelta(0)


def test_the_skew_is_what_lies_outside_the_round_trip():
    sent = datetime.now(UTC)
    clock.measure(sent - timedelta(seconds=8), since=sent)
    assert clock.skew() == timedelta(seconds=8)
    clock.measure(datetime.now(UTC) + timedelta(seconds=8), since=sent)
    assert timedelta(seconds=-8) <= clock.skew() < timedelta(seconds=-7)


def test_a_devnet_starts_at_most_once():
    start_network(now=datetime(2026, 1, 1, tzinfo=UTC))
    start_network(now=datetime(2026, 1, 2, tzinfo=UTC))
    assert Epoch.objects.get().start == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_database_made_before_the_digests_were_stored_is_refused():
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE inframind_migration RENAME TO forgotten")
    with pytest.raises(
        ImproperlyConfigured, match=r"another content of staking\.0001_initial\. Run that release"
    ):
        start_checks.require_schema()
