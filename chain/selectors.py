"""The anchor of an epoch on the chain, as far as the database knows (R52)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.core.cache import cache
from django.db.models import QuerySet

from chain.configuration import ChainConfiguration, chain_configuration
from chain.models import Anchor, Attempt, ChainStatus, Deposit, MirrorCursor
from chain.problems import action, halts, localized, sentence

AnchorState = Literal["off", "waiting", "submitted", "mined", "final"]


@dataclass(frozen=True, slots=True)
class ChainProblem:
    """Problem of the chain. `halted`: a person has to act; else it may end without action."""

    code: str
    data: Mapping[str, Any]
    halted: bool

    @property
    def reason(self) -> str:
        """Return the sentence about the problem, in English."""
        return sentence(self.code, self.data)

    @property
    def action(self) -> str:
        """Return the sentence about the remedy, in English."""
        return action(self.code, self.data)

    @property
    def localized_reason(self) -> str:
        return localized(self.code, self.data)[0]

    @property
    def localized_action(self) -> str:
        return localized(self.code, self.data)[1]


@dataclass(frozen=True, slots=True)
class EpochAnchor:
    """State of an epoch on the chain.

    `confirmations` of `required` blocks confirm it; a reorganisation can take a state below `final` back.
    `problem`: why it does not go on, None while it does. `attempts`: transactions sent for it so
    far, `max_fee`: the most that the last of them pays, in wei per gas.
    """

    state: AnchorState
    transaction: str = ""
    block: int | None = None
    confirmations: int = 0
    required: int = 0
    problem: ChainProblem | None = None
    attempts: int = 0
    max_fee: int = 0


@dataclass(frozen=True, slots=True)
class PendingDeposit:
    """Tokens that were locked in a block that is not final yet. `amount` in µIFM."""

    index: int
    wallet: str
    amount: int
    transaction: str
    block: int


OFF = EpochAnchor("off")
# Deposits that are not final are kept here by the mirror, and in no table: a reorganisation can undo them.
PENDING_DEPOSITS_KEY = "chain:pending_deposits"
PENDING_DEPOSITS_SECONDS = 3_600


def chain_status() -> ChainStatus:
    """The chain as it was last seen; an unsaved row when it was not seen yet."""
    return ChainStatus.objects.filter(id=1).first() or ChainStatus()


def problem_of(row: ChainStatus | MirrorCursor) -> ChainProblem | None:
    """Return the problem of the chain or of its deposits; None when none is known."""
    code, data = row.problem, row.problem_data
    if not code:
        return None
    return ChainProblem(code, data, halts(code))


def last_final_epoch() -> int | None:
    """The latest epoch that is final on the chain, 0 for none; None when the network has no chain."""
    if chain_configuration() is None:
        return None
    final = Anchor.objects.filter(state=Anchor.State.FINAL).order_by("-epoch")
    return final.values_list("epoch", flat=True).first() or 0


def anchor_of(epoch: int) -> EpochAnchor:
    """The anchor of an epoch, settled or not."""
    return anchors_of([epoch])[epoch]


def anchors_of(epochs: Collection[int]) -> dict[int, EpochAnchor]:
    """The anchors of epochs by number: three queries, none without a chain."""
    configuration = chain_configuration()
    if configuration is None:
        return dict.fromkeys(epochs, OFF)
    status = chain_status()
    anchors = Anchor.objects.in_bulk(epochs)
    attempts: dict[int, list[Attempt]] = {}
    sent = Attempt.objects.filter(epoch__in=epochs, part=0).order_by("id").only("epoch", "hash", "max_fee")
    for attempt in sent:
        attempts.setdefault(attempt.epoch, []).append(attempt)
    return {
        epoch: _anchor(epoch, anchors.get(epoch), attempts.get(epoch, []), status, configuration)
        for epoch in epochs
    }


def _anchor(
    epoch: int,
    anchor: Anchor | None,
    attempts: list[Attempt],
    status: ChainStatus,
    configuration: ChainConfiguration,
) -> EpochAnchor:
    required = configuration.confirmations
    fee = attempts[-1].max_fee if attempts else 0
    problem = problem_of(status)
    if anchor is None:
        if epoch < status.first_epoch:
            return OFF
        state: AnchorState = "submitted" if attempts else "waiting"
        transaction = attempts[-1].hash if attempts else ""
        return EpochAnchor(
            state, transaction, None, 0, required, problem, attempts=len(attempts), max_fee=fee
        )
    final = anchor.state == Anchor.State.FINAL
    confirmations = required if final else min(max(status.head - anchor.block + 1, 1), required)
    return EpochAnchor(
        "final" if final else "mined",
        anchor.transaction,
        anchor.block,
        confirmations,
        required,
        None if final else problem,
        attempts=len(attempts),
        max_fee=fee,
    )


def mirror_cursor() -> MirrorCursor | None:
    """Return the cursor up to which deposits were read; None before the first run."""
    return MirrorCursor.objects.filter(id=1).first()


def pending_deposits(wallet: str) -> list[PendingDeposit]:
    """Deposits of a wallet that are not final yet, the newest first."""
    pending: list[PendingDeposit] = cache.get(PENDING_DEPOSITS_KEY) or []
    return [deposit for deposit in reversed(pending) if deposit.wallet == wallet]


def deposits_of_wallet(wallet: str) -> QuerySet[Deposit]:
    """Credited deposits of a wallet, the newest first."""
    return Deposit.objects.filter(wallet=wallet).order_by("-index")


def deposit_transactions(postings: Collection[int]) -> dict[int, str]:
    """Hashes of locks by the ledger transactions that credited them."""
    return dict(Deposit.objects.filter(posting__in=postings).values_list("posting", "transaction"))


def anchor_transactions(epochs: Collection[int]) -> dict[int, str]:
    """Hashes of the transactions that anchored epochs, "" where it is not known which one did."""
    return dict(Anchor.objects.filter(epoch__in=epochs).values_list("epoch", "transaction"))
