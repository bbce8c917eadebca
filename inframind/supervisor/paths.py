"""Paths in the data directory of a devnet, and the URLs that follow from it."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import tempfile
from pathlib import Path
from urllib.parse import quote

from django.core.exceptions import ImproperlyConfigured

SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 100
DATABASE_USER = "inframind"
DATABASE_NAME = "inframind"
NOBODY_THERE = "redis://127.0.0.1:1/0"


def cluster(data_dir: Path) -> Path:
    return data_dir / "postgres"


def socket_dir(data_dir: Path) -> Path:
    """Folder of PostgreSQL's socket: the cluster, or a short one where a socket's path would be too long."""
    inside = cluster(data_dir)
    if len(str(inside / SOCKET_NAME)) <= LONGEST_SOCKET_PATH:
        return inside
    digest = hashlib.sha256(str(inside).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"inframind-{digest}"


def database_url(data_dir: Path, name: str = DATABASE_NAME) -> str:
    return f"postgres://{DATABASE_USER}@/{name}?host={quote(str(socket_dir(data_dir)), safe='/')}"


def valkey_url_file(data_dir: Path) -> Path:
    return data_dir / "valkey" / "url"


def redis_url(data_dir: Path) -> str:
    """The embedded Valkey's last known URL; an address where nobody answers when it never ran."""
    try:
        return valkey_url_file(data_dir).read_text().strip()
    except FileNotFoundError:
        return NOBODY_THERE


def stored_secret(data_dir: Path) -> str:
    """The devnet's SECRET_KEY, made once; of two processes that make it at once, one wins for both."""
    path = data_dir / "secret_key"
    if not path.exists():
        make_folder(data_dir)
        _publish_once(path, secrets.token_urlsafe(50))
    try:
        return path.read_text()
    except OSError as error:
        raise not_writable(data_dir, error) from error


def make_folder(path: Path) -> Path:
    """Create a folder, or say plainly why the data directory cannot be used."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_writable(path, error) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise not_writable(path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
    return path


def not_writable(path: Path, error: OSError) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"the data directory {path} cannot be written ({error.strerror}). "
        "Set INFRAMIND_DATA_DIR to a folder that can."
    )


def write_private(path: Path, text: str) -> None:
    """Put text into a file that only its owner reads; a reader sees the old text or the new, never half."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    _write_0600(draft, text)
    draft.replace(path)


def _publish_once(path: Path, text: str) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    _write_0600(draft, text)
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _write_0600(path: Path, text: str) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise not_writable(path.parent, error) from error
    with os.fdopen(handle, "w") as file:
        file.write(text)
