"""Preparation before the site starts; each step is skipped when nothing it depends on has changed."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from inframind import start_checks
from inframind.demo import load_state
from inframind.environment import PROJECT_ROOT
from inframind.supervisor import paths
from inframind.supervisor.startup_errors import StartFault
from protocol.errors import ProtocolError

# Files of packages that no page of ours names; compressing them would take longer than all the rest.
UNUSED_STATIC = ["redoc*", "htmx-4*", "htmax*"]


def check() -> None:
    call_command("check")


def require_ready() -> None:
    """Refuse a schema, a network or a clock that does not fit."""
    start_checks.require_ready()


def database_is_fresh() -> bool:
    return "django_migrations" not in connection.introspection.table_names()


def migrate() -> bool:
    """Run `migrate` unless neither files nor applied migrations have changed; return whether it ran."""
    stamp = settings.DATA_DIR / "stamps" / "migrate"
    sources = _digest(_migration_files(), settings.DATABASE_URL)
    if not database_is_fresh() and _read(stamp) == f"{sources} {_applied()}":
        return False
    call_command("migrate", interactive=False, verbosity=0)
    _write(stamp, f"{sources} {_applied()}")
    return True


def collect_static() -> bool:
    """Hash and compress the static files. Returns whether they had changed."""
    stamp = settings.DATA_DIR / "stamps" / "static"
    sources = _digest(_static_files(), str(settings.STATIC_ROOT))
    if _read(stamp) == sources and (settings.STATIC_ROOT / "staticfiles.json").exists():
        return False
    call_command("collectstatic", interactive=False, verbosity=0, clear=True, ignore_patterns=UNUSED_STATIC)
    _write(stamp, sources)
    return True


def demo_is_due() -> bool:
    """True if the demo network is still to be loaded: nothing ever began, or a former load was cut short."""
    from staking.models import Epoch

    return load_state.progress() is not None or not Epoch.objects.exists()


def begin_demo() -> None:
    """Announce the load to the site's processes; what a load that was cut short left behind is removed.

    Raises StartFault when INFRAMIND_PARAMETERS has a bad value.
    """
    from inframind.demo.loader import EPOCHS, parameters

    with _bad_parameters_named():
        parameters()
    if load_state.progress() is not None:
        _empty_tables()
    load_state.record(0, EPOCHS)


def load_demo(progress: Callable[[int], None]) -> None:
    """Load the demo network after `begin_demo`; `progress` gets the number of epochs settled after each one.

    That is reported; the log of each settlement would hide it in the terminal.
    """
    from inframind.demo.loader import EPOCHS, build

    def record(epochs: int) -> None:
        load_state.record(epochs, EPOCHS)
        progress(epochs)

    settlements = logging.getLogger("settlement")
    level = settlements.level
    settlements.setLevel(logging.WARNING)
    try:
        build(record)
    finally:
        settlements.setLevel(level)
    keep_network()


def keep_network() -> None:
    """Use the network as it is: from now on no demo network replaces it."""
    load_state.finish()


def _empty_tables() -> None:
    # The ledger refuses TRUNCATE unless this setting is on.
    with connection.cursor() as cursor:
        cursor.execute("SET inframind.allow_truncate = 'on'")
    call_command("flush", interactive=False, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("RESET inframind.allow_truncate")


def open_first_epoch() -> None:
    """Begin epoch 1 of a new network (R4). Raises StartFault when INFRAMIND_PARAMETERS has a bad value."""
    from staking.services.clock import now
    from staking.services.epochs import start_network

    with _bad_parameters_named():
        start_network(now=now())


@contextmanager
def _bad_parameters_named() -> Iterator[None]:
    try:
        yield
    except ProtocolError as error:
        raise StartFault(f"INFRAMIND_PARAMETERS: {error.detail}") from error


def let_go() -> None:
    """Close this process's connections; the site has its own."""
    start_checks.close_connections()


def _applied() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations")
        return int(cursor.fetchone()[0])


def _migration_files() -> list[Path]:
    folders = [Path(config.path) / "migrations" for config in apps.get_app_configs()]
    return [
        path for folder in folders for path in sorted(folder.glob("*.*")) if path.suffix in (".py", ".sql")
    ]


def _static_files() -> list[Path]:
    own = (path for folder in settings.STATICFILES_DIRS for path in sorted(Path(folder).rglob("*")))
    return [*(path for path in own if path.is_file()), *sorted((PROJECT_ROOT / "requirements").glob("*.txt"))]


def _digest(files: Iterable[Path], extra: str) -> str:
    digest = hashlib.sha256(f"{django.__version__} {extra}".encode())
    for path in files:
        digest.update(str(path).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _read(stamp: Path) -> str:
    return stamp.read_text() if stamp.exists() else ""


def _write(stamp: Path, text: str) -> None:
    paths.make_folder(stamp.parent)
    stamp.write_text(text)
