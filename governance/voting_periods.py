"""When a vote ends: with the end of an epoch by the clock, whether it is settled yet or not (R33, R47)."""

from __future__ import annotations

from datetime import datetime, timedelta

from staking.services.epochs import OpenEpoch


def end_of(number: int, epoch: OpenEpoch) -> datetime:
    """The end of epoch `number`, not before the open `epoch`, if the length of epochs stays what it is.

    Epochs that a worker has yet to open are counted on, so that a late settlement lengthens no window.
    """
    return epoch.end + (number - epoch.number) * timedelta(seconds=epoch.params.epoch_seconds)


def is_before_end(number: int, epoch: OpenEpoch, now: datetime) -> bool:
    """Whether epoch `number` is not over at `now`; `epoch` is the open one."""
    return epoch.number <= number and now < end_of(number, epoch)
