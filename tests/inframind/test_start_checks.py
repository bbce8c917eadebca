"""A process refuses a schema, a network or a clock that does not fit, in one sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import environ
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection

from inframind import checks, database_limits, start_checks
from postgres import clock
from staking.models import Epoch
from staking.models import Network as NetworkRow
from staking.services.epochs import lock_open_epoch, start_network
from tests.network import Network
from tests.owner import as_owner

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _measured_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test measures is forgotten after it."""
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
