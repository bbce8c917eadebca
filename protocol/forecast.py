"""Forecasts at a constant rate: when a ratio or a stake crosses its limit. Never a promise."""

from __future__ import annotations

from protocol.amounts import BPS


def seconds_until_below(
    hits: int, total: int, *, recent_hits: int, recent_total: int, window_seconds: int, limit_bps: int
) -> int | None:
    """Return the first whole second in which hits / total is below `limit_bps` at the rate of the last window.

    0 when it is below already, and at least 1 at the limit itself; None when it does not fall below at this rate.
    """
    margin = hits * BPS - limit_bps * total
    if margin < 0:
        return 0
    loss_per_window = limit_bps * recent_total - recent_hits * BPS
    return margin * window_seconds // loss_per_window + 1 if loss_per_window > 0 else None


def epochs_until_below(stake: int, *, lost_per_epoch: int, minimum: int) -> int | None:
    """Return the epochs after which a stake is below a minimum, both in µIFM, if it loses as much in each epoch.

    0 when it is below already, None when it does not fall below.
    """
    if stake < minimum:
        return 0
    return (stake - minimum) // lost_per_epoch + 1 if lost_per_epoch > 0 else None
