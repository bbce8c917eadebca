"""The value of a wallet at the close of each epoch, and its causes, computed backwards from the present value.

Value = what the wallet holds in any state and what it can claim. Staking, delegating, claiming and unbonding move value
inside the wallet; rewards, slashes and what comes in or goes out change it. The ledger, the stake checkpoints and the
parts of slashes record all of them, so nothing is stored per wallet and epoch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from delegation.selectors.earnings import EarnedIn
from delegation.selectors.losses import SlashLoss
from ledger import accounts, history

# Kinds of ledger transactions that move value between parts of one wallet.
INTERNAL = (
    "stake", "unstake", "delegate", "undelegate", "redelegate", "cancel_unbonding", "compound", "claim", "withdraw",
    "refund",
)  # fmt: skip
UNBONDED = """
SELECT u.epoch, n.address, n.name, sum(u.entered)
FROM staking_unbonding u JOIN staking_node n ON n.id = u.node_id
WHERE u.wallet = %(wallet)s AND u.epoch >= %(first)s
GROUP BY u.epoch, n.address, n.name ORDER BY u.epoch, n.address
"""


@dataclass(frozen=True, slots=True)
class Flow:
    """µIFM that transactions of one kind brought into a wallet in an epoch; negative: took out of it."""

    epoch: int
    kind: str
    amount: int


@dataclass(frozen=True, slots=True)
class Unbonded:
    """µIFM whose unbonding from a node began in an epoch: it stays in the value, and earns nothing."""

    epoch: int
    node: str
    name: str
    amount: int


@dataclass(frozen=True, slots=True)
class EpochValue:
    """A wallet's value at the close of an epoch, in µIFM, and what changed it since the close before."""

    epoch: int
    value: int
    earned: int
    losses: tuple[SlashLoss, ...]
    flows: tuple[Flow, ...]
    unbonded: tuple[Unbonded, ...]

    @property
    def lost(self) -> int:
        return sum(loss.net for loss in self.losses)

    @property
    def moved(self) -> int:
        """Money in less money out."""
        return sum(flow.amount for flow in self.flows)

    @property
    def change(self) -> int:
        return self.earned - self.lost + self.moved


def flows_of_wallet(wallet: str, *, first: int) -> list[Flow]:
    """Money in and out of the wallet from epoch `first` on; one query."""
    sums = history.sums_by_epoch(accounts.wallet(wallet), first=first, without=INTERNAL)
    return [Flow(epoch, kind, amount) for epoch, kind, amount in sums]


def unbonded_of_wallet(wallet: str, *, first: int) -> list[Unbonded]:
    """The unbondings that the wallet began from epoch `first` on, also cancelled and paid ones; one query."""
    with connection.cursor() as cursor:
        cursor.execute(UNBONDED, {"wallet": wallet, "first": first})
        return [Unbonded(epoch, node, name, int(amount)) for epoch, node, name, amount in cursor.fetchall()]


def value_history(
    value: int, *, first: int, last: int, earned: Sequence[EarnedIn], losses: Sequence[SlashLoss],
    flows: Sequence[Flow], unbonded: Sequence[Unbonded],
) -> tuple[EpochValue, ...]:  # fmt: skip
    """The epochs `first` to `last` for a wallet that has `value` µIFM now, with claimable rewards.

    Shares are worth whole µIFM, rounded down: an epoch may be off by one µIFM for each delegation changed since.
    """
    rewards: dict[int, int] = defaultdict(int)
    for row in earned:
        rewards[row.epoch] += row.amount
    value -= sum(flow.amount for flow in flows if flow.epoch > last)
    closes = []
    for epoch in range(last, first - 1, -1):
        close = EpochValue(
            epoch, max(value, 0), rewards[epoch], tuple(loss for loss in losses if loss.epoch == epoch),
            tuple(flow for flow in flows if flow.epoch == epoch),
            tuple(one for one in unbonded if one.epoch == epoch),
        )  # fmt: skip
        closes.append(close)
        value -= close.change
    return tuple(reversed(closes))
