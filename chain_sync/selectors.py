"""The network's chain as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from chain.configuration import chain_configuration
from chain.models import ChainStatus, MirrorCursor
from chain.selectors import (
    ChainProblem,
    chain_status,
    deposits_of_wallet,
    last_final_epoch,
    mirror_cursor,
    pending_deposits,
    problem_of,
)
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
    cursor: MirrorCursor | None
    problem: ChainProblem | None
    last_anchored: int
    last_final: int
    waiting: int


def network_chain() -> NetworkChain | None:
    """The chain of this network; None when it has none. Five queries."""
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
        cursor=mirror_cursor() if configuration.token else None,
        problem=problem_of(status),
        last_anchored=status.last_epoch,
        last_final=last_final_epoch() or 0,
        waiting=max(last_settled() - max(status.last_epoch, status.first_epoch - 1), 0),
    )


@dataclass(frozen=True, slots=True)
class DepositRow:
    """A deposit, `pending` or `credited`; the last two are None while it is pending. `amount` in µIFM."""

    index: int
    amount: int
    status: Literal["pending", "credited"]
    transaction: str
    block: int
    confirmations: int
    required: int
    credited_at: datetime | None = None
    ledger_transaction: int | None = None


def deposits(wallet: str, *, limit: int, before: int | None = None) -> list[DepositRow]:
    """The newest deposits of a wallet, those with an index below `before` when it is given."""
    configuration = chain_configuration()
    required = configuration.confirmations if configuration else 0
    rows = deposits_of_wallet(wallet)
    newest = rows.values_list("index", flat=True).first()
    head = chain_status().head
    waiting = [
        DepositRow(
            row.index, row.amount, "pending", row.transaction, row.block,
            min(max(head - row.block + 1, 1), max(required - 1, 0)), required,
        )
        for row in pending_deposits(wallet)
        # What was credited since the list was made is not shown twice.
        if (newest is None or row.index > newest) and (before is None or row.index < before)
    ][:limit]  # fmt: skip
    if before is not None:
        rows = rows.filter(index__lt=before)
    credited = [
        DepositRow(
            row.index, row.amount, "credited", row.transaction, row.block, required, required, row.credited_at,
            row.posting,
        )
        for row in rows[: limit - len(waiting)]
    ]  # fmt: skip
    return waiting + credited
