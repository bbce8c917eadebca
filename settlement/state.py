"""The working state of one settlement: what the steps read, compute and pass on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from protocol.offences import FoundOffence
from protocol.parameters import Parameters
from staking.measurement.node_state import NodeState
from staking.models import Slash
from staking.services.epochs import OpenEpoch


@dataclass(slots=True)
class Settlement:
    """One run of the steps over one epoch; everything happens in a single database transaction."""

    now: datetime
    epoch: OpenEpoch = field(init=False)
    nodes: list[NodeState] = field(default_factory=list)  # by address
    by_id: dict[int, NodeState] = field(default_factory=dict)
    by_address: dict[str, NodeState] = field(default_factory=dict)
    carry_in: int = 0
    minted: int = 0
    pool: int = 0
    distributed: int = 0
    carry: int = 0
    found: dict[int, list[FoundOffence]] = field(default_factory=dict)  # node id -> offences of this epoch
    created: list[Slash] = field(default_factory=list)
    executed: list[Slash] = field(default_factory=list)
    totals: dict[str, int] = field(default_factory=dict)
    plan_hash: str = ""
    merkle_root: str = ""

    @property
    def number(self) -> int:
        """The epoch that is being settled."""
        return self.epoch.number

    @property
    def params(self) -> Parameters:
        """The parameters that it is settled under."""
        return self.epoch.params
