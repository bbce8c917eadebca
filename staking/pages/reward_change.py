"""A node's reward against the epoch before: reward = pool × credits × bonus × Q / all weights (R39, R40)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext

from protocol.amounts import BPS, MICRO
from staking.pages.node_view_models import RewardChange, RewardFactor
from web.formatting import amount_digits, rate, times

Row = Mapping[str, Any]
# What a unit of weight was paid is far below a µIFM: scaled, so that it keeps its digits.
SCALE = 10**30


def explain(rows: Sequence[Row], pools: Mapping[int, tuple[int, int]]) -> RewardChange | None:
    """The factors of the last two rewards side by side; None unless both epochs are known and follow each other.

    `pools`: by epoch, what was distributed (µIFM) and the sum of all weights.
    """
    if len(rows) < 2 or rows[-1]["epoch"] != rows[-2]["epoch"] + 1:
        return None
    old, new = rows[-2], rows[-1]
    if old["epoch"] not in pools or new["epoch"] not in pools or old["reward"] == new["reward"] == 0:
        return None
    paid = [_per_weight(*pools[row["epoch"]]) for row in (old, new)]
    bonus = (BPS + old["bonus_bps"], BPS + new["bonus_bps"])
    credits = (int(old["credits"]), int(new["credits"]))
    factors = (
        _factor(gettext("Credits of good jobs, IFM"), credits, lambda v: amount_digits(v, 2)),
        _factor(gettext("Tier bonus"), bonus, lambda v: "+" + rate(v - BPS)),
        _factor(gettext("Q factor"), (old["q_bps"], new["q_bps"]), times),
        _factor(gettext("Paid per IFM of credits at 1.00×"), (paid[0], paid[1]), _paid),
    )
    return RewardChange(new["epoch"], old["reward"], new["reward"], factors)


def _per_weight(distributed: int, weights: int) -> int:
    return distributed * SCALE // weights if weights else 0


def _paid(per_weight: int) -> str:
    """The reward of one IFM of credits without a bonus and with a Q of 1.00×."""
    return amount_digits(per_weight * MICRO * BPS * BPS // SCALE, 6)


def _factor(name: str, values: tuple[int, int], shown: Callable[[int], str]) -> RewardFactor:
    old, new = values
    change = None if old == 0 else (new - old) * BPS // old
    return RewardFactor(name, shown(old), shown(new), change)
