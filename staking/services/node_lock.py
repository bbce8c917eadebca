"""A node and its pool under lock, in one statement: what every money operation begins with.

Written as SQL because the ORM spends more time on building these statements than the database on running them.
"""

from __future__ import annotations

from functools import cache

from postgres.model_rows import columns, from_row
from postgres.prepared import Prepared
from protocol.addresses import checksum
from protocol.errors import NotFound
from staking.models import Node, Pool

# Seldom asked of a locked node, and the one column that has to be parsed; loaded when somebody reads it.
DEFERRED = ("hardware",)


def lock(address: str) -> Node:
    """The node with its pool, locked to the end of the transaction. Raises: `not_found`."""
    row = _statement().row(address=address)
    if row is None:
        raise unknown(address)
    width = len(columns(Node, DEFERRED))
    node = from_row(Node, row[:width], DEFERRED)
    node.pool = from_row(Pool, row[width:])
    return node


def unknown(address: str) -> NotFound:
    """The refusal of an address that no node has."""
    return NotFound(f"No node has the address {checksum(address)}.")


def lock_pair(first: str, second: str) -> tuple[Node, Node]:
    """Two nodes, locked in the order of their addresses whatever the order asked. Raises: `not_found`."""
    held = {address: lock(address) for address in sorted({first, second})}
    return held[first], held[second]


@cache
def _statement() -> Prepared:
    wanted = [f"n.{name}" for name in columns(Node, DEFERRED)] + [f"p.{name}" for name in columns(Pool)]
    # Both rows are named in the lock: whoever waited reads both as the holder before left them.
    return Prepared(
        f"SELECT {', '.join(wanted)} FROM staking_node n JOIN staking_pool p ON p.node_id = n.id"
        " WHERE n.address = %(address)s FOR NO KEY UPDATE OF n, p"
    )
