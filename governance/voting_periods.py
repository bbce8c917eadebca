"""End of a vote: at the end of an epoch by the clock, settled or not (R33, R47)."""

from __future__ import annotations

from datetime import datetime, timedelta

from staking.services.epochs import OpenEpoch


def end_of(number: int, epoch: OpenEpoch) -> datetime:
    """Return the end of epoch `number`, the open `epoch` or a later one, at the present epoch length.

    Epochs that no worker has opened yet are counted too, so that a late settlement does not extend a window.
    """
    return epoch.end + (number - epoch.number) * timedelta(seconds=epoch.params.epoch_seconds)


def is_before_end(number: int, epoch: OpenEpoch, now: datetime) -> bool:
    """Return whether `now` is before the end of epoch `number`; `epoch` is the open one."""
    return epoch.number <= number and now < end_of(number, epoch)
