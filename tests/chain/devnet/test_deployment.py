"""The first start of a development chain, also one that is killed."""

from __future__ import annotations

from pathlib import Path

import pytest

from chain.devnet.accounts import ALLOCATIONS, OWNER
from chain.devnet.deployment import SETTLEMENT, deploy
from chain.devnet.node import Node
from chain.devnet.storage import Store
from tests.chain.anchoring.line import Killed
from tests.chain.devnet.client import CHAIN_ID, Client


@pytest.mark.parametrize("killed_at", [1, 2])
def test_a_start_that_is_killed_before_a_deployment_is_mined_is_completed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_at: int
) -> None:
    path, mined = str(tmp_path / "chain.sqlite"), Node.mine
    calls = 0

    def killed(node: Node, count: int = 1) -> object:
        nonlocal calls
        calls += 1
        if calls == killed_at:
            raise Killed
        return mined(node, count)

    node = Node(Store(path), CHAIN_ID, ALLOCATIONS)
    monkeypatch.setattr(Node, "mine", killed)
    with pytest.raises(Killed):
        deploy(node)
    node.close()
    monkeypatch.undo()
    node = Node(Store(path), CHAIN_ID, ALLOCATIONS)
    deploy(node)
    client = Client(node)
    assert client.token("SETTLEMENT") == SETTLEMENT
    assert client.number("eth_getTransactionCount", OWNER.address, "latest") == 2
    node.close()
