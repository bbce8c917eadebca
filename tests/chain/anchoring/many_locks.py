"""A node that reports many locks of one account, without the chain that would have to mine them."""

from __future__ import annotations

from typing import Any

from chain import contracts
from chain.devnet.deployment import TOKEN
from chain.node import Log
from chain_sync.lock_events import chained, first_head
from tests.chain.anchoring.line import PASS, Line
from tests.chain.devnet.client import CHAIN_ID

IFM = contracts.load("IFM")


def report_locks(line: Line, account: str, count: int) -> None:
    """Have the node answer that `account` has locked 1, 2, … `count` µIFM in the first block."""
    events = [_lock(index, account) for index in range(count)]
    head = chained(events, count=0, head=first_head(CHAIN_ID, TOKEN))[-1].head.hex()
    state = {"lock_count": f"0x{count:064x}", "lock_head": f"0x{head}"}
    answers = {"0x" + IFM.call(function).hex(): answer for function, answer in state.items()}
    line.answers["eth_call"] = lambda message, block: answers.get(message["data"], PASS)
    line.answers["eth_getLogs"] = lambda query: [_as_listed(event) for event in events]


def _lock(index: int, account: str) -> Log:
    fields = {"index": index, "account": account, "amount": index + 1}
    return Log("Locked", fields, f"0x{index:064x}", 0, 1, "0x" + "00" * 32)


def _as_listed(event: Log) -> dict[str, Any]:
    index, account, amount = event.fields.values()
    return {
        "topics": [IFM.topic("Locked"), f"0x{index:064x}", "0x" + "00" * 12 + account[2:]],
        "data": f"0x{amount:064x}",
        "transactionHash": event.transaction,
        "logIndex": "0x0",
        "blockNumber": "0x1",
        "blockHash": event.block_hash,
    }
