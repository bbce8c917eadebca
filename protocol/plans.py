"""A plan: how to spread an amount over at most five nodes so that it earns most under a limit of risk.

Expected reward of a part: what `projection.project` says of it beyond what the wallet earns there already, so that
dilution, tiers and the stake term of Q are in it. Risk: what one event costs at most, where an event is the largest
penalty on all nodes of one operator, or a dropout of all nodes of one region; what slashes return to delegators of
non-custodial nodes is deducted. The limit binds the part of the amount at each operator and in each region.

Rewards are not concave in the amount, because of tiers. So each node gets a choice of amounts (multiples of a step, the
amounts that reach a tier, and the most that it can take), the best combination is searched by branch and bound, and
moved to better amounts between the steps. Everything is an integer and the order of nodes is fixed: the same input
gives the same plan, and of equal plans the one whose nodes have the lower addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from protocol.amounts import BPS
from protocol.parameters import Parameters
from protocol.plan_offers import Candidate, Offer, shortlist
from protocol.plan_search import STEPS, STEPS_OF_FEW, Search, refined, rounded


class Part(NamedTuple):
    """µIFM on a node, and the reward per epoch that is expected of it."""

    node: Candidate
    amount: int
    per_epoch: int


class Event(NamedTuple):
    """An event that hits an operator's nodes or a region's at once, and its cost in µIFM, net of returns."""

    kind: str
    name: str
    loss: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The parts by address; what is left over of the amount because of the limits; the worst event for the parts."""

    parts: tuple[Part, ...]
    amount: int
    worst: Event | None

    @property
    def spread(self) -> int:
        return sum(part.amount for part in self.parts)

    @property
    def left(self) -> int:
        """µIFM that stay in the wallet."""
        return self.amount - self.spread

    @property
    def per_epoch(self) -> int:
        return sum(part.per_epoch for part in self.parts)


def plan(params: Parameters, candidates: Iterable[Candidate], amount: int, risk_bps: int) -> Plan:
    """The plan for `amount` µIFM of which one event may cost at most `risk_bps` (above 0)."""
    limit = amount * risk_bps // BPS
    offers = shortlist([Offer.of(params, node, amount, limit) for node in candidates])
    steps = STEPS_OF_FEW.get(len(offers), STEPS)
    for offer in offers:
        offer.add_choices(amount, steps)
    search = Search(offers, amount, limit, steps)
    search.run()
    chosen = rounded(offers, refined(offers, search.best, amount, limit), amount, limit)
    return _plan(params, offers, chosen, amount)


def all_on(params: Parameters, node: Candidate, amount: int) -> Plan:
    """The plan with as much of the amount on one node as its cap allows."""
    offer = Offer.of(params, node, amount, amount)
    part = min(amount, amount if node.room is None else node.room)
    return _plan(params, [offer], {0: part} if part else {}, amount)


def _worst(parts: Sequence[tuple[Offer, int]]) -> Event | None:
    """The event that costs these parts most; its loss is rounded up."""
    losses: dict[tuple[str, str], int] = {}
    for offer, amount in parts:
        for key, rate in (
            (("operator", offer.node.operator), offer.operator_rate),
            (("region", offer.node.region), offer.region_rate),
        ):
            losses[key] = losses.get(key, 0) + amount * rate
    if not losses:
        return None
    (kind, name), loss = min(losses.items(), key=lambda item: (-item[1], item[0]))
    return Event(kind, name, -(-loss // BPS))


def _plan(params: Parameters, offers: Sequence[Offer], chosen: dict[int, int], amount: int) -> Plan:
    parts = [(offers[number], part) for number, part in chosen.items()]
    parts.sort(key=lambda one: one[0].node.address)
    return Plan(
        tuple(Part(offer.node, part, offer.reward(part)) for offer, part in parts), amount, _worst(parts)
    )
