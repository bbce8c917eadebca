"""The network's chain as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from chain.configuration import chain_configuration
from chain.models import ChainStatus
from chain.selectors import ChainProblem, chain_status, last_final_epoch, problem_of
from chain_sync.epoch_reports import last_settled


@dataclass(frozen=True, slots=True)
class NetworkChain:
    """The chain, its contracts, and how far it is; contract addresses in lower case, "" for none.

    `last_anchored`: the latest epoch that the contract has, `last_final` the latest that is final, both 0 for none.
    `waiting`: settled epochs that the contract does not have yet.
    """

    chain_id: int
    settlement: str
    token: str
    embedded: bool
    required: int
    status: ChainStatus
    problem: ChainProblem | None
    last_anchored: int
    last_final: int
    waiting: int


def network_chain() -> NetworkChain | None:
    """The chain of this network; None when it has none. Four queries."""
    configuration = chain_configuration()
    if configuration is None:
        return None
    status = chain_status()
    return NetworkChain(
        chain_id=configuration.chain_id,
        settlement=configuration.settlement,
        token=configuration.token,
        embedded=configuration.embedded,
        required=configuration.confirmations,
        status=status,
        problem=problem_of(status),
        last_anchored=status.last_epoch,
        last_final=last_final_epoch() or 0,
        waiting=max(last_settled() - max(status.last_epoch, status.first_epoch - 1), 0),
    )
