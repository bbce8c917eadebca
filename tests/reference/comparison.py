"""Every row of the engine against the plain model, and what the API shows against both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from delegation.models import Position, Redelegation
from delegation.selectors.earnings import earned_by_epoch
from delegation.selectors.positions import positions_of_wallet
from delegation.selectors.statement import Period, lines, statement
from delegation.selectors.unbondings import unbondings_of_wallet
from delegation.selectors.wallets import wallet_figures
from delegation.services.accrual import lock_settled_position
from governance.models import Dispute, Proposal
from ledger.models import Account
from protocol.pending import since
from staking.measurement.node_inputs import read_nodes
from staking.models import Bucket, Epoch, Node, NodeEpoch, Pool, Slash, Unbonding
from staking.selectors.nodes import node_figures
from staking.selectors.voting_power import quorum_base, voting_power
from staking.services import stakes
from tests.network import Network
from tests.reference.model import Model
from tests.reference.state import TIERS

ROW = (
    "status", "accepted", "good", "rejected", "dropped", "mismatched", "invalid", "forged", "sla_bps",
    "rejection_bps", "uptime_bps", "latency_ms", "variation_bps", "latency_percentile_bps", "scarcity_bps",
    "degraded", "q_latency", "q_uptime", "q_stake", "q_scarcity", "q_sla", "q_bps", "tier", "credits", "weight",
    "active_stake", "active_pool", "active_shares", "share_bps", "reward", "operator_reward", "delegators_reward",
    "honest_reward", "slashed", "penalty_bps", "reputation", "self_stake", "generation", "pool_tokens",
    "pool_shares", "reward_index", "index_carry",
)  # fmt: skip


class Comparison:
    """Raises AssertionError at the first row that differs; `people` are the wallets that are looked at."""

    def __init__(self, net: Network, model: Model, people: list[str]) -> None:
        self.net, self.model, self.people = net, model, people

    def briefly(self) -> None:
        """Money, nodes and pools: after every act."""
        model = self.model
        assert dict(Account.objects.exclude(balance=0).values_list("name", "balance")) == {
            name: amount for name, amount in model.accounts.items() if amount
        }
        assert {node.address: node.status for node in read_nodes(model.epoch)} == {
            address: model.status(address) for address in model.nodes
        }
        for node in Node.objects.select_related("pool"):
            self._node(node, node.pool)

    def fully(self) -> None:
        """Every row, and what each is computed from: after every settlement."""
        self.briefly()
        model = self.model
        assert list(Unbonding.objects.order_by("id").values_list("shares", "status", "paid", "epoch")) == [
            (entry.shares, entry.status, entry.paid, entry.epoch) for entry in model.entries
        ]
        assert {(n, k, e): (t, s) for n, k, e, t, s in Bucket.objects.values_list(
            "node__address", "kind", "epoch", "tokens", "shares")} == {
            key: (bucket.tokens, bucket.shares) for key, bucket in model.buckets.items()
        }  # fmt: skip
        assert list(Redelegation.objects.order_by("id").values_list("status", "moved")) == [
            (redelegation.status, redelegation.moved) for redelegation in model.redelegations
        ]
        for node in Node.objects.all():
            assert stakes.operator_claimable(node) == model.nodes[node.address].operator_owed
        self._positions()
        self._cases()

    def after_settlement(self) -> None:
        """Compare also the rows of the settled epoch, and voting powers."""
        self.fully()
        self._rows()
        self._powers()

    def shown(self) -> None:
        """Compare earnings, statements, wallets and nodes in the API; too slow to run after every settlement."""
        self._earnings()
        self._figures()

    def _node(self, node: Node, pool: Pool) -> None:
        expected, epoch = self.model.nodes[node.address], self.model.epoch
        assert node.self_stake == expected.own
        assert since(node.pending, epoch) == _nonzero(expected.own_made)
        assert (pool.tokens, pool.shares, pool.generation) == (
            expected.tokens,
            expected.shares,
            expected.generation,
        )
        made: Counter[int] = Counter()
        for position in expected.positions.values():
            made.update(position.made)
        assert since(pool.pending, epoch) == _nonzero(made)

    def _positions(self) -> None:
        for position in Position.objects.select_related("node", "node__pool"):
            node = position.node
            expected = self.model.nodes[node.address].positions[position.wallet]
            live = position.generation == node.pool.generation
            assert (position.shares if live else 0) == expected.shares
            settled = lock_settled_position(node.address, position.wallet).position
            assert (settled.owed, settled.pending) == (expected.owed, _nonzero(expected.made))

    def _cases(self) -> None:
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
        assert list(Proposal.objects.order_by("id").values_list("status", "closes_epoch")) == [
            (proposal.status, proposal.closes) for proposal in self.model.proposals
        ]
        params = self.net.epoch.params
        assert {name: getattr(params, name) for name in self.model.params} == self.model.params

    def _earnings(self) -> None:
        assert {
            (row.epoch, row.node, by): row.amount
            for by in self.people
            for row in earned_by_epoch(by, first=1, last=self.model.epoch)
        } == self.model.earned

    def _figures(self) -> None:
        """Compare the figures of wallets and nodes in the API."""
        for address in self.people:
            figures = wallet_figures(address, now=self.net.now)
            assert (
                figures.available,
                figures.staked,
                figures.delegated,
                figures.unbonding,
                figures.claimable,
            ) == (self.model.wallet(address))
            for entry in unbondings_of_wallet(address, now=self.net.now, status="open"):
                open_one = self.model.entries[self._numbers()[entry.id]]
                assert (entry.amount, entry.reached) == (
                    self.model.worth(open_one),
                    self.model.is_held(open_one),
                )
            for position in positions_of_wallet(address):
                assert position.value == self.model.value(position.node, address)
                held = self.model.nodes[position.node].positions[address].shares
                assert bool(position.liable_slashes) == bool(held and self.model.is_accused(position.node))
            shown = statement(address, Period())
            assert shown.earned_total == shown.claimed + shown.claimable
            moved = lines(address, Period())
            assert (moved[-1].balance if moved else 0) == figures.available
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

    def _rows(self) -> None:
        settled = Epoch.objects.get(number=self.model.epoch - 1)
        assert (settled.pool, settled.carry) == (self.model.report["pool"], self.model.report["carry"])
        rows = NodeEpoch.objects.filter(epoch=settled.number).values("node__address", *ROW)
        assert {row.pop("node__address"): row for row in rows} == {
            address: {name: row[name] for name in ROW} for address, row in self.model.rows.items()
        }

    def _powers(self) -> None:
        powers, base = self.model.powers[self.model.epoch]
        assert quorum_base(epoch=self.model.epoch) == base
        for address in self.people:
            assert voting_power(address, epoch=self.model.epoch) == powers.get(address, 0)


def _nonzero(made: Mapping[int, int]) -> dict[int, int]:
    return {epoch: amount for epoch, amount in made.items() if amount}
