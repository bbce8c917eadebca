"""A small network that a test lives through: a few nodes and wallets, epochs that are worked and settled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from rest_framework.test import APIClient

from delegation.selectors.wallets import WalletFigures, wallet_figures
from identity.tokens import issue
from protocol.addresses import checksum
from protocol.amounts import MICRO
from protocol.parameters import DEFAULTS, apply_changes
from settlement.audit import audit
from settlement.epoch import settle_epoch
from staking.models import Epoch, Network, Node
from staking.services import faucet, nodes, stakes
from staking.services.epochs import open_epoch, start_network, store_parameters
from tests.network import OUTCOMES, PROOFS, record_jobs

START = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)


def address(tail: str) -> str:
    return "0x" + tail.rjust(40, "0")


OLGA, OTTO = address("0a01"), address("0a02")  # operators
ANNA, BELA, CARL = address("0b01"), address("0b02"), address("0b03")  # wallets
NORTH, SOUTH, EAST = address("0c01"), address("0c02"), address("0c03")  # nodes


class Net:
    """What a story needs: amounts in whole IFM, time that only moves when an epoch is settled."""

    def __init__(self) -> None:
        self.jobs = count(1)
        start_network(now=START)
        self.set_clock(START + timedelta(hours=1))

    def parameters(self, **changes: Any) -> None:
        """Other parameters for the open epoch and those after it, before anything is settled."""
        params = apply_changes(DEFAULTS, changes)
        version = store_parameters(version=2, params=params, from_epoch=1, proposal=None, now=self.now)
        Epoch.objects.filter(number=self.epoch).update(parameters=version)

    def set_clock(self, now: datetime) -> None:
        """Put the network clock at a moment."""
        self.now = now
        offset = (now - datetime.now(UTC)) // timedelta(milliseconds=1)
        Network.objects.filter(id=1).update(clock_offset_ms=offset)

    @property
    def epoch(self) -> int:
        epoch = open_epoch()
        assert epoch is not None
        return epoch.number

    def node(self, node: str, operator: str, stake: int = 1_000, **fields: Any) -> Node:
        made = nodes.register(
            address=node,
            operator=operator,
            name=f"Node {node[-2:]}",
            now=self.now,
            **{"region": "eu-west", **fields},
        )
        if stake:
            self.stake(node, operator, stake)
        return made

    def stake(self, node: str, operator: str, amount: int) -> None:
        """Fund the operator with whole IFM and stake them."""
        self.fund(operator, amount)
        stakes.stake(node=node, amount=amount * MICRO, actor=operator, now=self.now)

    def fund(self, wallet: str, amount: int) -> None:
        faucet.fund(wallet=wallet, amount=amount * MICRO, now=self.now)

    def work(self, node: str, *, good: int = 10, bad: int = 0, proof: int = 0, outcome: int = 0) -> None:
        """Jobs of the open epoch, 1 IFM each; `proof` and `outcome` are those of the bad ones."""
        job: dict[str, Any] = {"epoch": self.epoch, "at": self.now, "credits": MICRO, "deadline": 1_000}
        record_jobs(node, self._ids(good), **job)
        record_jobs(node, self._ids(bad), **job, proof=PROOFS[proof], outcome=OUTCOMES[outcome])

    def _ids(self, number: int) -> list[str]:
        return [f"job-{next(self.jobs)}" for _ in range(number)]

    def settle(self, *worked: str) -> int:
        """Let nodes work, settle the open epoch, check the books; the number of the epoch that is then open."""
        for node in worked:
            self.work(node)
        epoch = open_epoch()
        assert epoch is not None
        self.set_clock(epoch.end + timedelta(hours=1))
        settle_epoch(now=self.now, number=epoch.number)
        assert audit() == []
        return self.epoch

    def wallet(self, wallet: str) -> WalletFigures:
        return wallet_figures(wallet, now=self.now)


class Caller:
    """A wallet's programs: the API with its token."""

    def __init__(self, wallet: str, scope: str = "write") -> None:
        self.wallet = wallet
        secret, _ = issue(wallet=wallet, scope=scope, now=datetime.now(UTC))
        self.client = APIClient(headers={"Authorization": f"Bearer {secret}"})

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.client.post(f"/api/v1/{path}", body if body is not None else {}, format="json", **headers)

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1/{path}", query)


def shown(wallet: str) -> str:
    """As answers show it."""
    return checksum(wallet)
