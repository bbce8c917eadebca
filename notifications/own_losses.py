"""Current facts of an executed slash, added to the data of its event: the wallet's loss, and the epoch's anchor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chain.selectors import EpochAnchor, anchors_of
from delegation.selectors.losses import SlashLoss, losses_of_wallet

Data = Mapping[str, Any]


def with_own_losses(wallet: str, events: Sequence[tuple[str, Data]]) -> list[dict[str, Any]]:
    """The data of each event (kind, data); one of an executed slash gets `own_taken`, `own_returned` and `own_net`.

    In µIFM, 0 when the slash took nothing from the wallet. One query when there is such an event.
    """
    slashes = [data["slash"] for kind, data in events if _is_slash(kind, data)]
    losses = {loss.slash: loss for loss in losses_of_wallet(wallet, slashes=slashes)} if slashes else {}
    return [
        {**data, **_own(losses.get(data["slash"]))} if _is_slash(kind, data) else {**data}
        for kind, data in events
    ]


def with_anchors(events: Sequence[tuple[str, int, Data]]) -> list[dict[str, Any]]:
    """The data of each event (kind, epoch, data); one of an executed slash gets `anchor`, its state and transaction.

    Nothing without a chain, and for a slash that took nothing: no report has it. Three queries at most.
    """
    epochs = {epoch for kind, epoch, data in events if _is_slash(kind, data) and data.get("slashed")}
    anchors = anchors_of(epochs) if epochs else {}
    return [
        {**data, **_anchor(anchors[epoch])}
        if _is_slash(kind, data) and epoch in anchors and data.get("slashed")
        else {**data}
        for kind, epoch, data in events
    ]


def _is_slash(kind: str, data: Data) -> bool:
    return kind == "slash_executed" and "slash" in data


def _own(loss: SlashLoss | None) -> dict[str, int]:
    if loss is None:
        return {"own_taken": 0, "own_returned": 0, "own_net": 0}
    return {"own_taken": loss.taken, "own_returned": loss.returned, "own_net": loss.net}


def _anchor(anchor: EpochAnchor) -> dict[str, Any]:
    if anchor.state == "off":
        return {}
    return {"anchor": {"state": anchor.state, "transaction": anchor.transaction or None}}
