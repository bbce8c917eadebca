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
    database_limits.use("command")
    with servers.for_command(sys.argv):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
