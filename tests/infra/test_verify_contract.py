"""`infra verify --rpc --settlement`: root and slashes of the contract against the epoch's rows (R52)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from chain import contracts
from chain.devnet.accounts import ORACLE
from chain.devnet.deployment import SETTLEMENT, TOKEN
from chain.devnet.server import Server
from chain.models import Anchor
from infra.contract import SettlementContract
from infra.main import app
from infra.refusals import Refused
from staking.models import Epoch
from tests.chain.devnet.client import Client, start
from tests.network import Network, node_address

pytestmark = pytest.mark.django_db(transaction=True)

CONTRACT = contracts.load("InfraMindSettlement")
NODE, OTHER = node_address(1), node_address(2)


@pytest.fixture(scope="module")
def node() -> Iterator[tuple[Client, str]]:
    """A chain without epochs that mines each transaction at once, and its URL."""
    client, server = start(automine=True), Server(0)
    thread = threading.Thread(
        target=server.serve, args=[client.dispatcher.answer], kwargs={"poll_seconds": 0.01}
    )
    thread.start()
    yield client, server.url
    server.shutdown()
    thread.join()
    server.server_close()
    client.node.close()


@pytest.fixture
def chain(node: tuple[Client, str]) -> Iterator[tuple[Client, str]]:
    snapshot = node[0].number("eth_blockNumber")
    yield node
    mined = node[0].number("eth_blockNumber") - snapshot
    if mined:
        node[0]("devnet_reorganize", mined)


@pytest.fixture
def site(live_server: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Network:
    """Epochs 1 to 3; the third executed a slash of 250 IFM."""
    settings.INFRAMIND_RATE_LIMITS = False
    settings.INFRAMIND_CHAIN_RPC, settings.INFRAMIND_CHAIN_SETTLEMENT = ("http://127.0.0.1:9",), SETTLEMENT
    monkeypatch.setenv("INFRA_URL", live_server.url)
    net = Network()
    for number in (1, 2):
        net.node(number, own=1_000)
    net.settle()
    net.work(NODE, 1, proof="invalid")
    net.settle(2)
    assert net.row(NODE, 3).slashed == 250_000_000
    return net


def submit(client: Client, slashes: list[tuple[str, int]], *, third_root: str = "") -> None:
    """Anchor epochs 1 to 3 as the rows have them, the third with these slashes."""
    former = bytes(32)
    for epoch in Epoch.objects.filter(number__lte=3).order_by("number"):
        root = bytes.fromhex(((third_root if epoch.number == 3 else "") or epoch.merkle_root)[2:])
        listed = slashes if epoch.number == 3 else []
        client.send(ORACLE, SETTLEMENT, CONTRACT.call("submit", epoch.number, former, root, 0, listed))
        former = root
        Anchor.objects.create(
            epoch=epoch.number, state="mined", transaction="0x" + "ac" * 32, block=client.number("eth_blockNumber"),
            block_hash="0x" + "ad" * 32, mined_at=epoch.end,
        )  # fmt: skip


def verify(url: str, *, epoch: int = 3, settlement: str = SETTLEMENT) -> Result:
    line = f"verify {epoch} --rpc {url} --settlement {settlement}"
    return CliRunner().invoke(app, line.split())


def test_an_epoch_is_equal_to_the_contracts(site: Network, chain: tuple[Client, str]) -> None:
    submit(chain[0], [(NODE, 250_000_000)])
    for epoch in (1, 2, 3):
        result = verify(chain[1], epoch=epoch)
        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout.endswith("; the contract has this root and these slashes.\n")


@pytest.mark.parametrize(
    ("slashes", "line"),
    [
        ([], f"contract, slash of {NODE}: row: published absent, computed present"),
        ([(NODE, 7)], f"contract, slash of {NODE}: amount: published 7, computed 250000000"),
        (
            [(NODE, 250_000_000), (OTHER, 5)],
            f"contract, slash of {OTHER}: row: published present, computed absent",
        ),
    ],
)
def test_a_list_of_slashes_that_is_another_is_named(
    site: Network, chain: tuple[Client, str], slashes: list[tuple[str, int]], line: str
) -> None:
    submit(chain[0], slashes)
    result = verify(chain[1])
    assert (result.exit_code, result.stdout) == (1, f"{line}\n")
    assert result.stderr == "different: Epoch 3 differs in 1 figure.\n"


def test_a_root_that_is_another_is_named(site: Network, chain: tuple[Client, str]) -> None:
    submit(chain[0], [(NODE, 250_000_000)], third_root="0x" + "99" * 32)
    root = Epoch.objects.get(number=3).merkle_root
    assert verify(chain[1]).stdout == (f"contract: merkle_root: published 0x{'99' * 32}, computed {root}\n")


def test_what_cannot_be_compared_is_one_sentence(site: Network, chain: tuple[Client, str]) -> None:
    assert verify(chain[1]).stderr == "not_anchored: The network says that epoch 3 is not on a chain yet.\n"
    Anchor.objects.create(epoch=3, state="mined", block=1, block_hash="0x" + "ad" * 32, mined_at=site.now)
    assert verify(chain[1]).stderr == "not_anchored: The contract has no epoch 3: its last one is 0.\n"
    Anchor.objects.all().delete()
    submit(chain[0], [(NODE, 250_000_000)])
    Anchor.objects.filter(epoch=3).update(block=chain[0].number("eth_blockNumber") + 1)
    assert "The node lists no submission of epoch 3 in block" in verify(chain[1]).stderr
    assert verify("http://127.0.0.1:9/key").stderr == (
        "chain_unreachable: The node gave no answer: ConnectError.\n"
    )
    assert verify(chain[1], settlement="0x12").stderr.startswith("address_invalid: ")
    assert "There is no settlement contract at" in verify(chain[1], settlement="0x" + "12" * 20).stderr
    assert verify(chain[1], settlement=TOKEN).exit_code == 1
    assert CliRunner().invoke(app, ["verify", "3", "--rpc", chain[1]]).exit_code == 2


def test_a_node_of_another_chain_is_named(
    site: Network, chain: tuple[Client, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(chain[0], [(NODE, 250_000_000)])
    monkeypatch.setattr(chain[0].node.chain, "chain_id", 5)
    assert verify(chain[1]).stderr == (
        "wrong_chain: The node serves chain 5, and the network is on chain 31337.\n"
    )


@pytest.mark.parametrize(
    ("method", "answer", "code"),
    [
        ("eth_chainId", None, "chain_malformed"),
        ("eth_chainId", "0x" + "f" * 5_000, "chain_malformed"),
        ("eth_call", "0x" + "zz" * 32, "not_anchored"),
        ("eth_getLogs", None, "chain_malformed"),
        ("eth_getLogs", [{}], "chain_malformed"),
        (
            "eth_getLogs",
            [{"topics": [], "data": "0x", "blockNumber": "0x1", "logIndex": "0x0"}],
            "chain_malformed",
        ),
        ("eth_getLogs", [5], "chain_malformed"),
    ],
)
def test_a_malformed_answer_of_the_node_is_one_sentence(
    site: Network,
    chain: tuple[Client, str],
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    answer: Any,
    code: str,
) -> None:
    submit(chain[0], [(NODE, 250_000_000)])
    call = SettlementContract._call
    monkeypatch.setattr(
        SettlementContract,
        "_call",
        lambda self, name, *parameters: answer if name == method else call(self, name, *parameters),
    )
    result = verify(chain[1])
    assert (result.exit_code, result.stderr.split(":")[0]) == (1, code)
    assert len(result.stderr.splitlines()) == 1


def test_a_list_that_goes_on_in_later_blocks_is_read_to_its_end(chain: tuple[Client, str]) -> None:
    """Also through a node that refuses long ranges; the next epoch's submission ends the list."""
    slashes = [(node_address(number), number) for number in range(1, 129)]
    client, zero = chain[0], bytes(32)
    client.send(ORACLE, SETTLEMENT, CONTRACT.call("submit", 1, zero, zero, 0, slashes[:64]), gas=500_000)
    block = client.number("eth_blockNumber")
    client("evm_mine", 3)
    client.send(ORACLE, SETTLEMENT, CONTRACT.call("submit_more", 1, slashes[64:]), gas=500_000)
    reader = SettlementContract(chain[1], SETTLEMENT)
    reader.require(31337)
    assert reader.epoch(1, block).slashes == dict(slashes)
    client.send(ORACLE, SETTLEMENT, CONTRACT.call("submit", 2, zero, zero, 0, [(NODE, 7)]))
    call, ranges = reader._call, []

    def short(method: str, *parameters: Any) -> Any:
        if method == "eth_getLogs":
            first, last = (int(parameters[0][name], 16) for name in ("fromBlock", "toBlock"))
            if last - first > 1:
                raise Refused("chain_refused", "The range is too long.")
            ranges.append((first - block, last - block))
        return call(method, *parameters)

    reader._call = short  # type: ignore[method-assign]
    assert reader.epoch(1, block).slashes == dict(slashes)
    assert ranges == [(0, 0), (1, 2), (3, 4), (5, 5)]
