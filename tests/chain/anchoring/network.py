"""Settled epochs, a node with the contracts, and the submitter between them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chain import contracts
from chain.configuration import GWEI, ChainConfiguration
from chain.devnet.accounts import FAUCET, GUARDIAN, ORACLE, OWNER, DevelopmentAccount
from chain.devnet.deployment import SETTLEMENT, TOKEN
from chain.models import Anchor, Attempt, ChainStatus
from chain.node import Node
from chain.problems import Problem
from chain_sync.anchoring import _store
from chain_sync.oracle_account import OracleAccount
from chain_sync.submitter import Submitter
from staking.models import Epoch, NodeEpoch, ParameterSet
from staking.models import Node as ComputeNode
from tests.chain.anchoring.line import Killed, Line
from tests.chain.devnet.client import CHAIN_ID, Client

START = datetime(2026, 1, 1, tzinfo=UTC)
CONFIRMATIONS = 4
CONTRACT = contracts.load("InfraMindSettlement")


def root(number: int) -> str:
    return "0x" + random.Random(number).randbytes(32).hex()


def settle(first: int, last: int, *, roots: dict[int, str] | None = None) -> None:
    """Settled epochs with these numbers, as their settlement would have left them."""
    version, _ = ParameterSet.objects.get_or_create(
        version=1, defaults={"from_epoch": 1, "values": {}, "digest": "", "created_at": START}
    )
    Epoch.objects.bulk_create(
        Epoch(
            number=number,
            start=START + timedelta(days=number),
            end=START + timedelta(days=number + 1),
            status="settled",
            parameters=version,
            merkle_root=(roots or {}).get(number) or root(number),
        )
        for number in range(first, last + 1)
    )


def slash(epoch: int, count: int) -> list[tuple[str, int]]:
    """Nodes that were slashed in an epoch, by rising address, with µIFM."""
    slashes = [(f"0x{0xBB00 + number:040x}", number + 1) for number in range(count)]
    zero: dict[str, Any] = {
        field.name: 0
        for field in NodeEpoch._meta.get_fields()
        if field.name not in ("pk", "epoch", "node", "status", "degraded")
    }
    for address, amount in reversed(slashes):
        node, _ = ComputeNode.objects.get_or_create(
            address=address,
            defaults={
                "operator": address,
                "signing_key": address,
                "share_bps": 5_000,
                "registered_at": START,
                "registered_epoch": 1,
            },
        )
        NodeEpoch.objects.create(
            **{**zero, "slashed": amount}, epoch=epoch, node=node, status="active", degraded=False
        )
    return slashes


class OtherDatabase:
    """Inside `with` the submitter's tables are those of another site."""

    MODELS = (Attempt, Anchor, ChainStatus)

    def __init__(self) -> None:
        self._rows: list[Any] = []

    def __enter__(self) -> None:
        self._swap()

    def __exit__(self, *_: object) -> None:
        self._swap()

    def _swap(self) -> None:
        here = [row for model in self.MODELS for row in model.objects.all()]
        for model in self.MODELS:
            model.objects.all().delete()
        for row in self._rows:
            row.save(force_insert=True)
        self._rows = here


class AnchoringNetwork:
    """A network whose node mines when it is told to; `step` is one step of the submitter."""

    def __init__(self, client: Client, settled: int = 3) -> None:
        self.client = client
        self.line = Line(client)
        self.now = datetime.now(UTC)
        self.configuration = ChainConfiguration(
            rpc_urls=("http://node.example",),
            chain_id=CHAIN_ID,
            settlement=SETTLEMENT,
            token=TOKEN,
            start_block=0,
            confirmations=CONFIRMATIONS,
            max_fee=200 * GWEI,
            max_head_age=600,
        )
        self.key = ORACLE.key
        self.second: Line | None = None
        settle(1, settled)
        client("evm_mine", 5)

    # the submitter

    def step(self) -> str:
        """One step; the code of the problem, else the outcome. It is stored as the tick stores it."""
        status = ChainStatus.objects.get_or_create(id=1)[0]
        submitter = Submitter(
            self.configuration,
            Node(self.line, "node.example"),
            Node(self.second, "second.example") if self.second else None,
            OracleAccount(self.key) if self.key else None,
        )
        try:
            outcome: str = submitter.step(status, now=self.now)
        except Problem as problem:
            _store(status, problem, self.now)
            return status.problem
        _store(status, None, self.now)
        return outcome

    def run(self, steps: int) -> list[str]:
        """Steps with a block mined after each."""
        outcomes = []
        for _ in range(steps):
            outcomes.append(self.step())
            self.client("evm_mine")
        return outcomes

    def killed_step(self) -> None:
        """A step in which the process ends."""
        try:
            self.step()
        except Killed:
            return
        raise AssertionError("the process was not killed")

    def configure(self, **changes: Any) -> None:
        self.configuration = replace(self.configuration, **changes)

    def other_database(self) -> OtherDatabase:
        """The tables of another site that uses the same key."""
        return OtherDatabase()

    # the chain

    def mine(self, count: int = 1) -> None:
        self.client("evm_mine", count)

    def act(self, account: DevelopmentAccount, function: str, *arguments: Any, **fields: int) -> str:
        """Send a call to the settlement contract; it is mined with the next block."""
        return self.client.send(account, SETTLEMENT, CONTRACT.call(function, *arguments), **fields)

    def act_now(self, account: DevelopmentAccount, function: str, *arguments: Any) -> None:
        self.act(account, function, *arguments)
        self.mine()

    def submit(
        self,
        account: DevelopmentAccount,
        number: int,
        *,
        merkle_root: str = "",
        previous: str = "",
        slashes: Sequence[tuple[str, int]] = (),
    ) -> str:
        """Anchor an epoch with a transaction that is not the submitter's; its hash."""
        before = previous or ("0x" + "00" * 32 if number == 1 else root(number - 1))
        roots = (bytes.fromhex(text[2:]) for text in (before, merkle_root or root(number)))
        gas = {"gas": 500_000} if slashes else {}
        transaction = self.act(account, "submit", number, *roots, 0, list(slashes), **gas)
        self.mine()
        return transaction

    def get(self, function: str, *arguments: Any) -> Any:
        data = "0x" + CONTRACT.call(function, *arguments).hex()
        answer = self.client("eth_call", {"to": SETTLEMENT, "data": data}, "latest")
        return CONTRACT.result(function, bytes.fromhex(answer[2:]))

    @property
    def last_epoch(self) -> int:
        return int(self.get("last_epoch"))

    def nonce(self, account: DevelopmentAccount = ORACLE) -> int:
        return self.client.number("eth_getTransactionCount", account.address, "latest")

    def events(self, name: str = "EpochSettled") -> list[tuple[Any, ...]]:
        """The values of the settlement contract's events of a name."""
        query = {
            "fromBlock": "0x0",
            "toBlock": "latest",
            "address": SETTLEMENT,
            "topics": [CONTRACT.topic(name)],
        }
        return [tuple(CONTRACT.event(log)[1].values()) for log in self.client("eth_getLogs", query)]

    def base_fee(self, wei: int) -> None:
        """Let no later block have a base fee below this."""
        self.client("devnet_setBaseFeeFloor", hex(wei))
        self.mine()

    def drop(self) -> None:
        self.client("devnet_dropTransactions")

    # rows

    def states(self) -> dict[int, str]:
        return dict(Anchor.objects.order_by("epoch").values_list("epoch", "state"))

    def attempts(self, epoch: int | None = None) -> list[Attempt]:
        rows = Attempt.objects.order_by("id")
        return list(rows if epoch is None else rows.filter(epoch=epoch))

    def status(self) -> ChainStatus:
        return ChainStatus.objects.get(id=1)

    def becomes_final(self, steps: int = 60) -> None:
        """Every settled epoch is anchored once, with its root, and counts as final."""
        count = Epoch.objects.count()
        expected = dict.fromkeys(range(1, count + 1), "final")
        for _ in range(steps):
            outcome = self.step()
            if self.states() == expected and outcome == "done":
                break
            self.mine()
        assert (self.states(), outcome) == (expected, "done")
        assert [event[0] for event in self.events()] == list(range(1, count + 1))
        for number, merkle_root in Epoch.objects.values_list("number", "merkle_root"):
            assert "0x" + self.get("root_of", number).hex() == merkle_root


__all__ = ["FAUCET", "GUARDIAN", "ORACLE", "OWNER", "AnchoringNetwork"]
