"""Offers of a plan: nodes with the amounts that are tried on each, and the shortlist of them that is searched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from protocol.amounts import BPS
from protocol.offences import DROPOUT
from protocol.parameters import Parameters
from protocol.projection import Past, project

MAX_NODES: Final = 5
# Nodes that are searched: the best by the reward of some amounts, few of one operator and of one region.
SHORTLIST: Final = 8
OF_ONE_OPERATOR: Final = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node that accepts delegations. `room`: what its cap leaves, None without a cap; `held`: the wallet's there."""

    address: str
    operator: str
    region: str
    custodial: bool
    past: Past
    room: int | None = None
    held: int = 0


def net_rates(params: Parameters, custodial: bool) -> tuple[int, int]:
    """bps that the largest penalty and that a dropout cost a delegator of a node, net of what returns (R35).

    At least that much returns: without what the operator's own stake adds to it. Rounded up.
    """
    returned = 0 if custodial else params.slash_delegators_bps
    rates = {row.name: max(row.rates(repeated)[1] for repeated in (False, True)) for row in params.offences}
    return _net(max(rates.values()), returned), _net(rates[DROPOUT], returned)


def _net(rate: int, returned: int) -> int:
    return -(-rate * (BPS - returned) // BPS)


@dataclass(slots=True)
class Offer:
    """A candidate with the amounts that are tried on it, rising, and the reward of each."""

    node: Candidate
    params: Parameters
    most: int
    operator_rate: int
    region_rate: int
    already: int
    choices: list[tuple[int, int]] = field(default_factory=list)

    @classmethod
    def of(cls, params: Parameters, node: Candidate, amount: int, limit: int) -> Offer:
        operator_rate, region_rate = net_rates(params, node.custodial)
        most = min(
            amount, _affordable(limit, operator_rate, amount), _affordable(limit, region_rate, amount),
            amount if node.room is None else node.room,
        )  # fmt: skip
        already = project(params, node.past, held=node.held, amount=0).per_epoch if node.held else 0
        return cls(node, params, most, operator_rate, region_rate, already)

    @property
    def least(self) -> int:
        return self.params.min_amount

    def reward(self, amount: int) -> int:
        """The reward per epoch that an amount adds, µIFM."""
        return (
            project(self.params, self.node.past, held=self.node.held, amount=amount).per_epoch - self.already
        )

    def add_choices(self, amount: int, steps: int) -> None:
        effective = self.node.past.self_stake + self.node.past.pool
        amounts = {amount * step // steps for step in range(1, steps + 1)} | {self.most}
        amounts |= {tier.minimum - effective for tier in self.params.tiers}
        tried = sorted(one for one in amounts if self.least <= one <= self.most)
        self.choices = [(one, reward) for one in tried if (reward := self.reward(one)) > 0]


def _affordable(limit: int, rate: int, amount: int) -> int:
    return limit * BPS // rate if rate else amount


def shortlist(offers: list[Offer]) -> list[Offer]:
    """The offers that are searched, by address."""
    offers = [offer for offer in offers if offer.most >= offer.least]
    if not offers:
        return []
    largest = max(offer.most for offer in offers)
    chosen: dict[str, Offer] = {}
    if len(offers) <= 2 * SHORTLIST:
        chosen = {offer.node.address: offer for offer in offers}
    else:
        for size in (largest, largest // 2, largest // MAX_NODES):
            chosen |= {offer.node.address: offer for offer in _best(offers, max(size, 1))}
    return [chosen[address] for address in sorted(chosen)]


def _best(offers: list[Offer], size: int) -> list[Offer]:
    """The offers with the highest rewards for `size` µIFM, or what they can take of it: few of one operator."""
    ranked = sorted(
        ((-offer.reward(max(min(size, offer.most), offer.least)), offer.node.address, number)
         for number, offer in enumerate(offers))
    )  # fmt: skip
    taken: list[Offer] = []
    of_operator: dict[str, int] = {}
    of_region: dict[str, int] = {}
    for _, _, number in ranked:
        offer = offers[number]
        operators, regions = of_operator.get(offer.node.operator, 0), of_region.get(offer.node.region, 0)
        if operators < OF_ONE_OPERATOR and regions < SHORTLIST // 2 + 1:
            taken.append(offer)
            of_operator[offer.node.operator], of_region[offer.node.region] = operators + 1, regions + 1
        if len(taken) == SHORTLIST:
            break
    return taken
