"""When epochs end: as they ended, or as they will if nothing changes their length."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from governance.voting_periods import end_of
from staking.measurement.live import open_epoch
from staking.models import Epoch


def closing_times(numbers: Iterable[int]) -> dict[int, datetime]:
    """The end of each of these epochs, past, open or to come; two queries."""
    wanted = set(numbers)
    known = dict(Epoch.objects.filter(number__in=wanted).values_list("number", "end"))
    epoch = open_epoch()
    for number in wanted - known.keys():
        assert epoch is not None
        known[number] = end_of(number, epoch)
    return known
