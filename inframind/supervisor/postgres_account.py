"""The system account PostgreSQL runs under when we are root, since it refuses to run as root."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
from pathlib import Path
from typing import TypedDict

from inframind.supervisor.startup_errors import StartFault

NAME = "inframind_pg"


class RunAs(TypedDict, total=False):
    """Arguments of subprocess that change the user; empty for an ordinary user."""

    user: int
    group: int
    extra_groups: list[int]


def needed() -> bool:
    return os.geteuid() == 0


def run_as() -> RunAs:
    if not needed():
        return {}
    entry = _entry() or _create()
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def require_own(cluster: Path) -> None:
    """Raise StartFault when the cluster belongs to another user: running it would change its owner."""
    try:
        owner = cluster.stat().st_uid
    except OSError:
        return
    name = _name_of(owner)
    # An owner without a name was the account in a container that is gone.
    if owner == os.geteuid() or (needed() and name in (NAME, None)):
        return
    raise StartFault(
        f"the data in {cluster.parent} belong to {name or owner}. "
        "Run as that user, or set INFRAMIND_DATA_DIR to another folder."
    )


def give(path: Path) -> None:
    """Make the account the owner of `path` and let it traverse the folders above: each becomes o+x."""
    identity = run_as()
    if not identity:
        return
    if path.stat().st_uid != identity["user"]:
        for each in (path, *path.rglob("*")):
            os.chown(each, identity["user"], identity["group"], follow_symlinks=False)
    let_through(path)


def let_through(path: Path) -> None:
    if not needed():
        return
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def _entry() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(NAME)
    except KeyError:
        return None


def _name_of(user: int) -> str | None:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return None


def _create() -> pwd.struct_passwd:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", NAME]
    try:
        reason = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    except OSError as error:
        reason = str(error)
    entry = _entry()
    if entry is None:
        raise StartFault(
            f"PostgreSQL does not run as root, and the account {NAME} could not be created "
            f"({reason.strip()}). Run as an ordinary user, or set DATABASE_URL."
        )
    return entry
