"""The last settled epochs as rows for a replay, and what a wallet had at work in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter

from governance.replay import NodeRow, Outcome, PastEpoch, SlashRow, part_of_delegator, recorded, replay
from protocol.parameters import Parameters
from staking.models import Epoch, Node, NodeEpoch, Slash, StakeCheckpoint
from staking.services.epochs import parameters_of

EPOCHS = 10
# A preview reads at most so many rows, so that it stays a page and not a job.
ROWS_MOST = 30_000
NODE_FIELDS = (
    "node_id", "status", "accepted", "sla_bps", "rejection_bps", "uptime_bps", "variation_bps",
    "latency_percentile_bps", "scarcity_bps", "credits", "invalid", "forged", "active_stake", "active_pool",
    "share_bps", "reward", "operator_reward", "delegators_reward",
)  # fmt: skip
SLASH_FIELDS = ("delegated_slashed", "slashed", "node__custodial", "burned", "honest", "returned")


@dataclass(frozen=True, slots=True)
class Mine:
    """What a wallet earned in the replayed epochs, as operator and as delegator, before and after; µIFM."""

    before: int
    after: int

    @property
    def difference(self) -> int:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Moved:
    """A node with its rewards of all replayed epochs before and after."""

    address: str
    name: str
    before: int
    after: int

    @property
    def difference(self) -> int:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Effect:
    """What proposed parameters would have changed in the last settled epochs."""

    first_epoch: int
    last_epoch: int
    before: Outcome
    after: Outcome
    nodes: tuple[Moved, ...]
    mine: Mine | None

    @property
    def gaining(self) -> tuple[Moved, ...]:
        """Nodes that gain, most first."""
        return tuple(
            sorted((n for n in self.nodes if n.difference > 0), key=attrgetter("difference"), reverse=True)
        )

    @property
    def losing(self) -> tuple[Moved, ...]:
        """Nodes that lose, most first."""
        return tuple(sorted((n for n in self.nodes if n.difference < 0), key=attrgetter("difference")))

    @property
    def epochs(self) -> int:
        return self.last_epoch - self.first_epoch + 1


def effect_of(params: Parameters, wallet: str | None) -> Effect | None:
    """Replay the last settled epochs under `params`; None while there is none."""
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
        nodes=_moved(before.by_node(), after.by_node()),
        mine=None if wallet is None else _mine(wallet, past, before, after),
    )


def past_epochs(numbers: Sequence[int]) -> list[PastEpoch]:
    """Settled epochs with what nodes did in them and were paid, oldest first."""
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
    """The last settled epochs and the hashes of what they decided; fewer when they have very many rows."""
    settled = Epoch.objects.filter(status=Epoch.Status.SETTLED).order_by("-number")
    most = min(EPOCHS, max(ROWS_MOST // max(Node.objects.count(), 1), 1))
    return list(settled.values_list("number", "plan_hash")[:most])


# What is settled never changes, so it is read once a process, and each question about it is answered once.
@lru_cache(maxsize=2)
def _recorded(settled: tuple[tuple[int, str], ...]) -> tuple[list[PastEpoch], Outcome]:
    past = past_epochs([number for number, _ in settled])
    return past, recorded(past)


@lru_cache(maxsize=8)
def _replayed(settled: tuple[tuple[int, str], ...], params: Parameters) -> Outcome:
    return replay(_recorded(settled)[0], params)


def _rows(numbers: Sequence[int]) -> dict[int, list[NodeRow]]:
    rows: dict[int, list[NodeRow]] = defaultdict(list)
    found = NodeEpoch.objects.filter(epoch__in=numbers).order_by("epoch", "node_id")
    for number, *values in found.values_list("epoch", *NODE_FIELDS):
        rows[number].append(NodeRow(*values))
    return rows


def _slashes(numbers: Sequence[int]) -> dict[int, list[SlashRow]]:
    slashes: dict[int, list[SlashRow]] = defaultdict(list)
    found = Slash.objects.filter(status=Slash.Status.EXECUTED, resolved_epoch__in=numbers).order_by("pk")
    for number, *values in found.values_list("resolved_epoch", *SLASH_FIELDS):
        slashes[number].append(SlashRow(*values))
    return slashes


def _moved(before: dict[int, int], after: dict[int, int]) -> tuple[Moved, ...]:
    named = {pk: (address, name) for pk, address, name in Node.objects.values_list("id", "address", "name")}
    return tuple(
        Moved(*named[node], paid, after[node]) for node, paid in before.items() if after[node] != paid
    )


def _mine(wallet: str, past: list[PastEpoch], before: Outcome, after: Outcome) -> Mine:
    """Own nodes in full, delegations by the shares that earned (an estimate: floors of the index are left out)."""
    own = set(Node.objects.filter(operator=wallet).values_list("id", flat=True))
    numbers = [epoch.number for epoch in past]
    sums = [0, 0]
    for place, outcome in enumerate((before, after)):
        for (_, node), pay in outcome.pay.items():
            sums[place] += pay.operator if node in own else 0
    for number, node, shares, all_shares in _shares_at_work(wallet, numbers):
        for place, outcome in enumerate((before, after)):
            sums[place] += part_of_delegator(outcome.pay[number, node], shares, all_shares)
    return Mine(*sums)


def _shares_at_work(wallet: str, numbers: list[int]) -> list[tuple[int, int, int, int]]:
    """(epoch, node, own shares, all shares) that earned in each of the epochs, from the wallet's checkpoints."""
    held: dict[int, list[StakeCheckpoint]] = defaultdict(list)
    for row in StakeCheckpoint.objects.filter(wallet=wallet, epoch__lte=numbers[-1]).order_by("epoch"):
        held[row.node_id].append(row)
    found = NodeEpoch.objects.filter(node_id__in=held, epoch__in=numbers, active_shares__gt=0)
    work = []
    for number, node, all_shares in found.values_list("epoch", "node_id", "active_shares"):
        last = next((row for row in reversed(held[node]) if row.epoch <= number), None)
        shares = 0 if last is None else last.active if last.epoch == number else last.shares
        if 0 < shares <= all_shares:
            work.append((number, node, shares, all_shares))
    return work
