"""Events of a contract over many blocks, in as many requests as a node demands."""

from __future__ import annotations

from collections.abc import Iterator

from chain.contracts import Contract
from chain.node import Log, Node
from chain.problems import Problem
from chain.rpc import RpcRefused

# Blocks per request; halved while the node refuses.
MAX_RANGE = 1_000


def events(
    node: Node, contract: Contract, address: str, names: tuple[str, ...], first: int, last: int, *indexed: int
) -> Iterator[Log]:
    """The events with these names in blocks `first` to `last`; `indexed`: the values of their first indexed fields.

    Raises: Problem `node_error` when the node refuses even a single block.
    """
    span = MAX_RANGE
    while first <= last:
        end = min(first + span - 1, last)
        try:
            logs = node.logs(contract, address, names, first, end, *indexed)
        except RpcRefused as error:
            if end == first:
                raise Problem("node_error", host=node.host, detail=error) from None
            span = max((end - first + 1) // 2, 1)
            continue
        yield from (log for log in logs if log.name in names)
        first = end + 1
