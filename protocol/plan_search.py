"""The search of a plan: branch and bound over the offers' amounts, moves between them, and round amounts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Final

from protocol.amounts import BPS
from protocol.plan_offers import MAX_NODES, Offer

# The amount is divided into this many steps for the search, and the steps halved so often after it. With few nodes the
# steps are finer: a search over them is still quick, and misses no tier or limit of Q between two steps.
STEPS: Final = 20
STEPS_OF_FEW: Final = {1: 120, 2: 120, 3: 120, 4: 60, 5: 60}
HALVINGS: Final = 8
# Parts are multiples of the power of ten that is about this fraction of the amount.
ROUND_PARTS: Final = 500
# Bounds the search of a large network with tight limits; small networks are searched completely.
MAX_VISITS: Final = 40_000


class Search:
    """Branch and bound over the choices of the offers, those with the highest rewards first."""

    def __init__(self, offers: Sequence[Offer], amount: int, limit: int, steps: int) -> None:
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
        self._visit(0, MAX_NODES, self.amount, 0, {})

    def _bounds(self) -> list[list[list[int]]]:
        """bounds[i][c][s]: the most that the offers from the i-th on can earn with c nodes and s steps, or more.

        Without the limits of operators and regions. A choice counts as using the steps that it fills completely.
        """
        none = [[0] * (self.steps + 1) for _ in range(MAX_NODES + 1)]
        bounds = [none]
        for number in reversed(self.order):
            after = bounds[0]
            table = [row[:] for row in after]
            # Of the choices that fill as many steps the best one bounds the others.
            best: dict[int, int] = {}
            for amount, reward in self.offers[number].choices:
                steps = amount * self.steps // self.amount
                best[steps] = max(best.get(steps, 0), reward)
            for nodes in range(1, MAX_NODES + 1):
                former, row = after[nodes - 1], table[nodes]
                for steps, reward in best.items():
                    for left in range(steps, self.steps + 1):
                        value = reward + former[left - steps]
                        row[left] = max(row[left], value)
            bounds.insert(0, table)
        return bounds

    def _visit(self, place: int, nodes: int, left: int, reward: int, chosen: dict[int, int]) -> None:
        if reward > self.best_reward:
            self.best_reward, self.best = reward, dict(chosen)
        self.visits += 1
        if place == len(self.order) or not nodes or self.visits > MAX_VISITS:
            return
        # What is left counts as the steps that it touches.
        steps = -(-left * self.steps // self.amount)
        if reward + self.bounds[place][nodes][steps] <= self.best_reward:
            return
        number = self.order[place]
        offer = self.offers[number]
        operator, region = offer.node.operator, offer.node.region
        operator_used, region_used = self.operators.get(operator, 0), self.regions.get(region, 0)
        for amount, gained in reversed(offer.choices):
            at_operator = operator_used + amount * offer.operator_rate
            in_region = region_used + amount * offer.region_rate
            if amount > left or max(at_operator, in_region) > self.limit * BPS:
                continue
            self.operators[operator], self.regions[region] = at_operator, in_region
            self._visit(place + 1, nodes - 1, left - amount, reward + gained, {**chosen, number: amount})
        self.operators[operator], self.regions[region] = operator_used, region_used
        self._visit(place + 1, nodes, left, reward, chosen)


def refined(offers: Sequence[Offer], chosen: dict[int, int], amount: int, limit: int) -> dict[int, int]:
    """The amounts of the chosen offers after moves between them, and from what is left over, that add reward."""
    best = dict(chosen)
    step = max(amount // STEPS // 2, 1)
    for _ in range(HALVINGS):
        while _improve(offers, best, step, amount, limit):
            pass
        step = max(step // 2, 1)
    return best


def rounded(offers: Sequence[Offer], chosen: dict[int, int], amount: int, limit: int) -> dict[int, int]:
    """The plan in round amounts, which are easier to read, unless that costs more than 0.1 % of the reward."""
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


def _improve(offers: Sequence[Offer], best: dict[int, int], step: int, amount: int, limit: int) -> bool:
    """Make the move of about `step` that adds most reward; False when none adds any."""
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


def _reduced(offers: Sequence[Offer], best: dict[int, int], source: int | None, step: int) -> dict[int, int]:
    """The amounts with `step` less on the source, or nothing where less than the least would stay."""
    trial = dict(best)
    if source is not None:
        trial[source] -= step
        if trial[source] < offers[source].least:
            del trial[source]
    return trial


def _raise(
    offers: Sequence[Offer], trial: dict[int, int], target: int, step: int, amount: int, limit: int
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
    if more <= 0 or there + more < offer.least or (not there and len(trial) == MAX_NODES):
        return False
    trial[target] = there + more
    return True


def _reward(offers: Sequence[Offer], chosen: dict[int, int], number: int) -> int:
    return offers[number].reward(chosen[number]) if number in chosen else 0
