"""Bring settled epochs to the settlement contract, in order and exactly once (R52).

One transaction is in flight at a time. What to send next follows from the contract alone: its last epoch, its slash
cursor and the account's nonce, all read at one block. Attempts are stored before they are broadcast, so that a
process that was killed finds them, and no error message of a node is interpreted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import structlog
from django.db.models import Max

from chain.configuration import ChainConfiguration
from chain.fees import GWEI, Fees, next_fees
from chain.models import Attempt, ChainStatus
from chain.node import Block, Node, Reverted
from chain.problems import Problem, halts
from chain.transactions import Transaction, sign
from chain_sync import anchors
from chain_sync.epoch_reports import MAX_SLASHES, report_of
from chain_sync.observation import (
    Observation,
    SettlementContract,
    read_final,
    read_head,
    require_chain,
)
from chain_sync.oracle_account import OracleAccount

log = structlog.get_logger(__name__)

Outcome = Literal["done", "submitted"]

# Blocks without being mined, after which a transaction is replaced.
PATIENCE_BLOCKS = 3
# In percent of the estimate.
GAS_LIMIT = 125


@dataclass(frozen=True, slots=True)
class Submission:
    """A transaction to be sent. `part` is 0 for a call of `submit`, −n for one of `submit_more` when n slashes lack."""

    epoch: int
    part: int
    data: bytes


class Submitter:
    """Steps of one network's submission. `second` is asked before an epoch counts as final.

    `no_account`: why the account's key cannot be read; the chain is followed without it.
    """

    def __init__(
        self,
        configuration: ChainConfiguration,
        node: Node,
        second: Node | None,
        account: OracleAccount | None,
        *,
        no_account: Problem | None = None,
    ) -> None:
        self._no_account = no_account
        self._configuration = configuration
        self._node = node
        self._account = account
        self._contract = SettlementContract(node, configuration.settlement)
        self._second = (second, SettlementContract(second, configuration.settlement)) if second else None

    def step(self, status: ChainStatus, *, now: datetime) -> Outcome:
        """Follow the chain, then send what is next; `now` is wall time. Saves what it saw of the chain in `status`.

        Returns "done" when the contract has every settled epoch, "submitted" while a transaction is in flight.
        Raises: Problem.
        """
        observation = self._observe(status, now)
        status.save()
        anchors.follow(self._node, self._contract, observation, first=status.first_epoch, now=now)
        unconfirmed = self._finalize(observation, now)
        if status.problem:
            # While it lasts no step comes to its end.
            self._read_totals(status, observation)
        self._require_rights(observation)
        submission = self._next(observation)
        outcome: Outcome = "done" if submission is None else self._submit(submission, observation, now)
        if outcome == "done":
            self._read_totals(status, observation)
        if unconfirmed is not None:
            raise unconfirmed
        return outcome

    def check(self, status: ChainStatus, *, now: datetime) -> None:
        """Read what `step` reads, and neither send nor save anything. Raises: Problem."""
        observation = self._observe(status, now)
        self._require_rights(observation)
        self._read_totals(status, observation)
        if self._account is not None and not status.balance:
            raise Problem("no_funds", account=self._account.address, balance=0, needed=1)

    def _observe(self, status: ChainStatus, now: datetime) -> Observation:
        configuration, node = self._configuration, self._node
        require_chain(node, configuration, status)
        head = read_head(node, configuration, status, now=now)
        final = read_final(node, configuration, status, head)
        self._verify_contract(status, head)
        observation = self._contract.observe(head, final)
        status.head, status.head_at, status.seen_at = max(status.head, head.number), head.at, now
        if final is not None and (status.checkpoint is None or final.number >= status.checkpoint):
            status.checkpoint, status.checkpoint_hash = final.number, final.hash
        status.last_epoch, status.paused, status.oracle = (
            observation.last_epoch,
            observation.paused,
            observation.oracle,
        )
        return observation

    def _verify_contract(self, status: ChainStatus, head: Block) -> None:
        """Verify the contract once, and again after a problem: a deployed contract does not change."""
        if status.settlement != self._contract.address or status.problem:
            self._contract.require(head)
            status.settlement = self._contract.address
            status.first_epoch = self._contract.first_epoch(head)

    def _read_totals(self, status: ChainStatus, observation: Observation) -> None:
        """The parts of the status that pages and alarms show and submitting does not need."""
        status.provable_epoch = self._contract.provable_epoch(observation.head)
        status.emitted = self._contract.emitted(observation.head)
        if self._account is not None:
            status.balance = self._node.balance(self._account.address, observation.head)

    def _finalize(self, observation: Observation, now: datetime) -> Problem | None:
        """Mark what is final. Returns the problem when the second node has not confirmed it: submission goes on."""
        try:
            anchors.finalize(self._contract, self._second, observation, now=now)
        except Problem as problem:
            if halts(problem.code):
                raise
            return problem
        return None

    def _require_rights(self, observation: Observation) -> None:
        if observation.paused:
            raise Problem("paused")
        if self._no_account is not None:
            raise self._no_account
        if self._account is not None and observation.oracle != self._account.address:
            raise Problem("not_oracle", oracle=observation.oracle, account=self._account.address)

    def _next(self, observation: Observation) -> Submission | None:
        """The rest of the latest epoch's slashes, else the next settled epoch; None when the contract has all."""
        contract = self._contract.contract
        rest = anchors.missing_slashes(self._contract, observation.last_epoch, observation.head)
        if rest:
            data = contract.call("submit_more", observation.last_epoch, rest[:MAX_SLASHES])
            return Submission(observation.last_epoch, -len(rest), data)
        following = report_of(observation.last_epoch + 1)
        if following is None:
            return None
        slashes = following.slashes[:MAX_SLASHES]
        arguments = (following.number, observation.last_root, following.root, following.emission, slashes)
        return Submission(following.number, 0, contract.call("submit", *arguments))

    def _submit(self, submission: Submission, observation: Observation, now: datetime) -> Outcome:
        if self._account is None:
            raise Problem("no_key")
        # Never "pending": what waits in a mempool can be lost.
        nonce = self._node.nonce(self._account.address, observation.head)
        attempts = Attempt.objects.filter(account=self._account.address, nonce=nonce)
        newest = attempts.filter(epoch=submission.epoch, part=submission.part).order_by("-id").first()
        if newest is None or not _is_fresh(newest, observation):
            self._send(self._account, submission, nonce, newest, observation, now)
        else:
            self._keep_alive(newest)
        return "submitted"

    def _keep_alive(self, attempt: Attempt) -> None:
        """Broadcast a transaction again when the node lost it."""
        if not self._node.knows(attempt.hash):
            log.info("transaction broadcast again", epoch=attempt.epoch, transaction=attempt.hash)
            self._broadcast(attempt)

    def _send(
        self,
        account: OracleAccount,
        submission: Submission,
        nonce: int,
        replaced: Attempt | None,
        observation: Observation,
        now: datetime,
    ) -> None:
        fees = self._fees(account, nonce, observation)
        gas = self._gas(account, submission, replaced, observation)
        if gas is None:
            return
        balance, needed = self._node.balance(account.address, observation.head), gas * fees.max_fee
        if balance < needed:
            raise Problem("no_funds", account=account.address, balance=balance, needed=needed)
        contract, data = self._contract.address, submission.data
        unsigned = Transaction(
            self._configuration.chain_id, nonce, fees.tip, fees.max_fee, gas, contract, 0, data
        )
        signed = sign(unsigned, account.key)
        attempt, _ = Attempt.objects.get_or_create(
            hash=signed.hash,
            defaults={
                "epoch": submission.epoch,
                "part": submission.part,
                "account": account.address,
                "nonce": nonce,
                "raw": signed.raw,
                "tip": fees.tip,
                "max_fee": fees.max_fee,
                "gas": gas,
                "head": observation.head.number,
                "created_at": now,
            },
        )
        log.info("epoch submitted", epoch=attempt.epoch, transaction=attempt.hash, max_fee=fees.max_fee)
        self._broadcast(attempt)

    def _fees(self, account: OracleAccount, nonce: int, observation: Observation) -> Fees:
        """Fees of the next attempt, above those of all former ones with this nonce. Raises: Problem `fee_ceiling`."""
        attempts = Attempt.objects.filter(account=account.address, nonce=nonce)
        former = attempts.aggregate(tip=Max("tip"), max_fee=Max("max_fee"))
        outbid = Fees(int(former["tip"]), int(former["max_fee"])) if former["tip"] is not None else None
        ceiling = self._configuration.max_fee
        fees = next_fees(observation.head.base_fee, self._suggested_tip(), ceiling=ceiling, replaced=outbid)
        if fees is not None:
            return fees
        # Whatever epoch it is for: as long as its nonce is not used, nothing else can be mined.
        dearest = attempts.order_by("-max_fee", "-id").first()
        if dearest is not None and dearest.max_fee >= observation.head.base_fee:
            self._keep_alive(dearest)
        raise Problem("fee_ceiling", limit=ceiling // GWEI)

    def _suggested_tip(self) -> int:
        try:
            return self._node.suggested_tip()
        except Problem:
            # Not every node offers the method.
            return GWEI

    def _gas(
        self,
        account: OracleAccount,
        submission: Submission,
        replaced: Attempt | None,
        observation: Observation,
    ) -> int | None:
        """The gas limit; None when the newest block has changed so that the call would fail now.

        Raises: Problem `refused`.
        """
        data = "0x" + submission.data.hex()
        message = {"from": account.address, "to": self._contract.address, "data": data}
        try:
            self._node.simulate(message, observation.head)
        except Reverted as refusal:
            raise Problem("refused", epoch=submission.epoch, reason=refusal.reason) from None
        if replaced is not None:
            return replaced.gas
        try:
            return self._node.estimate_gas(message) * GAS_LIMIT // 100
        except Reverted:
            return None

    def _broadcast(self, attempt: Attempt) -> None:
        refusal = self._node.send(bytes(attempt.raw))
        if refusal is not None:
            # Whether it is mined, the next step asks the contract.
            log.warning("node refuses a transaction", transaction=attempt.hash, error=refusal)


def _is_fresh(attempt: Attempt, observation: Observation) -> bool:
    """True if it is too early to replace an attempt: it was sent lately, and its fee is high enough."""
    recent = observation.head.number - attempt.head < PATIENCE_BLOCKS
    return recent and attempt.max_fee >= observation.head.base_fee
