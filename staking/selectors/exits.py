"""A wallet's exits: where each is on its way, and the transactions that release it (R55)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from chain.configuration import ChainConfiguration, chain_configuration
from chain.models import ChainStatus
from chain.proofs import ProveTransaction, prove_transaction
from staking.models import Epoch, Exit
from staking.selectors.proofs import Proof, ProvenLeaf, exit_proofs

# `recorded` until the settlement; `waiting` until the epoch is anchored; `anchored` until the contract accepts it.
Stage = Literal["recorded", "waiting", "anchored", "provable"]


@dataclass(frozen=True, slots=True)
class ExitFigures:
    """An exit of `amount` µIFM. `proof`: the wallet's leaves, None until the epoch is settled.

    `transactions`: what brings the proof, in the order in which it takes effect whole; those of 0 µIFM are left out.
    """

    id: int
    wallet: str
    amount: int
    epoch: int
    epoch_end: datetime
    requested_at: datetime
    transaction: int
    status: str
    stage: Stage
    proof: Proof | None
    transactions: tuple[ProveTransaction, ...]

    @property
    def provable(self) -> bool:
        """True if the token contract accepts the proof now, as far as the chain was followed."""
        return self.stage == "provable"


def exits_of_wallet(wallet: str, *, limit: int, before: int | None = None) -> list[ExitFigures]:
    """The wallet's exits, the newest first, or those before one with this id."""
    rows = Exit.objects.filter(wallet=wallet).order_by("-id")
    return _figures(wallet, list((rows if before is None else rows.filter(id__lt=before))[:limit]))


def exit_of(number: int) -> ExitFigures:
    """One exit, which exists."""
    row = Exit.objects.get(pk=number)
    return _figures(row.wallet, [row])[0]


def _figures(wallet: str, rows: list[Exit]) -> list[ExitFigures]:
    ends = dict(Epoch.objects.filter(number__in={row.epoch for row in rows}).values_list("number", "end"))
    proofs = exit_proofs(wallet, {row.epoch for row in rows if row.status == Exit.Status.RELEASED})
    configuration, status = chain_configuration(), ChainStatus.objects.first()
    return [_one(row, ends[row.epoch], proofs.get(row.epoch), configuration, status) for row in rows]


def _one(
    row: Exit,
    end: datetime,
    proof: Proof | None,
    configuration: ChainConfiguration | None,
    status: ChainStatus | None,
) -> ExitFigures:
    leaves = proof.leaves if proof else ()
    return ExitFigures(
        id=row.pk,
        wallet=row.wallet,
        amount=row.amount,
        epoch=row.epoch,
        epoch_end=end,
        requested_at=row.requested_at,
        transaction=row.transaction,
        status=row.status,
        stage=_stage(row, status),
        proof=proof,
        transactions=tuple(_transactions(leaves, configuration)),
    )


def _stage(row: Exit, status: ChainStatus | None) -> Stage:
    if row.status == Exit.Status.RECORDED:
        return "recorded"
    if status is None or row.epoch > status.last_epoch:
        return "waiting"
    return "provable" if row.epoch <= status.provable_epoch and not status.paused else "anchored"


def _transactions(
    leaves: Iterable[ProvenLeaf], configuration: ChainConfiguration | None
) -> Iterable[ProveTransaction]:
    if configuration is None or not configuration.token:
        return
    for leaf, proof in leaves:
        if leaf.amount:
            yield prove_transaction(configuration.token, leaf, proof, rpc=configuration.public_rpc)
