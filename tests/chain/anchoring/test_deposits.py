"""Tokens that are locked on the chain are credited once, whatever nodes say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chain import contracts
from chain.configuration import ChainConfiguration
from chain.devnet.accounts import FAUCET, ORACLE, OWNER, DevelopmentAccount
from chain.devnet.deployment import SETTLEMENT, TOKEN
from chain.models import ChainStatus, Deposit, MirrorCursor
from chain.node import Node
from chain.problems import Problem
from chain.rpc import RpcRefused
from chain_sync import mirror
from chain_sync.anchoring import accept_chain
from chain_sync.lock_events import Lock
from chain_sync.mirror import Mirror
from chain_sync.mirroring import _store
from ledger.selectors import balance
from settlement.audit import audit
from staking.models import Event, TokenAccount
from staking.services.exits import credit_deposit, request_exit
from tests.chain.anchoring.line import PASS, Line
from tests.chain.anchoring.many_locks import report_locks
from tests.chain.anchoring.network import CONFIRMATIONS
from tests.chain.devnet.client import CHAIN_ID, Client, start
from tests.network import Network

IFM = contracts.load("IFM")
MICRO = 10**6


class Deposits:
    """A network, a chain whose blocks are mined by hand, and the mirror between them."""

    def __init__(self, client: Client) -> None:
        self.client, self.line, self.network = client, Line(client), Network()
        self.second: Line | None = None
        self.configuration = ChainConfiguration(
            rpc_urls=("http://node.example",),
            chain_id=CHAIN_ID,
            settlement=SETTLEMENT,
            token=TOKEN,
            start_block=0,
            confirmations=CONFIRMATIONS,
            max_fee=10**11,
            max_head_age=None,
        )
        self.pending: list[Lock] = []

    def run(self) -> str:
        """One run; the code of the problem, else ""."""
        node = Node(self.line, "node.example")
        second = Node(self.second, "second.example") if self.second else None
        wall = datetime.now(UTC)
        try:
            self.pending = Mirror(self.configuration, node, second).run(wall=wall, now=self.network.now)
        except Problem as problem:
            _store(problem, wall)
            return problem.code
        _store(None, wall)
        return ""

    def lock(self, amount: int, account: DevelopmentAccount = FAUCET) -> str:
        """Lock µIFM; it is mined with the next block."""
        return self.client.send(account, TOKEN, IFM.call("lock", amount))

    def mine(self, blocks: int = 1) -> None:
        self.client("evm_mine", blocks)

    def finalize(self) -> None:
        self.mine(CONFIRMATIONS)

    def credited(self) -> list[tuple[int, int]]:
        return list(Deposit.objects.order_by("index").values_list("index", "amount"))

    @property
    def free(self) -> int:
        return balance(f"wallet:{FAUCET.address}")

    def check(self) -> None:
        """The audit, and the ledger against the contract's own count."""
        assert audit(since=0) == []
        assert balance("custody") == -sum(amount for _, amount in self.credited())
        assert [index for index, _ in self.credited()] == list(range(len(self.credited())))


@pytest.fixture
def net(db: None, deployed: bytes, tmp_path: Path) -> Iterator[Deposits]:
    path = tmp_path / "chain.sqlite"
    path.write_bytes(deployed)
    client = start(str(path), deployed=False)
    deposits = Deposits(client)
    deposits.mine()
    yield deposits
    client.node.close()


def test_a_deposit_is_pending_until_its_block_is_final_and_then_credited_once(net: Deposits) -> None:
    transaction = net.lock(5 * MICRO)
    for block in range(1, CONFIRMATIONS):
        net.mine()
        assert net.run() == ""
        assert [(lock.index, lock.amount) for lock in net.pending] == [(0, 5 * MICRO)], block
        assert net.credited() == []
    net.mine()
    assert net.run() == ""
    assert net.pending == []
    assert net.credited() == [(0, 5 * MICRO)]
    assert (net.free, balance("custody")) == (5 * MICRO, -5 * MICRO)
    assert TokenAccount.objects.get(wallet=FAUCET.address).deposited == 5 * MICRO
    deposit = Deposit.objects.get()
    assert (deposit.transaction, deposit.wallet) == (transaction, FAUCET.address)
    assert Event.objects.filter(kind="deposit_credited", wallet=FAUCET.address).count() == 1
    for _ in range(3):
        net.mine()
        assert net.run() == ""
    assert net.free == 5 * MICRO
    cursor = MirrorCursor.objects.get()
    assert (cursor.initial_supply, cursor.minted, cursor.burned, cursor.released) == (10**15, 0, 0, 0)
    net.check()


def test_deposits_of_several_blocks_and_ranges_are_credited_in_order(net: Deposits) -> None:
    for amount in (1, 2, 3, 4):
        net.lock(amount)
        net.mine(2)
    net.finalize()

    def limited(query: Any) -> Any:
        if int(query["toBlock"], 16) - int(query["fromBlock"], 16) > 2:
            raise RpcRefused(-32005, "range too large")
        return PASS

    net.line.answers["eth_getLogs"] = limited
    assert net.run() == ""
    assert net.credited() == [(0, 1), (1, 2), (2, 3), (3, 4)]
    net.check()


def test_a_node_that_refuses_single_blocks_is_no_reason_to_guess(net: Deposits) -> None:
    def refuse(*_: Any) -> Any:
        raise RpcRefused(-32005, "no logs here")

    net.lock(1)
    net.finalize()
    net.line.answers["eth_getLogs"] = refuse
    assert net.run() == "node_error"
    assert net.credited() == []
    net.line.mend()
    assert net.run() == ""
    assert net.credited() == [(0, 1)]


def altered(**changes: Any) -> Any:
    return lambda logs: [{**logs[0], **changes}, *logs[1:]]


@pytest.mark.parametrize(
    "lie",
    [
        lambda logs: logs[:-1],
        lambda logs: logs[1:],
        lambda logs: [],
        altered(data=f"0x{10**12:064x}"),
        altered(topics=[IFM.topic("Locked"), "0x" + "00" * 32, "0x" + "00" * 12 + "ab" * 20]),
        lambda logs: [
            *logs,
            {**logs[-1], "topics": [logs[-1]["topics"][0], f"0x{2:064x}", logs[-1]["topics"][2]]},
        ],
    ],
    ids=[
        "the last is missing",
        "the first is missing",
        "none",
        "another amount",
        "another account",
        "one invented",
    ],
)
def test_events_that_do_not_make_the_contracts_hash_credit_nothing(net: Deposits, lie: Any) -> None:
    net.lock(1)
    net.lock(2)
    net.finalize()
    net.line.answers["eth_getLogs"] = lambda query: lie(net.client("eth_getLogs", query))
    assert net.run() == "deposits_unproven"
    assert (net.credited(), net.free) == ([], 0)
    assert MirrorCursor.objects.get().problem == "deposits_unproven"
    net.line.mend()
    assert net.run() == ""
    assert net.credited() == [(0, 1), (1, 2)]
    net.check()


def test_events_that_are_listed_twice_or_out_of_order_are_credited_once(net: Deposits) -> None:
    net.lock(1)
    net.lock(2)
    net.finalize()
    net.line.answers["eth_getLogs"] = lambda query: [*reversed(net.client("eth_getLogs", query))] * 2
    assert net.run() == ""
    assert net.credited() == [(0, 1), (1, 2)]


def test_a_shallow_reorganisation_takes_a_pending_deposit_back(net: Deposits) -> None:
    net.lock(5)
    net.mine(2)
    net.run()
    assert len(net.pending) == 1
    net.client("devnet_reorganize", 2)
    net.mine(2)
    assert net.run() == ""
    assert (net.pending, net.credited()) == ([], [])
    net.finalize()
    assert net.run() == ""
    assert net.credited() == []


def test_a_deep_reorganisation_halts_and_credits_nothing_until_a_person_accepts(net: Deposits) -> None:
    net.lock(5)
    net.finalize()
    net.run()
    net.mine(4)
    net.run()
    net.client("devnet_reorganize", 6)
    net.lock(7)
    net.finalize()
    net.mine(6)
    assert [net.run() for _ in range(2)] == ["deep_reorganization"] * 2
    assert net.credited() == [(0, 5)]
    cursor = MirrorCursor.objects.get()
    assert cursor.problem_data == {"block": cursor.block}
    accept_chain()
    assert net.run() == ""
    assert net.credited() == [(0, 5), (1, 7)]
    net.check()


def test_a_chain_without_the_credited_deposits_cannot_be_accepted(net: Deposits) -> None:
    net.lock(5)
    net.finalize()
    net.run()
    net.client("devnet_reorganize", CONFIRMATIONS)
    net.lock(6)
    net.finalize()
    net.mine(4)
    assert net.run() == "deep_reorganization"
    accept_chain()
    assert [net.run() for _ in range(2)] == ["deposits_lost"] * 2
    assert (net.credited(), net.free) == ([(0, 5)], 5)


def test_a_run_that_is_killed_in_the_middle_credits_all_or_nothing(
    net: Deposits, monkeypatch: pytest.MonkeyPatch
) -> None:
    for amount in range(1, 8):
        net.lock(amount)
    net.finalize()
    monkeypatch.setattr(mirror, "BATCH", 3)
    calls = []

    def killed(**values: Any) -> int:
        calls.append(values)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return credit(**values)

    credit = mirror.credit_deposit
    with monkeypatch.context() as patch:
        patch.setattr(mirror, "credit_deposit", killed)
        with pytest.raises(KeyboardInterrupt):
            net.run()
    assert net.credited() == [(0, 1), (1, 2), (2, 3)]
    net.check()
    assert net.run() == ""
    assert [amount for _, amount in net.credited()] == list(range(1, 8))
    net.check()


def test_a_mirror_that_was_overtaken_by_another_credits_nothing_twice(
    net: Deposits, monkeypatch: pytest.MonkeyPatch
) -> None:
    net.lock(1)
    net.lock(2)
    net.finalize()
    read = mirror.chained

    def overtaken(*arguments: Any, **names: Any) -> Any:
        monkeypatch.setattr(mirror, "chained", read)
        assert net.run() == ""
        return read(*arguments, **names)

    monkeypatch.setattr(mirror, "chained", overtaken)
    assert net.run() == ""
    assert net.credited() == [(0, 1), (1, 2)]
    net.check()


def test_a_node_that_lags_or_is_silent_changes_nothing(net: Deposits) -> None:
    net.lock(1)
    net.finalize()
    net.run()
    old = net.client("eth_getBlockByNumber", "latest", False)
    net.lock(2)
    net.finalize()
    net.line.answers["eth_getBlockByNumber"] = lambda number, full: old if number == "latest" else PASS
    assert net.run() == ""
    assert net.credited() == [(0, 1)]
    net.line.answers["eth_getBlockByNumber"] = lambda number, full: (
        None if number == hex(MirrorCursor.objects.get().block) else PASS
    )
    assert net.run() == "lagging"
    net.line.down = True
    assert net.run() == "unreachable"
    net.line.mend()
    assert net.run() == ""
    assert net.credited() == [(0, 1), (1, 2)]


def test_a_second_node_exposes_one_that_invents_deposits_consistently(net: Deposits) -> None:
    net.lock(1)
    net.finalize()
    count = "0x" + IFM.call("lock_count").hex()
    net.second = Line(net.client)
    net.second.answers["eth_call"] = lambda message, block: (
        f"0x{0:064x}" if message["data"] == count else PASS
    )
    assert net.run() == "nodes_disagree"
    assert net.credited() == []
    net.second.mend()
    net.second.down = True
    assert net.run() == "second_node"
    net.second.mend()
    assert net.run() == ""
    assert net.credited() == [(0, 1)]


@pytest.mark.parametrize("address", ["0x" + "11" * 20, SETTLEMENT], ids=["no contract", "another contract"])
def test_a_token_that_is_not_this_networks_is_named(net: Deposits, address: str) -> None:
    net.configuration = replace(net.configuration, token=address)
    assert net.run() == "no_token"
    assert not MirrorCursor.objects.exists()


def test_a_token_of_another_settlement_contract_is_refused(net: Deposits) -> None:
    roles = (OWNER.address, ORACLE.address, OWNER.address)
    other = contracts.load("InfraMindSettlement").deployment(bytes(32), *roles, 0, 0, bytes(32), 0)
    transaction = net.client.send(FAUCET, None, other, gas=3_000_000)
    net.mine()
    settlement = net.client("eth_getTransactionReceipt", transaction)["contractAddress"]
    net.configuration = replace(net.configuration, settlement=settlement)
    assert net.run() == "no_token"


def test_a_token_cannot_be_exchanged_for_another_once_deposits_were_credited(net: Deposits) -> None:
    net.lock(1)
    net.finalize()
    net.run()
    net.configuration = replace(net.configuration, token="0x" + "11" * 20)
    net.mine()
    assert net.run() == "other_token"


def test_another_chain_with_the_same_id_is_not_read(net: Deposits) -> None:
    ChainStatus.objects.create(genesis_hash="0x" + "12" * 32)
    net.lock(1)
    net.finalize()
    assert net.run() == "other_chain"
    assert net.credited() == []


def test_what_came_in_can_go_out_again(net: Deposits, settings: Any) -> None:
    settings.INFRAMIND_CHAIN_RPC, settings.INFRAMIND_CHAIN_TOKEN = ("http://127.0.0.1:9",), TOKEN
    net.lock(9 * MICRO)
    net.finalize()
    net.run()
    request_exit(wallet=FAUCET.address, amount=4 * MICRO, now=net.network.now)
    net.network.settle()
    assert (net.free, balance("custody")) == (5 * MICRO, -5 * MICRO)
    assert audit(since=0) == []


def test_the_audit_names_deposits_that_are_missing_doubled_or_altered(net: Deposits) -> None:
    net.lock(5)
    net.lock(6)
    net.finalize()
    net.run()
    wallet = f"wallet:{FAUCET.address}"
    Deposit.objects.filter(index=0).update(amount=4)
    assert audit() == [
        f"R56 deposits: deposit 0 of 4 to {FAUCET.address}: the ledger has 5 to {wallet}",
        f"R56 deposited: wallet {FAUCET.address}: 11 deposited, deposits 10",
    ]
    Deposit.objects.filter(index=0).delete()
    assert audit() == [
        f"R56 deposits: deposit lock:0 of  to : the ledger has 5 to {wallet}",
        "R56 cursor: 1 deposits are credited, the last has the number 1, and the cursor counts 2",
        f"R56 deposited: wallet {FAUCET.address}: 11 deposited, deposits 6",
    ]


def test_a_deposit_in_the_ledger_that_the_chain_does_not_have_is_named(net: Deposits) -> None:
    credit_deposit(wallet=FAUCET.address, amount=7, index=0, now=net.network.now)
    assert len(audit()) == 2
    assert audit()[0].startswith("R56 deposits: deposit lock:0")


def test_verification_asks_the_chain_and_writes_nothing(net: Deposits) -> None:
    net.lock(5)
    net.finalize()
    net.run()
    before = MirrorCursor.objects.values().get()
    mirror_of = Mirror(net.configuration, Node(net.line, "node.example"), None)
    mirror_of.verify(wall=datetime.now(UTC))
    net.client("devnet_reorganize", CONFIRMATIONS)
    net.mine(CONFIRMATIONS)
    with pytest.raises(Problem, match="deep_reorganization"):
        mirror_of.verify(wall=datetime.now(UTC))
    assert MirrorCursor.objects.values().get() == before


def test_a_thousand_deposits_are_credited_in_one_run(net: Deposits) -> None:
    net.finalize()
    report_locks(net.line, FAUCET.address, 1_000)
    assert net.run() == ""
    assert net.credited() == [(index, index + 1) for index in range(1_000)]
    assert net.free == 500_500
    net.check()
