"""State of one settlement, which the steps fill in their order."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ledger.numbering import JournalHead
from protocol.exits import TokenSums
from protocol.offences import CommittedOffence
from protocol.parameters import Parameters
from staking.measurement.node_state import NodeState
from staking.models import Slash
from staking.services.epochs import OpenEpoch


@dataclass(slots=True)
class Settlement:
    """One run of the steps over one epoch, in a single database transaction. Amounts in µIFM.

    `expected`: the epoch to settle, None for whichever is open. `nodes` are in the order of their addresses,
    `offences` of the epoch by node id. `exits`: the sums of each wallet with an exit in the epoch, by address.
    `inputs`: the lines of the published inputs (R53).
    """

    now: datetime
    expected: int | None = None
    epoch: OpenEpoch = field(init=False)
    nodes: list[NodeState] = field(default_factory=list)
    by_id: dict[int, NodeState] = field(default_factory=dict)
    by_address: dict[str, NodeState] = field(default_factory=dict)
    carry_in: int = 0
    minted: int = 0
    pool: int = 0
    distributed: int = 0
    carry: int = 0
    offences: dict[int, list[CommittedOffence]] = field(default_factory=dict)
    created: list[Slash] = field(default_factory=list)
    executed: list[Slash] = field(default_factory=list)
    exits: dict[str, TokenSums] = field(default_factory=dict)
    inputs: list[str] = field(default_factory=list)
    totals: dict[str, int] = field(default_factory=dict)
    plan_hash: str = ""
    merkle_root: str = ""
    journal: JournalHead = field(init=False)

    @property
    def number(self) -> int:
        """The epoch that is being settled."""
        return self.epoch.number

    @property
    def params(self) -> Parameters:
        """The parameters under which it is settled."""
        return self.epoch.params
