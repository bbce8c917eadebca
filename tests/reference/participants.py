"""Participants and parameters of the random runs."""

from __future__ import annotations

from typing import Any, TypeVar

from tests.network import operator, wallet
from tests.reference.model import Model
from tests.reference.pair import Pair, written

PairKind = TypeVar("PairKind", bound=Pair)

NODES = [1, 2, 3, 4]
WALLETS = [1, 2, 3, 4, 5]
DAY = 86_400

# A whole delegated side can go, so that pools begin new generations; windows and cooldowns are short.
PARAMETERS: dict[str, Any] = {
    "min_amount": "0.000003", "emission_per_epoch": "0.001", "unbonding_seconds": 3 * DAY, "sla_min_jobs": 8,
    "latency_window_jobs": 5, "heartbeat_slot_seconds": 3_600, "heard_quorum_bps": 5_000,
    "cooldown_epochs": 1, "dispute_deposit": "0.000050",
    "offences": [{"name": "invalid_proof", "self_bps": 10_000, "delegated_bps": 10_000}],
}  # fmt: skip


def pair(kind: type[PairKind] = Pair, **more: Any) -> PairKind:  # type: ignore[assignment]
    """Pair of engine and model; `more`: further parameters, in bps or epochs."""
    model = Model(
        **more,
        min_amount=3,
        emission_per_epoch=1_000,
        unbonding_seconds=3 * DAY,
        sla_min_jobs=8,
        latency_window_jobs=5,
        heartbeat_slot_seconds=3_600,
        heard_quorum_bps=5_000,
        cooldown_epochs=1,
        dispute_deposit=50,
    )
    model.offences["invalid_proof"] = (10_000, 10_000)
    made = kind(PARAMETERS | written(more), model)
    for number in NODES:
        # Nodes 3 and 4 have one operator; 2 is custodial.
        made.node(
            number,
            run_by=min(number, 3),
            custodial=number == 2,
            region="us-east" if number == 4 else "eu-west",
        )
    for address in [wallet(number) for number in WALLETS] + [operator(number) for number in (1, 2, 3)]:
        made.fund(address, 20_000)
    return made
