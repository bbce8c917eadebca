"""Nodes from a file: all of them are registered, or none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from inframind.csv_file import Table
from protocol.addresses import normalize
from protocol.errors import Conflict, ProtocolError
from staking.models import Node
from staking.services import nodes

COLUMNS = ("node", "operator", "region", "name")
MAX_NAMED = 20


class BadRows(Exception):
    """Some rows are wrong; `faults` names the first of them by line and reason. Nothing was registered."""

    def __init__(self, faults: list[str], count: int) -> None:
        self.faults, self.count = faults, count
        super().__init__(f"{count} bad rows")


def import_nodes(table: Table, *, now: datetime, progress: Callable[[int], None]) -> tuple[int, int]:
    """Register the nodes of a file; how many were new, and how many known already under the same operator.

    Raises: BadFile, BadRows.
    """
    new, faults, count = 0, [], 0
    with transaction.atomic():
        known = dict(Node.objects.values_list("address", "operator"))
        for line, cells in table.lines():
            try:
                new += _register(cells, known, now)
            except ProtocolError as error:
                count += 1
                faults.append(f"line {line}: {error.code}: {error.detail}")
            progress(1)
        if faults:
            raise BadRows(faults[:MAX_NAMED], count)
    return new, table.rows - new


def _register(cells: dict[str, str], known: dict[str, str], now: datetime) -> bool:
    address, operator = normalize(cells["node"]), normalize(cells["operator"])
    if address in known:
        if known[address] != operator:
            raise Conflict("The node's address is taken by a node of another operator.")
        return False
    nodes.register(address=address, operator=operator, name=cells["name"], region=cells["region"], now=now)
    known[address] = operator
    return True
