"""The filter of eth_getLogs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from eth.abc import BlockHeaderAPI

from chain.devnet import parameters
from chain.devnet.encoding import encode_logs
from chain.devnet.errors import LIMIT_EXCEEDED, JsonRpcError, invalid, rejected
from chain.devnet.node import Node

# As public providers limit it.
MAX_RANGE = 1_000
_FIELDS = {"fromBlock", "toBlock", "blockHash", "address", "topics"}


def get_logs(node: Node, query: Any) -> list[dict[str, Any]]:
    """The logs that match a filter; raises JsonRpcError for a malformed one and a range that is too long."""
    if not isinstance(query, dict) or query.keys() - _FIELDS:
        raise invalid(f"invalid filter: an object with some of {', '.join(sorted(_FIELDS))} is expected")
    addresses, topics = _addresses(query.get("address")), _topics(query.get("topics") or [])
    return [
        log
        for header in _headers(node, query)
        for log in encode_logs(node.chain, header)
        if (not addresses or log["address"] in addresses) and _matches(log["topics"], topics)
    ]


def _headers(node: Node, query: dict[str, Any]) -> Iterator[BlockHeaderAPI]:
    """The headers of the range that can have logs."""
    if "blockHash" in query:
        if "fromBlock" in query or "toBlock" in query:
            raise invalid("invalid filter: blockHash excludes fromBlock and toBlock")
        header = node.chain.header_of_hash(parameters.data(query["blockHash"], 32))
        if header is None:
            raise rejected("unknown block")
        return iter([header])
    first, last = _number(node, query.get("fromBlock")), _number(node, query.get("toBlock"))
    if first > last:
        raise invalid("invalid block range params")
    if last - first >= MAX_RANGE:
        raise JsonRpcError(LIMIT_EXCEEDED, f"query exceeds max block range {MAX_RANGE}")
    headers = (node.chain.header(number) for number in range(first, last + 1))
    return (header for header in headers if header is not None and header.bloom)


def _number(node: Node, value: Any) -> int:
    """The number that a tag names; a number beyond the head is taken as it is, like geth does."""
    if isinstance(value, str) and value.startswith("0x"):
        return parameters.quantity(value)
    header = parameters.block(node, value)
    return 0 if header is None else header.block_number


def _addresses(value: Any) -> set[str]:
    listed = value if isinstance(value, list) else [] if value is None else [value]
    return {"0x" + parameters.address(item).hex() for item in listed}


def _topics(value: Any) -> list[set[str]]:
    """For each place the topics that fit there; an empty set for any."""
    if not isinstance(value, list) or len(value) > 4:
        raise invalid("invalid filter: topics are a list of at most four")
    return [_topic_set(item) for item in value]


def _topic_set(value: Any) -> set[str]:
    listed = value if isinstance(value, list) else [] if value is None else [value]
    return {"0x" + parameters.data(item, 32).hex() for item in listed if item is not None}


def _matches(topics: list[str], wanted: list[set[str]]) -> bool:
    return len(topics) >= len(wanted) and all(
        not choices or topic in choices for topic, choices in zip(topics, wanted, strict=False)
    )
