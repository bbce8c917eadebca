"""Runs a node: deploys the contracts, mines, and answers requests until a signal comes."""

from __future__ import annotations

import argparse
import json
import signal
import threading
import time
from pathlib import Path

from chain.devnet.accounts import ALLOCATIONS, FAUCET, GUARDIAN, ORACLE, OWNER
from chain.devnet.deployment import SETTLEMENT, TOKEN, deploy
from chain.devnet.development_methods import DEVELOPMENT_METHODS, TEST_METHODS
from chain.devnet.dispatch import Dispatcher
from chain.devnet.methods import METHODS
from chain.devnet.miner import Miner
from chain.devnet.node import Node
from chain.devnet.server import Server
from chain.devnet.storage import Store

ADDRESSES = "addresses.json"


def run(options: argparse.Namespace, store: Store, server: Server) -> None:
    """Serve the chain in the store until SIGTERM or SIGINT; a block that is being mined is completed."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    node = Node(store, options.chain_id, ALLOCATIONS, automine=options.automine)
    deploy(node)
    miner = Miner(node, options.block_time)
    if options.automine:
        miner.start()
    _write_addresses(options.data_dir / ADDRESSES, node, server.url)
    seconds = time.process_time()
    print(
        f"Development chain {options.chain_id} at {server.url} ({seconds:.1f} s of processor time)",
        flush=True,
    )
    methods = METHODS | DEVELOPMENT_METHODS | (TEST_METHODS if options.test_methods else {})
    server.serve(Dispatcher(node, methods).answer)
    if options.automine:
        miner.end()
    # A request that is being answered ends before the store is closed.
    node.lock.acquire()


def _write_addresses(path: Path, node: Node, url: str) -> None:
    """Write the addresses for clients in one step, so that no reader sees an incomplete file."""
    content = {
        "chain_id": node.chain.chain_id,
        "rpc": url,
        "settlement": SETTLEMENT,
        "token": TOKEN,
        "owner": OWNER.address,
        "oracle": ORACLE.address,
        "guardian": GUARDIAN.address,
        "faucet": FAUCET.address,
    }
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(content, indent=1) + "\n")
    fresh.replace(path)
