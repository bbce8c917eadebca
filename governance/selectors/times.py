"""Ends of epochs: recorded, or projected at the present epoch length."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from governance.voting_periods import end_of
from staking.models import Epoch
from staking.services.epochs import open_epoch


def closing_times(numbers: Iterable[int]) -> dict[int, datetime]:
    """Return the end of each of these epochs, past, open or future, with two queries."""
    numbers = set(numbers)
    ends = dict(Epoch.objects.filter(number__in=numbers).values_list("number", "end"))
    epoch = open_epoch()
    for number in numbers - ends.keys():
        assert epoch is not None
        ends[number] = end_of(number, epoch)
    return ends
