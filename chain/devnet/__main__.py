"""`python -m chain.devnet --data-dir DIR`: run a development chain until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import fcntl
import os
import sqlite3
import sys
from pathlib import Path
from typing import IO

from chain.devnet.server import Server
from chain.devnet.storage import Store


def main(arguments: list[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    lock = _claim(options.data_dir)
    store = _open(options.data_dir, options.chain_id)
    try:
        server = Server(options.port)
    except OSError as error:
        sys.exit(f"Port {options.port} of 127.0.0.1 cannot be used: {error.strerror}.")

    # py-evm takes two seconds to import: faults of the start are reported before that.
    from chain.devnet.run import run

    run(options, store, server)
    store.close()
    lock.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chain.devnet", description=__doc__)
    parser.add_argument(
        "--data-dir", type=Path, required=True, help="holds the chain; made when it is not there"
    )
    parser.add_argument("--port", type=int, default=8545, help="on 127.0.0.1; 0 takes a free one")
    parser.add_argument(
        "--chain-id",
        type=int,
        default=int(os.environ.get("INFRAMIND_CHAIN_ID", "31337")),
        help="default 31337",
    )
    parser.add_argument(
        "--block-time",
        type=float,
        default=1.0,
        help="seconds between blocks while a transaction is not final",
    )
    parser.add_argument(
        "--no-automine", dest="automine", action="store_false", help="mine only when evm_mine is called"
    )
    parser.add_argument(
        "--test-methods", action="store_true", help="offer evm_mine, devnet_reorganize and others"
    )
    return parser


def _claim(data_dir: Path) -> IO[str]:
    """Make the directory and hold its lock, which the system releases when the process ends."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = (data_dir / "lock").open("w")
    except OSError as error:
        sys.exit(f"{data_dir} cannot be used: {error.strerror}.")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit(f"Another development chain runs on {data_dir}.")
    return lock


def _open(data_dir: Path, chain_id: int) -> Store:
    """The store of the directory, when it is of the chain with this id."""
    try:
        store = Store(str(data_dir / "chain.sqlite"))
        known = store.setting("chain_id", str(chain_id))
    except sqlite3.Error as error:
        sys.exit(f"{data_dir} holds no chain that can be read: {error}. Remove it to begin a new one.")
    if known != str(chain_id):
        sys.exit(f"The chain in {data_dir} has the id {known}, not {chain_id}.")
    return store


if __name__ == "__main__":
    main()
