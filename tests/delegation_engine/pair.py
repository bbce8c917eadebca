"""The engine and the plain model side by side: each act goes to both, and both must answer and stand alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from delegation.models import Position, Redelegation
from delegation.selectors.earnings import earned_by_epoch
from delegation.selectors.positions import positions_of_wallet
from delegation.selectors.unbondings import unbondings_of_wallet
from delegation.selectors.wallets import wallet_figures
from delegation.services import earnings, positions, redelegations
from delegation.services.accrual import touched
from governance.models import Dispute
from governance.services.disputes import open_dispute
from governance.services.votes import vote_dispute
from staking.ledger.models import Account
from staking.models import Bucket, Epoch, Node, NodeEpoch, Pool, Slash, Unbonding
from staking.protocol.errors import ProtocolError
from staking.selectors.nodes import node_figures
from staking.selectors.voting_power import quorum_base, voting_power
from staking.services import faucet, stakes
from staking.services.unbondings import release_due
from tests.network import Network, node_address, operator

from . import settlement
from .model import TIERS, Model, Refused
from .reference import Reference

ROW = (
    "status", "accepted", "good", "rejected", "dropped", "mismatched", "invalid", "forged", "sla_bps",
    "rejection_bps", "uptime_bps", "latency_ms", "variation_bps", "latency_percentile_bps", "scarcity_bps",
    "degraded", "q_latency", "q_uptime", "q_stake", "q_scarcity", "q_sla", "q_bps", "tier", "credits", "weight",
    "active_stake", "active_pool", "active_shares", "share_bps", "reward", "operator_reward", "delegators_reward",
    "honest_reward", "slashed", "penalty_bps", "reputation", "self_stake", "generation", "pool_tokens",
    "pool_shares", "reward_index", "index_carry",
)  # fmt: skip


class Pair:
    """Acts are named as in Network; nodes, wallets and entries go by their numbers."""

    def __init__(self, parameters: dict[str, Any], model: Model) -> None:
        self.net = Network(**parameters)
        self.model = model
        self.reference = Reference(model)
        self.people: list[str] = []
        self.codes: set[str] = set()

    def node(self, number: int, *, run_by: int | None = None, cap: int | None = None, **more: Any) -> None:
        runner = operator(number if run_by is None else run_by)
        self.net.node(number, run_by=run_by, delegation_cap=cap, **more)
        self.model.register(node_address(number), runner, cap=cap, **more)

    def fund(self, address: str, amount: int) -> None:
        faucet.fund(wallet=address, amount=amount, now=self.net.now)
        self.model.fund(address, amount)
        self.people.append(address)

    def act(self, name: str, *args: Any) -> str | None:
        """One act on both; answers with the code of the refusal, or None."""
        self.reference.before()
        code = _code(lambda: getattr(self, f"_{name}")(*args))
        expected = _code(lambda: getattr(self.model, name)(*args))
        assert code == expected, f"{name}{args}: {code}, by the text {expected}"
        if code is None and name in ("delegate", "undelegate", "claim", "compound"):
            self.reference.after_act(name, args[0], args[1])
        self.codes.add(code or name)
        self.compare()
        return code

    def wait(self, seconds: int) -> None:
        self.net.wait(seconds)
        self.model.now += seconds

    def work(self, number: int, jobs: int, **more: Any) -> None:
        """Receipts as Network.work records them."""
        made: dict[str, Any] = {"credits": 1_000, "latency": 100, "deadline": 2_000, "outcome": "completed",
                                "proof": "valid", "region": "eu-west", **more}  # fmt: skip
        self.net.work(node_address(number), jobs, **made)
        made["good"] = (
            made["outcome"] == "completed"
            and made["proof"] in ("valid", "unchecked")
            and made["latency"] <= made["deadline"]
        )
        self.model.jobs += [{**made, "node": node_address(number)} for _ in range(jobs)]

    def beat(self, number: int, slots: set[int]) -> None:
        address = node_address(number)
        new = {slot for slot in slots if (address, slot) not in self.model.beats}
        self.net.beat(address, sorted(new))
        self.model.beats |= {(address, slot) for slot in new}

    def fake(self, number: int) -> None:
        self.net.fake(node_address(number))
        self.model.faked.add(node_address(number))

    def change_cap(self, number: int, cap: int | None) -> None:
        address = node_address(number)
        if not self.model.nodes[address].retired:
            self.net.change(address, delegation_cap=cap)
            self.model.nodes[address].cap = cap

    def retire(self, number: int) -> None:
        address = node_address(number)
        if not self.model.nodes[address].retired:
            self.net.change(address, status="retired")
            self.model.nodes[address].retired = True

    def settle(self) -> None:
        self.reference.before()
        self.net.settle()
        settlement.settle(self.model)
        self.reference.after_settlement()
        self.compare_all()
        self._compare_rows()
        self._compare_powers()
        self._compare_earnings()
        self._compare_figures()

    # the acts on the engine

    def _stake(self, node: str, amount: int) -> None:
        stakes.stake(node=node, amount=amount, actor=self.net.operator_of(node), now=self.net.now)

    def _unstake(self, node: str, amount: int | None) -> None:
        stakes.unstake(node=node, amount=amount, actor=self.net.operator_of(node), now=self.net.now)

    def _change_share(self, node: str, share: int) -> None:
        self.net.change(node, delegator_share_bps=share)

    def _delegate(self, node: str, by: str, amount: int) -> None:
        positions.delegate(node=node, wallet=by, amount=amount, now=self.net.now)

    def _undelegate(self, node: str, by: str, amount: int | None) -> None:
        positions.undelegate(node=node, wallet=by, amount=amount, now=self.net.now)

    def _redelegate(self, source: str, target: str, by: str, amount: int | None) -> None:
        redelegations.redelegate(source=source, target=target, wallet=by, amount=amount, now=self.net.now)

    def _claim(self, node: str, by: str) -> None:
        earnings.claim(node=node, wallet=by, now=self.net.now)

    def _compound(self, node: str, by: str) -> None:
        earnings.compound(node=node, wallet=by, now=self.net.now)

    def _cancel(self, number: int, by: str) -> None:
        self.net.cancel(self._entry(number), by)

    def _withdraw(self, number: int, by: str) -> None:
        self.net.withdraw(self._entry(number), by)

    def _release(self) -> None:
        release_due(now=self.net.now)

    def _dispute(self, slash: Any) -> None:
        number = self.model.slashes.index(slash)
        open_dispute(
            slash=Slash.objects.order_by("id")[number].pk,
            reason="it was not so",
            actor=self.model.nodes[slash.node].operator,
            now=self.net.now,
        )

    def _vote(self, dispute: Any, by: str, choice: str) -> None:
        found = Dispute.objects.order_by("id")[self.model.disputes.index(dispute)]
        vote_dispute(dispute=found.pk, choice=choice, reason="", wallet=by, now=self.net.now)

    def _entry(self, number: int) -> int:
        return Unbonding.objects.order_by("id")[number].pk

    # the comparison

    def compare(self) -> None:
        """Money, nodes and pools: after every act."""
        model = self.model
        assert dict(Account.objects.exclude(balance=0).values_list("name", "balance")) == {
            name: amount for name, amount in model.accounts.items() if amount
        }
        for node in Node.objects.select_related("pool"):
            self._compare_node(node, node.pool)

    def compare_all(self) -> None:
        """Every row, and what each is computed from: after every settlement."""
        self.compare()
        model = self.model
        assert list(Unbonding.objects.order_by("id").values_list("shares", "status", "paid", "epoch")) == [
            (entry.shares, entry.status, entry.paid, entry.epoch) for entry in model.entries
        ]
        assert {(n, k, e): (t, s) for n, k, e, t, s in Bucket.objects.values_list(
            "node__address", "kind", "epoch", "tokens", "shares")} == {
            key: (bucket.tokens, bucket.shares) for key, bucket in model.buckets.items()
        }  # fmt: skip
        assert list(Redelegation.objects.order_by("id").values_list("status", "moved")) == [
            (wish.status, wish.moved) for wish in model.redelegations
        ]
        for node in Node.objects.all():
            assert stakes.operator_claimable(node) == model.nodes[node.address].operator_owed
        self._compare_positions()
        self._compare_cases()

    def _compare_node(self, node: Node, pool: Pool) -> None:
        found, epoch = self.model.nodes[node.address], self.model.epoch
        assert (node.self_stake, node.pending_in(epoch)) == (found.own, found.own_pending)
        assert node.status_in(epoch) == self.model.status(node.address)
        assert (pool.tokens, pool.shares, pool.generation) == (found.tokens, found.shares, found.generation)
        assert pool.pending_in(epoch) == found.pending

    def _compare_positions(self) -> None:
        for position in Position.objects.select_related("node", "node__pool"):
            node = position.node
            found = self.model.nodes[node.address].positions[position.wallet]
            live = position.generation == node.pool.generation
            assert (position.shares if live else 0) == found.shares
            assert touched(node, position.wallet, self.model.epoch).owed == found.owed

    def _compare_cases(self) -> None:
        rows = Slash.objects.order_by("id").values_list(
            "node__address", "offence", "epoch", "status", "self_bps", "delegated_bps", "base_self", "base_delegated",
            "cooldown_until", "ban", "disputable_until_epoch", "due_epoch", "self_slashed", "delegated_slashed",
            "burned", "honest", "returned",
        )  # fmt: skip
        assert list(rows) == [
            (s.node, s.offence, s.epoch, s.status, *s.rates, *s.bases, s.cooldown, s.ban, s.until, s.due, *s.taken,
             s.burned, s.honest, s.returned)
            for s in self.model.slashes
        ]  # fmt: skip
        assert list(Dispute.objects.order_by("id").values_list("status", "closes_epoch")) == [
            (dispute.status, dispute.closes) for dispute in self.model.disputes
        ]

    def _compare_earnings(self) -> None:
        assert {
            (row.epoch, row.node, by): row.amount
            for by in self.people
            for row in earned_by_epoch(by, first=1, last=self.model.epoch)
        } == self.model.earned

    def _compare_figures(self) -> None:
        """What the doors show of wallets and nodes."""
        for address in self.people:
            found = wallet_figures(address, now=self.net.now)
            assert (found.available, found.staked, found.delegated, found.unbonding, found.claimable) == (
                self.model.wallet(address)
            )
            for entry in unbondings_of_wallet(address, status="open"):
                open_one = self.model.entries[self._numbers()[entry.id]]
                assert (entry.amount, entry.held) == (
                    self.model.worth(open_one),
                    self.model.is_held(open_one),
                )
            for position in positions_of_wallet(address):
                assert position.value == self.model.value(position.node, address)
                held = self.model.nodes[position.node].positions[address].shares
                assert bool(position.liable_slashes) == bool(held and self.model.is_accused(position.node))
        for address, node in self.model.nodes.items():
            shown = node_figures(address, now=self.net.now)
            assert (shown.self_stake, shown.delegated, shown.status) == (
                node.own,
                node.tokens,
                self.model.status(address),
            )
            assert shown.unbonding == self.model.accounts[f"unbonding:{address}"]
            assert shown.tier == max(n for n, tier in enumerate(TIERS) if tier[0] <= node.own + node.tokens)
            assert (shown.pending_slash, shown.reputation) == (
                self.model.is_accused(address),
                node.reputation,
            )

    def _numbers(self) -> dict[int, int]:
        return {
            pk: number
            for number, pk in enumerate(Unbonding.objects.order_by("id").values_list("id", flat=True))
        }

    def _compare_rows(self) -> None:
        settled = Epoch.objects.get(number=self.model.epoch - 1)
        assert (settled.pool, settled.carry) == (self.model.report["pool"], self.model.report["carry"])
        rows = NodeEpoch.objects.filter(epoch=settled.number).values("node__address", *ROW)
        assert {row.pop("node__address"): row for row in rows} == {
            address: {name: row[name] for name in ROW} for address, row in self.model.rows.items()
        }

    def _compare_powers(self) -> None:
        powers, base = self.model.powers[self.model.epoch]
        assert quorum_base(epoch=self.model.epoch) == base
        for address in self.people:
            assert voting_power(address, epoch=self.model.epoch) == powers.get(address, 0)


def _code(act: Callable[[], object]) -> str | None:
    try:
        act()
    except ProtocolError as refusal:
        return refusal.code
    except Refused as refusal:
        return str(refusal)
    return None
