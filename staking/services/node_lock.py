"""Lock a node and its pool in one statement, at the start of every money operation.

Written as SQL because the ORM takes longer to build the statement than the server to run it.

Figure: delegate and undelegate, 8 clients
"""

from __future__ import annotations

from functools import cache
from typing import Any

from postgres.model_rows import columns, pair_from_row
from postgres.prepared import Prepared
from protocol.addresses import checksum
from protocol.errors import NotFound
from staking.models import Node, Pool

# Rarely read from a locked node, and the only column that has to be parsed.
DEFERRED = ("hardware",)


def lock(address: str) -> Node:
    """Lock a node and its pool to the end of the transaction; the node with its pool. Raises: `not_found`."""
    row = _statement().row(address=address)
    if row is None:
        raise unknown(address)
    node, pool = pair_from_row(Node, Pool, row, DEFERRED)
    node.pool = pool
    return node


def unknown(address: str) -> NotFound:
    """The error for an address that no node has."""
    return NotFound(f"No node has the address {checksum(address)}.")


@cache
def _statement() -> Prepared[tuple[Any, ...]]:
    names = [f"n.{name}" for name in columns(Node, DEFERRED)] + [f"p.{name}" for name in columns(Pool)]
    # Both rows are locked: after a wait both are read as the previous holder wrote them.
    return Prepared(
        f"SELECT {', '.join(names)} FROM staking_node n JOIN staking_pool p ON p.node_id = n.id"
        " WHERE n.address = %(address)s FOR NO KEY UPDATE OF n, p"
    )
