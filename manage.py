#!/usr/bin/env python
"""Management commands; those that read the database find its server first."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

from inframind import database_limits
from inframind.supervisor import servers


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "inframind.settings")
    declare_kind()
    with servers.for_command(sys.argv):
        execute_from_command_line(sys.argv)


def declare_kind() -> None:
    """Say which limits on locks and statements the command has."""
    database_limits.use("migrate" if sys.argv[1:2] == ["migrate"] else "command")


if __name__ == "__main__":
    main()
