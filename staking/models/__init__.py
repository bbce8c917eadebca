from staking.models.network import Counter, Epoch, Event, Network, ParameterSet
from staking.models.node import Node, NodeEpoch, Pool, ShareChange, StakeCheckpoint, VoidGeneration
from staking.models.slash import Slash
from staking.models.unbonding import Bucket, Kind, Unbonding
from staking.models.watch import WatchedNode
from staking.models.work import Attestation, Demand, Heartbeat, JobKey, Ranking, RankingRow, Receipt

__all__ = [
    "Attestation",
    "Bucket",
    "Counter",
    "Demand",
    "Epoch",
    "Event",
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
    "ShareChange",
    "Slash",
    "StakeCheckpoint",
    "Unbonding",
    "VoidGeneration",
    "WatchedNode",
]
