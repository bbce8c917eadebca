"""What every holder is due in exact fractions, holder by holder, without the rounding of the protocol.

Rewards: what was paid is never above what was due, nor a whole µIFM below it. Stake: whoever acts bears the rounding
of its act, less than 1 µIFM, and no other holder loses by it.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

from tests.reference.model import Model
from tests.reference.state import SCALE, Node

Key = tuple[str, str]

# The carry of an index passes from those who hold shares now to those who hold them next: under 10^15 / 10^18 µIFM.
CARRY = Fraction(1, 1_000)


class Reference:
    """Follows a Model: `before` an act notes what each holder has, `after` it judges what became of it."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.due: dict[Key, Fraction] = defaultdict(Fraction)
        self.claimed: dict[Key, int] = defaultdict(int)
        self.noted: dict[Key, tuple[Fraction, int, int]] = {}
        self.tokens: dict[str, int] = {}

    def before(self) -> None:
        self.tokens = {address: node.tokens for address, node in self.model.nodes.items()}
        self.noted = {
            (address, wallet): (
                _value(node, position.shares),
                position.shares - position.pending,
                position.owed,
            )
            for address, node in self.model.nodes.items()
            for wallet, position in node.positions.items()
        }

    def after_act(self, name: str, node: str, wallet: str) -> None:
        if name in ("claim", "compound") and (node, wallet) in self.noted:
            self.claimed[node, wallet] += self.noted[node, wallet][2] // SCALE
        self._judge_stake(node, wallet)
        self._judge_earnings()

    def after_settlement(self) -> None:
        for address, row in self.model.rows.items():
            active = {w: noted[1] for (a, w), noted in self.noted.items() if a == address and noted[1]}
            for wallet, shares in active.items():
                self.due[address, wallet] += Fraction(row["to_index"] * shares, sum(active.values()))
        self._judge_earnings()

    def _judge_earnings(self) -> None:
        for (address, wallet), exact in self.due.items():
            paid = self.claimed[address, wallet] + self.model.nodes[address].positions[wallet].owed // SCALE
            assert paid - CARRY <= exact < paid + 1 + CARRY, (address, wallet, paid, exact)

    def _judge_stake(self, node: str, actor: str) -> None:
        came = self.model.nodes[node].tokens - self.tokens[node]
        for address, state in self.model.nodes.items():
            for wallet, position in state.positions.items():
                former = self.noted.get((address, wallet), (Fraction(), 0, 0))[0]
                gained = _value(state, position.shares) - former
                if address != node:
                    assert gained == 0
                elif wallet == actor:
                    assert came - 1 < gained <= came, (wallet, came, gained)
                else:
                    assert 0 <= gained < 1, (wallet, gained)


def _value(node: Node, shares: int) -> Fraction:
    return Fraction(shares * node.tokens, node.shares) if node.shares else Fraction()
