"""Effect of changed parameters: a replay of the last settled epochs, for the network and for one wallet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter

from governance.replay import NodeRow, Outcome, PastEpoch, SlashRow, delegator_reward, recorded, replay
from protocol.parameters import Parameters
from staking.models import Epoch, Node, NodeEpoch, Slash, StakeCheckpoint
from staking.services.epochs import parameters_of

EPOCHS = 10
# Limit of node rows, so that a preview stays fast on a large network.
MAX_ROWS = 30_000
NODE_FIELDS = (
    "node_id", "weight", "accepted", "sla_bps", "rejection_bps", "uptime_bps", "variation_bps",
    "latency_percentile_bps", "scarcity_bps", "credits", "active_stake", "active_pool",
    "share_bps", "reward", "operator_reward", "delegators_reward",
)  # fmt: skip
SLASH_FIELDS = ("delegated_slashed", "slashed", "node__custodial", "burned", "honest", "returned")


@dataclass(frozen=True, slots=True)
class WalletReward:
    """The rewards of a wallet in the replayed epochs, as operator and as delegator, before and after; µIFM."""

    before: int
    after: int

    @property
    def difference(self) -> int:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class RewardChange:
    """A node with its rewards of all replayed epochs before and after; µIFM."""

    address: str
    name: str
    before: int
    after: int

    @property
    def difference(self) -> int:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect that proposed parameters would have had on the last settled epochs."""

    first_epoch: int
    last_epoch: int
    before: Outcome
    after: Outcome
    nodes: tuple[RewardChange, ...]
    mine: WalletReward | None

    @property
    def gaining(self) -> tuple[RewardChange, ...]:
        """Nodes with a higher reward, largest gain first."""
        return tuple(
            sorted((n for n in self.nodes if n.difference > 0), key=attrgetter("difference"), reverse=True)
        )

    @property
    def losing(self) -> tuple[RewardChange, ...]:
        """Nodes with a lower reward, largest loss first."""
        return tuple(sorted((n for n in self.nodes if n.difference < 0), key=attrgetter("difference")))

    @property
    def epochs(self) -> int:
        return self.last_epoch - self.first_epoch + 1


def effect_of(params: Parameters, wallet: str | None) -> Effect | None:
    """Replay the last settled epochs under `params`; None while no epoch is settled."""
    settled = _settled()
    if not settled:
        return None
    past, before = _recorded(tuple(settled))
    after = _replayed(tuple(settled), params)
    return Effect(
        first_epoch=past[0].number,
        last_epoch=past[-1].number,
        before=before,
        after=after,
        nodes=_reward_changes(before.by_node(), after.by_node()),
        mine=None if wallet is None else _wallet_reward(wallet, past, before, after),
    )


def past_epochs(numbers: Sequence[int]) -> list[PastEpoch]:
    """Return settled epochs with the work and rewards of their nodes, oldest first."""
    rows, slashes = _rows(numbers), _slashes(numbers)
    return [
        PastEpoch(
            number=epoch.number,
            pool=epoch.pool or 0,
            minted=epoch.minted or 0,
            params=parameters_of(epoch.parameters.digest),
            nodes=tuple(rows[epoch.number]),
            slashes=tuple(slashes[epoch.number]),
        )
        for epoch in Epoch.objects.filter(number__in=numbers).select_related("parameters").order_by("number")
    ]


def _settled() -> list[tuple[int, str]]:
    """Return the last settled epochs with their plan hashes; fewer when the network is very large."""
    settled = Epoch.objects.filter(status=Epoch.Status.SETTLED).order_by("-number")
    limit = min(EPOCHS, max(MAX_ROWS // max(Node.objects.count(), 1), 1))
    return list(settled.values_list("number", "plan_hash")[:limit])


# Settled epochs never change, so each process reads them once and replays each set of parameters once.
@lru_cache(maxsize=2)
def _recorded(settled: tuple[tuple[int, str], ...]) -> tuple[list[PastEpoch], Outcome]:
    past = past_epochs([number for number, _ in settled])
    return past, recorded(past)


@lru_cache(maxsize=32)
def _replayed(settled: tuple[tuple[int, str], ...], params: Parameters) -> Outcome:
    return replay(_recorded(settled)[0], params)


def _rows(numbers: Sequence[int]) -> dict[int, list[NodeRow]]:
    rows: dict[int, list[NodeRow]] = defaultdict(list)
    records = NodeEpoch.objects.filter(epoch__in=numbers).order_by("epoch", "node_id")
    for number, *values in records.values_list("epoch", *NODE_FIELDS):
        rows[number].append(NodeRow(*values))
    return rows


def _slashes(numbers: Sequence[int]) -> dict[int, list[SlashRow]]:
    slashes: dict[int, list[SlashRow]] = defaultdict(list)
    executed = Slash.objects.filter(status=Slash.Status.EXECUTED, resolved_epoch__in=numbers).order_by("pk")
    for number, *values in executed.values_list("resolved_epoch", *SLASH_FIELDS):
        slashes[number].append(SlashRow(*values))
    return slashes


def _reward_changes(before: dict[int, int], after: dict[int, int]) -> tuple[RewardChange, ...]:
    names = {pk: (address, name) for pk, address, name in Node.objects.values_list("id", "address", "name")}
    return tuple(
        RewardChange(*names[node], reward, after[node])
        for node, reward in before.items()
        if after[node] != reward
    )


def _wallet_reward(wallet: str, past: list[PastEpoch], before: Outcome, after: Outcome) -> WalletReward:
    """Sum the rewards of own nodes and of active shares; an estimate that ignores the floors of the reward index."""
    own = set(Node.objects.filter(operator=wallet).values_list("id", flat=True))
    numbers = [epoch.number for epoch in past]
    sums = [0, 0]
    for index, outcome in enumerate((before, after)):
        for (_, node), reward in outcome.rewards.items():
            sums[index] += reward.operator if node in own else 0
    for number, node, shares, all_shares in _active_shares(wallet, numbers):
        for index, outcome in enumerate((before, after)):
            sums[index] += delegator_reward(outcome.rewards[number, node], shares, all_shares)
    return WalletReward(*sums)


def _active_shares(wallet: str, numbers: list[int]) -> list[tuple[int, int, int, int]]:
    """Return (epoch, node, own active shares, all active shares) from the wallet's checkpoints."""
    checkpoints: dict[int, list[StakeCheckpoint]] = defaultdict(list)
    for row in StakeCheckpoint.objects.filter(wallet=wallet, epoch__lte=numbers[-1]).order_by("epoch"):
        checkpoints[row.node_id].append(row)
    records = NodeEpoch.objects.filter(node_id__in=checkpoints, epoch__in=numbers, active_shares__gt=0)
    active = []
    for number, node, all_shares in records.values_list("epoch", "node_id", "active_shares"):
        last = next((row for row in reversed(checkpoints[node]) if row.epoch <= number), None)
        shares = 0 if last is None else last.active if last.epoch == number else last.shares
        if 0 < shares <= all_shares:
            active.append((number, node, shares, all_shares))
    return active
