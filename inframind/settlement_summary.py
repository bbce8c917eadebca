"""Lines that commands print."""

from __future__ import annotations

from protocol.amounts import format_amount
from settlement.state import Settlement


def settled_line(work: Settlement) -> str:
    """One settled epoch in one line."""
    return (
        f"epoch {work.number} settled: pool {format_amount(work.pool)} IFM, "
        f"distributed {format_amount(work.distributed)}, carry {format_amount(work.carry)}, "
        f"{len(work.created)} slashes created, {len(work.executed)} executed"
    )
