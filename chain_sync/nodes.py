"""The nodes that a configuration names, with one HTTP client each per process."""

from __future__ import annotations

from functools import cache

from chain.configuration import ChainConfiguration
from chain.node import Node
from chain.rpc import Rpc

RPC_TIMEOUT_SECONDS = 5.0


def nodes_of(configuration: ChainConfiguration) -> tuple[Node, Node | None]:
    """The node that is used, and the one that confirms what it says, where there is one."""
    nodes = [_node(url) for url in configuration.rpc_urls]
    return nodes[0], nodes[1] if nodes[1:] else None


@cache
def _node(url: str) -> Node:
    rpc = Rpc(url, timeout=RPC_TIMEOUT_SECONDS)
    return Node(rpc, rpc.host)
