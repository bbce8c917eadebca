"""Mines the blocks that make mined transactions final, then rests until the next transaction."""

from __future__ import annotations

import threading

from chain.devnet.node import Node


class Miner(threading.Thread):
    """Mines a block every `block_time` seconds while a transaction is not final; a chain without use does not grow."""

    def __init__(self, node: Node, block_time: float) -> None:
        super().__init__(name="miner", daemon=True)
        self._node = node
        self._block_time = block_time
        self._ending = threading.Event()

    def run(self) -> None:
        self.confirm()
        while not self._ending.is_set():
            self._node.used.wait()
            self._node.used.clear()
            self.confirm()

    def confirm(self) -> None:
        """Mine until every mined transaction is final."""
        while not self._ending.wait(self._block_time):
            with self._node.lock:
                if self._node.is_settled():
                    return
                self._node.mine()

    def end(self) -> None:
        """Stop, and wait for a block that is being mined."""
        self._ending.set()
        self._node.used.set()
        self.join()
