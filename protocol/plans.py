"""A plan: how to spread an amount over at most five nodes so that it earns most under a limit of risk.

Expected reward of a part: what `projection.project` says of it beyond what the wallet earns there already, so that
dilution, tiers and the stake term of Q are in it. Risk: what one event costs at most, where an event is the gravest
offence on all nodes of one operator, or a dropout of all nodes of one region; what slashes return to delegators of
non-custodial nodes is deducted. The limit binds the part of the amount at each operator and in each region.

Rewards are not concave in the amount, because of tiers. So each node gets a choice of amounts (multiples of a step, the
amounts that reach a tier, and the most that it can take), the best combination is searched by branch and bound, and
moved to better amounts between the steps. Everything is an integer and the order of nodes is fixed: the same input
gives the same plan, and of equal plans the one whose nodes have the lower addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Final, NamedTuple

from protocol.amounts import BPS
from protocol.offences import DROPOUT
from protocol.parameters import Parameters
from protocol.projection import Past, project

MOST_NODES: Final = 5
# The amount is divided into this many steps for the search, and the steps halved so often after it. With few nodes the
# steps are finer: a search over them is still quick, and misses no tier or limit of Q between two steps.
STEPS: Final = 20
STEPS_OF_FEW: Final = {1: 120, 2: 120, 3: 120, 4: 60, 5: 60}
HALVINGS: Final = 8
# Parts are multiples of the power of ten that is about this fraction of the amount.
ROUND_PARTS: Final = 500
# Nodes that are searched: the best by the reward of some amounts, few of one operator and of one region.
SHORTLIST: Final = 8
OF_ONE_OPERATOR: Final = 3
# Bounds the search of a large network with tight limits; small networks are searched completely.
MOST_VISITS: Final = 40_000


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


class Part(NamedTuple):
    """µIFM on a node, and the reward per epoch that is expected of it."""

    node: Candidate
    amount: int
    per_epoch: int


class Event(NamedTuple):
    """What can happen at once: to an operator's nodes or to a region's, and what it takes in µIFM, net of returns."""

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
    offers = _shortlist([_Offer.of(params, node, amount, limit) for node in candidates])
    steps = STEPS_OF_FEW.get(len(offers), STEPS)
    for offer in offers:
        offer.add_choices(amount, steps)
    search = _Search(offers, amount, limit, steps)
    search.run()
    chosen = _rounded(offers, _refined(offers, search.best, amount, limit), amount, limit)
    return _plan(params, offers, chosen, amount)


def all_on(params: Parameters, node: Candidate, amount: int) -> Plan:
    """The plan with as much of the amount on one node as its cap allows."""
    offer = _Offer.of(params, node, amount, amount)
    part = min(amount, amount if node.room is None else node.room)
    return _plan(params, [offer], {0: part} if part else {}, amount)


def net_rates(params: Parameters, custodial: bool) -> tuple[int, int]:
    """bps that the gravest offence and that a dropout cost a delegator of a node, net of what returns (R35).

    At least that much returns: without what the operator's own stake adds to it. Rounded up.
    """
    returned = 0 if custodial else params.slash_delegators_bps
    rates = {row.name: max(row.rates(repeated)[1] for repeated in (False, True)) for row in params.offences}
    return _net(max(rates.values()), returned), _net(rates[DROPOUT], returned)


def _net(rate: int, returned: int) -> int:
    return -(-rate * (BPS - returned) // BPS)


@dataclass(slots=True)
class _Offer:
    """A candidate with the amounts that are tried on it, rising, and the reward of each."""

    node: Candidate
    params: Parameters
    most: int
    operator_rate: int
    region_rate: int
    already: int
    choices: list[tuple[int, int]] = field(default_factory=list)

    @classmethod
    def of(cls, params: Parameters, node: Candidate, amount: int, limit: int) -> _Offer:
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


def _shortlist(offers: list[_Offer]) -> list[_Offer]:
    """The offers that are searched, by address."""
    offers = [offer for offer in offers if offer.most >= offer.least]
    if not offers:
        return []
    largest = max(offer.most for offer in offers)
    chosen: dict[str, _Offer] = {}
    if len(offers) <= 2 * SHORTLIST:
        chosen = {offer.node.address: offer for offer in offers}
    else:
        for size in (largest, largest // 2, largest // MOST_NODES):
            chosen |= {offer.node.address: offer for offer in _best(offers, max(size, 1))}
    return [chosen[address] for address in sorted(chosen)]


def _best(offers: list[_Offer], size: int) -> list[_Offer]:
    """The offers with the highest rewards for `size` µIFM, or what they can take of it: few of one operator."""
    ranked = sorted(
        ((-offer.reward(max(min(size, offer.most), offer.least)), offer.node.address, number)
         for number, offer in enumerate(offers))
    )  # fmt: skip
    taken: list[_Offer] = []
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


class _Search:
    """Branch and bound over the choices of the offers, those with the highest rewards first."""

    def __init__(self, offers: Sequence[_Offer], amount: int, limit: int, steps: int) -> None:
        self.amount, self.limit, self.steps = amount, limit, steps
        # The best reward per µIFM first, so that good plans are found early and bound the rest.
        self.order = sorted(
            (number for number, offer in enumerate(offers) if offer.choices),
            key=lambda number: (-max(reward for _, reward in offers[number].choices), number),
        )
        self.offers = offers
        self.best: dict[int, int] = {}
        self.best_reward = 0
        self.visits = 0
        self.bounds = self._bounds()
        self.operators: dict[str, int] = {}
        self.regions: dict[str, int] = {}

    def run(self) -> None:
        self._visit(0, MOST_NODES, self.amount, 0, {})

    def _bounds(self) -> list[list[list[int]]]:
        """bounds[i][c][s]: the most that the offers from the i-th on can earn with c nodes and s steps, or more.

        Without the limits of operators and regions. A choice counts as using the steps that it fills completely.
        """
        none = [[0] * (self.steps + 1) for _ in range(MOST_NODES + 1)]
        bounds = [none]
        for number in reversed(self.order):
            after = bounds[0]
            table = [row[:] for row in after]
            # Of the choices that fill as many steps the best one bounds the others.
            best: dict[int, int] = {}
            for amount, reward in self.offers[number].choices:
                steps = amount * self.steps // self.amount
                best[steps] = max(best.get(steps, 0), reward)
            for nodes in range(1, MOST_NODES + 1):
                former, row = after[nodes - 1], table[nodes]
                for steps, reward in best.items():
                    for room in range(steps, self.steps + 1):
                        value = reward + former[room - steps]
                        row[room] = max(row[room], value)
            bounds.insert(0, table)
        return bounds

    def _visit(self, place: int, nodes: int, room: int, reward: int, chosen: dict[int, int]) -> None:
        if reward > self.best_reward:
            self.best_reward, self.best = reward, dict(chosen)
        self.visits += 1
        if place == len(self.order) or not nodes or self.visits > MOST_VISITS:
            return
        # The remaining room counts as the steps that it touches.
        steps = -(-room * self.steps // self.amount)
        if reward + self.bounds[place][nodes][steps] <= self.best_reward:
            return
        number = self.order[place]
        offer = self.offers[number]
        operator, region = offer.node.operator, offer.node.region
        operator_used, region_used = self.operators.get(operator, 0), self.regions.get(region, 0)
        for amount, gained in reversed(offer.choices):
            at_operator = operator_used + amount * offer.operator_rate
            in_region = region_used + amount * offer.region_rate
            if amount > room or max(at_operator, in_region) > self.limit * BPS:
                continue
            self.operators[operator], self.regions[region] = at_operator, in_region
            self._visit(place + 1, nodes - 1, room - amount, reward + gained, {**chosen, number: amount})
        self.operators[operator], self.regions[region] = operator_used, region_used
        self._visit(place + 1, nodes, room, reward, chosen)


def _refined(offers: Sequence[_Offer], chosen: dict[int, int], amount: int, limit: int) -> dict[int, int]:
    """The amounts of the chosen offers after moves between them, and from what is left over, that add reward."""
    best = dict(chosen)
    step = max(amount // STEPS // 2, 1)
    for _ in range(HALVINGS):
        while _improve(offers, best, step, amount, limit):
            pass
        step = max(step // 2, 1)
    return best


def _rounded(offers: Sequence[_Offer], chosen: dict[int, int], amount: int, limit: int) -> dict[int, int]:
    """The same in round amounts, which are easier to read, unless that costs more than 0.1 % of the reward."""
    unit = 10 ** (len(str(amount // ROUND_PARTS)) - 1)
    rounded = {
        number: part if part == offers[number].most else max(part // unit * unit, offers[number].least)
        for number, part in chosen.items()
    }
    while gains := [
        (_reward(offers, rounded, number) - _reward(offers, trial, number), number, trial)
        for number in sorted(rounded)
        if _raise(offers, trial := dict(rounded), number, unit, amount, limit)
    ]:
        rounded = min(gains, key=lambda one: one[:2])[2]
    before, after = (sum(_reward(offers, parts, number) for number in parts) for parts in (chosen, rounded))
    return rounded if after * 1_000 >= before * 999 else chosen


def _improve(offers: Sequence[_Offer], best: dict[int, int], step: int, amount: int, limit: int) -> bool:
    """Make the move of about `step` that adds most; whether there was one."""
    sources: list[int | None] = [None, *sorted(best)]
    moves: list[tuple[int, int, dict[int, int]]] = []
    # A riskier source frees more than a step for its target.
    for target, source, more in product(range(len(offers)), sources, (step, 2 * step)):
        trial = _reduced(offers, best, source, step)
        if source == target or not _raise(offers, trial, target, more, amount, limit):
            continue
        gain = sum(
            _reward(offers, trial, number) - _reward(offers, best, number) for number in {*trial, *best}
        )
        if gain > 0:
            moves.append((-gain, len(moves), trial))
    if not moves:
        return False
    best.clear()
    best.update(min(moves)[2])
    return True


def _reduced(offers: Sequence[_Offer], best: dict[int, int], source: int | None, step: int) -> dict[int, int]:
    """The amounts with `step` less on the source, or nothing where less than the least would stay."""
    trial = dict(best)
    if source is not None:
        trial[source] -= step
        if trial[source] < offers[source].least:
            del trial[source]
    return trial


def _raise(
    offers: Sequence[_Offer], trial: dict[int, int], target: int, step: int, amount: int, limit: int
) -> bool:
    """Add as much of `step` to the target as is left of the amount, the node's room and the limits; whether any is."""
    offer, there = offers[target], trial.get(target, 0)
    more = min(max(step, offer.least - there), amount - sum(trial.values()), offer.most - there)
    for rate, name in ((offer.operator_rate, "operator"), (offer.region_rate, "region")):
        place = getattr(offer.node, name)
        lost = sum(
            part * getattr(offers[number], f"{name}_rate")
            for number, part in trial.items()
            if getattr(offers[number].node, name) == place
        )
        more = min(more, (limit * BPS - lost) // rate if rate else more)
    if more <= 0 or there + more < offer.least or (not there and len(trial) == MOST_NODES):
        return False
    trial[target] = there + more
    return True


def _reward(offers: Sequence[_Offer], chosen: dict[int, int], number: int) -> int:
    return offers[number].reward(chosen[number]) if number in chosen else 0


def _worst(parts: Sequence[tuple[_Offer, int]]) -> Event | None:
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


def _plan(params: Parameters, offers: Sequence[_Offer], chosen: dict[int, int], amount: int) -> Plan:
    parts = [(offers[number], part) for number, part in chosen.items()]
    parts.sort(key=lambda one: one[0].node.address)
    return Plan(
        tuple(Part(offer.node, part, offer.reward(part)) for offer, part in parts), amount, _worst(parts)
    )
