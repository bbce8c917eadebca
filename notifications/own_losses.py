"""What an executed slash took from the wallet that is notified of it, added to the data of the event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from delegation.selectors.losses import SlashLoss, losses_of_wallet


def with_own_losses(wallet: str, events: Sequence[tuple[str, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """The data of each event (kind, data); one of an executed slash gets `own_taken`, `own_returned` and `own_net`.

    In µIFM, 0 when the slash took nothing from the wallet. One query when there is such an event.
    """
    slashes = [data["slash"] for kind, data in events if kind == "slash_executed" and "slash" in data]
    losses = {loss.slash: loss for loss in losses_of_wallet(wallet, slashes=slashes)} if slashes else {}
    return [
        {**data, **_own(losses.get(data["slash"]))}
        if kind == "slash_executed" and "slash" in data
        else {**data}
        for kind, data in events
    ]


def _own(loss: SlashLoss | None) -> dict[str, int]:
    if loss is None:
        return {"own_taken": 0, "own_returned": 0, "own_net": 0}
    return {"own_taken": loss.taken, "own_returned": loss.returned, "own_net": loss.net}
