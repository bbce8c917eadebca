from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chain.devnet.server import Server
from tests.chain.anchoring.anvil import anvil
from tests.chain.anchoring.network import AnchoringNetwork
from tests.chain.anchoring.site import Site
from tests.chain.devnet.client import start


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a chain with both contracts."""
    path = tmp_path_factory.mktemp("chain") / "chain.sqlite"
    client = start(str(path))
    client.node.close()
    return path.read_bytes()


@pytest.fixture
def net(db: None, deployed: bytes, tmp_path: Path) -> Iterator[AnchoringNetwork]:
    """Three settled epochs, and a chain that has none of them; on anvil where CHAIN_TEST_NODE names one."""
    if node := os.environ.get("CHAIN_TEST_NODE"):
        with anvil(node) as other:
            yield AnchoringNetwork(other)
        return
    path = tmp_path / "chain.sqlite"
    path.write_bytes(deployed)
    client = start(str(path), deployed=False)
    yield AnchoringNetwork(client)
    client.node.close()


@pytest.fixture
def site(db: None, settings: Any, deployed: bytes, tmp_path: Path) -> Iterator[Site]:
    path = tmp_path / "chain.sqlite"
    path.write_bytes(deployed)
    client, server = start(str(path), automine=True, deployed=False), Server(0)
    client("evm_mine", 1)
    thread = threading.Thread(
        target=server.serve, args=[client.dispatcher.answer], kwargs={"poll_seconds": 0.01}
    )
    thread.start()
    yield Site(client, server.url, settings, tmp_path)
    server.shutdown()
    thread.join()
    server.server_close()
    client.node.close()
