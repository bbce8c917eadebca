from staking.models.network import Change, Epoch, Event, Network, ParameterSet
from staking.models.node import Node, NodeEpoch, Pool, ShareChange, StakeCheckpoint, VoidGeneration
from staking.models.once import FormKey
from staking.models.slash import Slash
from staking.models.unbonding import Bucket, Kind, Unbonding
from staking.models.work import Attestation, Demand, Heartbeat, JobKey, Ranking, RankingRow, Receipt

__all__ = [
    "Attestation",
    "Bucket",
    "Change",
    "Demand",
    "Epoch",
    "Event",
    "FormKey",
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
]
