"""Builder of a small network: participants, work, ends of epochs. Amounts are IFM; people and nodes go by number
or by address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from django.db import connection, transaction
from django.test import override_settings

from delegation.models import Position, Redelegation
from delegation.selectors.wallets import WalletFigures, wallet_figures
from delegation.services import earnings, positions, redelegations
from delegation.services import unbondings as returns
from ledger import accounts
from ledger.selectors import balance
from protocol.amounts import MICRO
from protocol.parameters import DEFAULTS, JOB_CLASSES, apply_changes
from protocol.pools import claimable, value_of
from settlement.audit import audit
from settlement.epoch import settle_epoch
from settlement.state import Settlement
from staking.models import Attestation, Demand, Epoch, Heartbeat, Node, NodeEpoch, Pool, Slash, Unbonding
from staking.models import Network as NetworkRow
from staking.selectors.replay import replay
from staking.services import faucet, nodes, stakes, unbondings
from staking.services.epochs import OpenEpoch, lock_open_epoch, open_epoch, start_network, store_parameters
from staking.services.unbonding_entries import worth

START = datetime(2026, 1, 1, tzinfo=UTC)
SITE_START = datetime(2026, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
Amount = int | float | Fraction
OUTCOMES = ("completed", "timeout", "rejected", "dropped", "schema_mismatch")
PROOFS = ("valid", "unchecked", "missing", "invalid", "forged")

JOB = """
INSERT INTO staking_receipt (latency_ms, deadline_ms, credits, accepted_at, epoch, node_id, outcome, proof, job_class,
  good, region, job_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


def wallet(number: int | str) -> str:
    """The address of a wallet by its number; numbers order as addresses do. An address is returned as it is."""
    return number if isinstance(number, str) else f"0x{0xAA00_0000 + number:040x}"


def node_address(number: int | str) -> str:
    return number if isinstance(number, str) else f"0x{0xBB00_0000 + number:040x}"


def operator(number: int | str) -> str:
    return number if isinstance(number, str) else f"0x{0xCC00_0000 + number:040x}"


class Network:
    """Epoch 1 opens at START; every action happens at `now`, which moves only when an epoch is settled or by `wait`.

    `site`: a network that requests reach. Its clock stands at `now`, an hour after an epoch has opened, and a job is
    worth 1 IFM.
    """

    def __init__(self, *, site: bool = False, **parameters: Any) -> None:
        self.site = site
        self.now = SITE_START if site else START
        self.jobs = 0
        with override_settings(INFRAMIND_PARAMETERS=parameters):
            start_network(now=self.now)
        if site:
            self.set_clock(self.now + HOUR)

    @classmethod
    def current(cls) -> Network:
        """A builder over the network that the database holds, a second after its open epoch began."""
        network = cls.__new__(cls)
        network.site, network.jobs = False, 0
        with transaction.atomic():
            network.now = lock_open_epoch().start + timedelta(seconds=1)
        return network

    def parameters(self, **changes: Any) -> None:
        """Change the parameters of the open epoch and those after it, before anything is settled."""
        params = apply_changes(DEFAULTS, changes)
        version = store_parameters(version=2, params=params, from_epoch=1, proposal=None, now=self.now)
        Epoch.objects.filter(number=self.epoch.number).update(parameters=version)

    # time

    @property
    def epoch(self) -> OpenEpoch:
        epoch = open_epoch()
        assert epoch is not None
        return epoch

    def set_clock(self, now: datetime) -> None:
        """Move `now`, and the clock that requests see, to a moment."""
        self.now = now
        offset = (now - datetime.now(UTC)) // timedelta(milliseconds=1)
        NetworkRow.objects.filter(id=1).update(clock_offset_ms=offset)

    def settle(self, times: int = 1, *, worked: Iterable[str] = (), sound: bool = True) -> Settlement:
        """Let the nodes of `worked` do ten jobs each, end the open epoch, settle it and audit the books."""
        for node in worked:
            self.work(node)
        for _ in range(times):
            self.now = max(self.now, self.epoch.end)
            if self.site:
                self.set_clock(max(self.now, self.epoch.end + HOUR))
            settlement = settle_epoch(now=self.now)
            if sound:
                self.check()
                assert replay(settlement.number) == []
        return settlement

    def check(self) -> None:
        """Every rule of section 14, and what the database only checks at commit."""
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        assert audit(since=0) == []

    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    # people

    def fund(self, address: str, amount: Amount) -> str:
        faucet.fund(wallet=address, amount=micro(amount), now=self.now)
        return address

    def node(
        self, number: int | str = 1, run_by: int | str | None = None, own: Amount = 0, **more: Any
    ) -> str:
        """Register a node, run by the operator of its number or by `run_by`, with `own` IFM of the operator's stake."""
        address, runner = node_address(number), operator(number if run_by is None else run_by)
        name = f"Node {number[-2:]}" if isinstance(number, str) else f"node {number}"
        fields = {"name": name, "region": "eu-west", **more}
        nodes.register(address=address, operator=runner, now=self.now, **fields)
        if own:
            self.fund(runner, own)
            self.stake(address, own)
        return address

    def stake(self, node: str, amount: Amount) -> Any:
        return stakes.stake(node=node, amount=micro(amount), actor=self.operator_of(node), now=self.now)

    def unstake(self, node: str, amount: Amount | None = None) -> Any:
        return stakes.unstake(
            node=node,
            amount=None if amount is None else micro(amount),
            actor=self.operator_of(node),
            now=self.now,
        )

    def delegate(self, node: str, number: int | str, amount: Amount, *, fund: bool = True) -> Any:
        if fund:
            faucet.fund(wallet=wallet(number), amount=micro(amount), now=self.now)
        return positions.delegate(node=node, amount=micro(amount), wallet=wallet(number), now=self.now)

    def undelegate(self, node: str, number: int | str, amount: Amount | None = None) -> Any:
        return positions.undelegate(
            node=node, amount=None if amount is None else micro(amount), wallet=wallet(number), now=self.now
        )

    def redelegate(
        self, source: str, target: str, number: int | str, amount: Amount | None = None
    ) -> Redelegation:
        return redelegations.redelegate(
            source=source,
            target=target,
            amount=None if amount is None else micro(amount),
            wallet=wallet(number),
            now=self.now,
        )

    def claim(self, node: str, number: int | str) -> int:
        return earnings.claim(node=node, wallet=wallet(number), now=self.now).amount

    def claim_own(self, node: str) -> int:
        return stakes.claim_operator(node=node, actor=self.operator_of(node), now=self.now).amount

    def compound(self, node: str, number: int | str) -> int:
        return earnings.compound(node=node, wallet=wallet(number), now=self.now).amount

    def cancel(self, unbonding: int, by: str) -> Any:
        return returns.cancel(unbonding=unbonding, wallet=by, now=self.now)

    def withdraw(self, unbonding: int, by: str) -> Any:
        return unbondings.withdraw(unbonding=unbonding, wallet=by, now=self.now)

    def change(self, node: str, **changes: Any) -> Node:
        return nodes.change(node=node, actor=self.operator_of(node), changes=changes, now=self.now)

    def operator_of(self, node: str) -> str:
        return Node.objects.get(address=node).operator

    # work

    def work(
        self,
        node: str,
        jobs: int = 10,
        *,
        credits: int | None = None,
        latency: int = 100,
        deadline: int | None = None,
        outcome: str = "completed",
        proof: str = "valid",
        region: str = "eu-west",
        job_class: str = "cpu",
    ) -> list[str]:
        """Receipts of the open epoch as the ingest would have recorded them; answers with their job ids."""
        credits = (MICRO if self.site else 1_000) if credits is None else credits
        deadline = (1_000 if self.site else 2_000) if deadline is None else deadline
        ids = [f"job-{self.jobs + number}" for number in range(jobs)]
        self.jobs += jobs
        record_jobs(
            node, ids, epoch=self.epoch.number, at=self.now, credits=credits, latency=latency, deadline=deadline,
            outcome=outcome, proof=proof, region=region, job_class=job_class,
        )  # fmt: skip
        return ids

    def beat(self, node: str, slots: Iterable[int]) -> None:
        """Heartbeats of a node in slots of the open epoch."""
        epoch = self.epoch.number
        node_id = Node.objects.get(address=node).id
        with connection.cursor() as cursor:
            cursor.execute("SELECT staking_open_partition(%s)", [epoch])
        Heartbeat.objects.bulk_create(Heartbeat(epoch=epoch, slot=slot, node_id=node_id) for slot in slots)

    def fake(self, node: str) -> None:
        """An attestation that shows less hardware than the node declares."""
        record_shortfall(
            node, epoch=self.epoch.number, at=self.now, declared={"gpus": 4}, measured={"gpus": 3}
        )

    # what is there

    def row(self, node: str, epoch: int | None = None) -> NodeEpoch:
        """The node's row of a settled epoch, the last one by default."""
        rows = NodeEpoch.objects.filter(node__address=node)
        return rows.get(epoch=epoch) if epoch else rows.latest("epoch")

    def available(self, address: str) -> int:
        return balance(accounts.wallet(address))

    def figures(self, address: str) -> WalletFigures:
        return wallet_figures(address, now=self.now)

    def value(self, node: str, number: int | str) -> int:
        """Return the value of a wallet's position, µIFM; 0 for shares of a void generation."""
        pool = Pool.objects.get(node__address=node)
        held = Position.objects.filter(
            node__address=node, wallet=wallet(number), generation=pool.generation
        ).first()
        return value_of(held.shares, pool.tokens, pool.shares) if held else 0

    def slash(self, node: str, offence: str | None = None) -> Slash:
        """The node's newest slash, of one offence if asked."""
        slashes = Slash.objects.filter(node__address=node)
        return (slashes.filter(offence=offence) if offence else slashes).latest("id")

    def entry(self, entry: Unbonding) -> int:
        """Return the present value of an unbonding entry, µIFM."""
        return worth(Unbonding.objects.select_related("bucket").get(pk=entry.pk))

    def owed(self, node: str, number: int | str) -> int:
        """Whole µIFM that a wallet could claim on a node now."""
        from delegation.services.accrual import lock_settled_position

        return claimable(lock_settled_position(node, wallet(number)).position.owed)


def record_jobs(
    node: str,
    ids: Sequence[str],
    *,
    epoch: int,
    at: datetime,
    credits: int,
    latency: int = 100,
    deadline: int = 2_000,
    outcome: str = "completed",
    proof: str = "valid",
    region: str = "eu-west",
    job_class: str = "cpu",
) -> None:
    """A receipt for each job id and the demand of the jobs, as the ingest would have recorded them."""
    good = outcome == "completed" and proof in ("valid", "unchecked") and latency <= deadline
    row = [latency, deadline, credits, at, epoch, Node.objects.get(address=node).id, OUTCOMES.index(outcome),
           PROOFS.index(proof), JOB_CLASSES.index(job_class), good, region]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT staking_open_partition(%s)", [epoch])
        cursor.executemany(JOB, [[*row, job_id] for job_id in ids])
    if outcome != "rejected" and ids:
        Demand.objects.create(epoch=epoch, region=region, jobs=len(ids))


def record_shortfall(
    node: str, *, epoch: int, at: datetime, declared: dict[str, int], measured: dict[str, int]
) -> None:
    """An attestation of less hardware than the node declares."""
    Attestation.objects.create(
        node=Node.objects.get(address=node),
        epoch=epoch,
        at=at,
        declared=declared,
        measured=measured,
        shortfalls=sorted(declared),
    )


def micro(amount: Amount) -> int:
    """IFM as µIFM; a fraction must be exact in six digits."""
    exact = amount * MICRO
    assert exact == int(exact), amount
    return int(exact)
