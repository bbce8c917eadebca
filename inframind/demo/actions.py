"""Actions of the demo network's wallets, epoch by epoch, through the usual services."""

from __future__ import annotations

from datetime import datetime

from delegation.models import Position
from delegation.services.earnings import claim, compound
from delegation.services.positions import delegate, undelegate
from delegation.services.redelegations import redelegate
from governance.models import Dispute, Proposal
from governance.services.disputes import open_dispute
from governance.services.proposals import propose
from governance.services.votes import vote_dispute, vote_proposal
from inframind.demo import participants
from inframind.demo.participants import Machine
from oracle.attestations import attest
from protocol.amounts import MICRO
from protocol.errors import ProtocolError
from staking.models import Node, Slash
from staking.services import faucet, nodes, stakes

# Wallets that come in each of the first epochs, so that pools fill over time.
NEWCOMERS = 20
PLEA = "The oracle's link to our region was down for an hour; our own log shows the jobs done in time."


def begin(now: datetime) -> list[Machine]:
    """Register the nodes of the first day with their operators' stakes; answers with all that work."""
    machines = [
        participants.machine(number)
        for number in range(participants.NODES)
        if number not in participants.LATE_COMERS
    ]
    for machine in machines:
        join(machine, now)
    return machines


def join(machine: Machine, now: datetime) -> None:
    """One operator registers a node and stakes on it."""
    number = machine.number
    nodes.register(
        address=machine.address,
        operator=machine.operator,
        name=machine.name,
        region=machine.region,
        hardware=machine.hardware,
        signing_key=None,
        custodial=number in participants.CUSTODIAL,
        delegation_cap=participants.delegation_cap(machine.own_stake) * MICRO
        if number in participants.CAPPED
        else None,
        share_bps=participants.share_bps(number),
        now=now,
    )
    faucet.fund(wallet=machine.operator, amount=(machine.own_stake * 2 + 500) * MICRO, now=now)
    stakes.stake(node=machine.address, amount=machine.own_stake * MICRO, actor=machine.operator, now=now)


def act(epoch: int, now: datetime, machines: list[Machine]) -> None:
    """Run the actions of all wallets in one epoch."""
    _arrive(epoch, now)
    _live(epoch, now)
    _operate(epoch, now, machines)
    _judge(epoch, now)
    _govern(epoch, now)


def _arrive(epoch: int, now: datetime) -> None:
    first = (epoch - 2) * NEWCOMERS
    for number in range(max(first, 0), min(first + NEWCOMERS, participants.WALLETS)):
        wallet = participants.wallet(number)
        faucet.fund(wallet=wallet, amount=participants.purse(number) * MICRO, now=now)
        for node, amount in participants.intended_delegations(number):
            _try_delegate(wallet, node, amount * MICRO, now)


def _try_delegate(wallet: str, number: int, amount: int, now: datetime) -> None:
    # A wallet that meets a closed or full node moves on to the next, as people do.
    for step in range(3):
        try:
            delegate(
                node=participants.machine((number + step) % 117).address,
                amount=amount,
                wallet=wallet,
                now=now,
            )
        except ProtocolError:
            continue
        return


def _live(epoch: int, now: datetime) -> None:
    """A few wallets claim, compound, undelegate or redelegate in each epoch, in turns."""
    for number in range(epoch % 25, min((epoch - 2) * NEWCOMERS, participants.WALLETS), 25):
        wallet = participants.wallet(number)
        position = Position.objects.filter(wallet=wallet, shares__gt=0).select_related("node").first()
        if position is None:
            continue
        turn = (number // 25 + epoch) % 6
        try:
            _take_turn(turn, position.node.address, wallet, epoch, now)
        except ProtocolError:
            continue


def _take_turn(turn: int, node: str, wallet: str, epoch: int, now: datetime) -> None:
    if turn in (0, 1, 2):
        claim(node=node, wallet=wallet, now=now)
    elif turn == 3:
        compound(node=node, wallet=wallet, now=now)
    elif turn == 4:
        undelegate(node=node, amount=40 * MICRO, wallet=wallet, now=now)
    else:
        target = participants.machine((epoch * 5) % 117).address
        redelegate(source=node, target=target, amount=60 * MICRO, wallet=wallet, now=now)


def _operate(epoch: int, now: datetime, machines: list[Machine]) -> None:
    for number, at in participants.RETIRED.items():
        if at == epoch:
            machine = participants.machine(number)
            nodes.change(node=machine.address, actor=machine.operator, changes={"status": "retired"}, now=now)
    for number, at in participants.FALSE_HARDWARE.items():
        if at == epoch:
            machine = participants.machine(number)
            attest(node=machine.address, measured={**machine.hardware, "gpu_memory_gb": 16}, now=now)
    if epoch == 58:
        for number in participants.LATE_COMERS:
            join(participants.machine(number), now)
            machines.append(participants.machine(number))
    if epoch in (38, 56):
        machine = participants.machine(14 if epoch == 38 else 6)
        nodes.change(
            node=machine.address,
            actor=machine.operator,
            changes={"delegator_share_bps": participants.share_bps(machine.number) - 500},
            now=now,
        )
    if epoch == 57:
        machine = participants.machine(0)
        stakes.unstake(node=machine.address, amount=1_500 * MICRO, actor=machine.operator, now=now)


def _judge(epoch: int, now: datetime) -> None:
    """Operators dispute some slashes, and members vote on those that are open, some of them at once."""
    for number in participants.PLEADERS:
        slash = Slash.objects.filter(
            node__address=participants.machine(number).address, status="pending", epoch=epoch - 1
        ).first()
        if slash is not None:
            open_dispute(slash=slash.pk, reason=PLEA, actor=participants.machine(number).operator, now=now)
    for dispute in Dispute.objects.filter(status="voting").select_related("slash__node"):
        # Few wallets vote on a dropped job, so that this vote misses its quorum.
        voters = range(0, 120 if dispute.slash.offence == "dropout" else participants.WALLETS, 3)
        for number in voters:
            if dispute.closes_epoch == epoch or number % 5 < 3:
                _vote(dispute.pk, _choice(dispute.slash, number), participants.wallet(number), now)


def _choice(slash: Slash, voter: int) -> str:
    if voter % 15 == 0:
        return "abstain"
    with_the_many = voter % 4 != 0
    return "overturn" if with_the_many == (slash.offence == "sla_drop") else "uphold"


def _vote(dispute: int, choice: str, wallet: str, now: datetime) -> None:
    try:
        vote_dispute(dispute=dispute, choice=choice, reason="", wallet=wallet, now=now)
    except ProtocolError:
        return


def _govern(epoch: int, now: datetime) -> None:
    proposals = {
        20: ("Raise the emission to 820 IFM", {"emission_per_epoch": "820"}),
        40: ("Halve the dispute deposit", {"dispute_deposit": "25"}),
        60: ("Reward low latency more", {"q_latency_bps": 1200}),
    }
    if epoch in proposals:
        title, changes = proposals[epoch]
        body = "Replayed over the last epochs, it moves rewards towards the nodes that answer fastest."
        propose(title=title, body=body, changes=changes, wallet=_richest(now), now=now)
    for proposal in Proposal.objects.filter(status="voting", opened_epoch=epoch - 1):
        for number in range(0, 300, 2):
            choice = "against" if (number + proposal.pk) % 7 == 0 else "for"
            try:
                vote_proposal(
                    proposal=proposal.pk,
                    choice=choice,
                    reason="",
                    wallet=participants.wallet(number),
                    now=now,
                )
            except ProtocolError:
                continue


def _richest(now: datetime) -> str:
    return Node.objects.order_by("-self_stake", "address")[0].operator
