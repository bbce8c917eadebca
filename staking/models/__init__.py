"""Models of nodes, stake, epochs, slashes, work and rankings."""

from staking.models.archive import Archive
from staking.models.commitment import Commitment, ShareAnnouncement
from staking.models.network import Counter, Epoch, EpochInputs, EpochTree, Event, Network, ParameterSet
from staking.models.node import (
    FormerSigningKey,
    Node,
    NodeEpoch,
    Pool,
    ShareChange,
    StakeCheckpoint,
    VoidGeneration,
)
from staking.models.slash import Slash, SlashPart
from staking.models.token import Exit, ExitSums, TokenAccount
from staking.models.unbonding import Bucket, Kind, Unbonding
from staking.models.watch import WatchedNode
from staking.models.work import (
    Attestation,
    Demand,
    EarlyHeartbeat,
    Heartbeat,
    JobKey,
    Ranking,
    RankingRow,
    Receipt,
    WindowLatency,
)

__all__ = [
    "Archive",
    "Attestation",
    "Bucket",
    "Commitment",
    "Counter",
    "Demand",
    "EarlyHeartbeat",
    "Epoch",
    "EpochInputs",
    "EpochTree",
    "Event",
    "Exit",
    "ExitSums",
    "FormerSigningKey",
    "Heartbeat",
    "JobKey",
    "Kind",
    "Network",
    "Node",
    "NodeEpoch",
    "ParameterSet",
    "Pool",
    "Ranking",
    "RankingRow",
    "Receipt",
    "ShareAnnouncement",
    "ShareChange",
    "Slash",
    "SlashPart",
    "StakeCheckpoint",
    "TokenAccount",
    "Unbonding",
    "VoidGeneration",
    "WatchedNode",
    "WindowLatency",
]
