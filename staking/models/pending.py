"""Columns of pending stake, as the mapping of protocol/pending.py."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from protocol.pending import Pending, pending_in


class HasPending:
    """A row with pending stake: the sum in `pending_column`, `pending_epoch`, and `pending_parts` by epoch.

    `pending_epoch` is the newest epoch in which any of it was made. `pending_parts` is NULL when all of it was made in
    that epoch, as it is unless settlement was late. Parts that were made before the open epoch are active: they are
    dropped when the row is written next, so that activation writes nothing (R13).
    """

    pending_column: ClassVar[str]
    pending_epoch: Any
    pending_parts: Any

    @property
    def pending(self) -> dict[int, int]:
        """µIFM or shares by the epoch in which they were made."""
        total = getattr(self, self.pending_column)
        if self.pending_parts is None:
            return {self.pending_epoch: total} if total else {}
        # A prepared statement returns JSON as text.
        parts = json.loads(self.pending_parts) if isinstance(self.pending_parts, str) else self.pending_parts
        return {int(made): amount for made, amount in parts.items()}

    @pending.setter
    def pending(self, parts: Pending) -> None:
        setattr(self, self.pending_column, sum(parts.values()))
        self.pending_epoch = max(parts, default=0)
        self.pending_parts = {str(made): parts[made] for made in sorted(parts)} if len(parts) > 1 else None

    def pending_in(self, epoch: int) -> int:
        """The stake that does not earn yet in `epoch` (R13)."""
        return pending_in(self.pending, epoch)
