"""The engine and the plain model side by side: each action runs on both, and results and states must be equal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from delegation.services import earnings, positions, redelegations
from governance.models import Dispute, Proposal
from governance.services.disputes import open_dispute
from governance.services.proposals import propose
from governance.services.votes import vote_dispute, vote_proposal
from protocol.amounts import format_amount
from protocol.errors import ProtocolError
from staking.models import Slash, Unbonding
from staking.services import faucet, stakes
from staking.services.unbondings import release_due
from tests.network import Network, node_address, operator
from tests.reference import settlement
from tests.reference.comparison import Comparison
from tests.reference.model import Model
from tests.reference.reference import Reference
from tests.reference.state import Refused

AMOUNTS = ("emission_per_epoch", "min_amount", "dispute_deposit", "proposal_threshold", "q_stake_saturation")


class Pair:
    """Acts are named as in Network; nodes, wallets and entries go by their numbers."""

    def __init__(self, parameters: dict[str, Any], model: Model) -> None:
        self.net = Network(**parameters)
        self.model = model
        self.reference = Reference(model)
        self.people: list[str] = []
        self.comparison = Comparison(self.net, model, self.people)

    def node(self, number: int, *, run_by: int | None = None, cap: int | None = None, **more: Any) -> None:
        runner = operator(number if run_by is None else run_by)
        self.net.node(number, run_by=run_by, delegation_cap=cap, **more)
        self.model.register(node_address(number), runner, cap=cap, **more)

    def fund(self, address: str, amount: int) -> None:
        faucet.fund(wallet=address, amount=amount, now=self.net.now)
        self.model.fund(address, amount)
        self.people.append(address)

    def act(self, name: str, *args: Any) -> str | None:
        """One act on both; answers with the code of the refusal, or None."""
        self.reference.before()
        code = _code(lambda: getattr(self, f"_{name}")(*args))
        expected = _code(lambda: getattr(self.model, name)(*args))
        assert code == expected, f"{name}{args}: {code}, by the text {expected}"
        if code is None and name in ("delegate", "undelegate", "claim", "compound"):
            self.reference.after_act(name, args[0], args[1])
        self.comparison.briefly()
        return code

    def wait(self, seconds: int) -> None:
        self.net.wait(seconds)
        self.model.now += seconds

    def work(self, number: int, jobs: int, **more: Any) -> None:
        """Receipts as Network.work records them."""
        made: dict[str, Any] = {"credits": 1_000, "latency": 100, "deadline": 2_000, "outcome": "completed",
                                "proof": "valid", "region": "eu-west", **more}  # fmt: skip
        self.net.work(node_address(number), jobs, **made)
        made["good"] = (
            made["outcome"] == "completed"
            and made["proof"] in ("valid", "unchecked")
            and made["latency"] <= made["deadline"]
        )
        self.model.jobs += [{**made, "node": node_address(number)} for _ in range(jobs)]

    def beat(self, number: int, slots: set[int]) -> None:
        address = node_address(number)
        new = {slot for slot in slots if (address, slot) not in self.model.beats}
        self.net.beat(address, sorted(new))
        self.model.beats |= {(address, slot) for slot in new}

    def fake(self, number: int) -> None:
        self.net.fake(node_address(number))
        self.model.faked.add(node_address(number))

    def change_cap(self, number: int, cap: int | None) -> None:
        address = node_address(number)
        if not self.model.nodes[address].retired:
            self.net.change(address, delegation_cap=cap)
            self.model.nodes[address].cap = cap

    def retire(self, number: int) -> None:
        address = node_address(number)
        if not self.model.nodes[address].retired:
            self.net.change(address, status="retired")
            self.model.nodes[address].retired = True

    def settle(self) -> None:
        self.reference.before()
        self.net.settle()
        settlement.settle(self.model)
        self.reference.after_settlement()
        self.comparison.after_settlement()

    # the actions on the engine

    def _stake(self, node: str, amount: int) -> None:
        stakes.stake(node=node, amount=amount, actor=self.net.operator_of(node), now=self.net.now)

    def _unstake(self, node: str, amount: int | None) -> None:
        stakes.unstake(node=node, amount=amount, actor=self.net.operator_of(node), now=self.net.now)

    def _change_share(self, node: str, share: int) -> None:
        self.net.change(node, delegator_share_bps=share)

    def _delegate(self, node: str, by: str, amount: int) -> None:
        positions.delegate(node=node, wallet=by, amount=amount, now=self.net.now)

    def _undelegate(self, node: str, by: str, amount: int | None) -> None:
        positions.undelegate(node=node, wallet=by, amount=amount, now=self.net.now)

    def _redelegate(self, source: str, target: str, by: str, amount: int | None) -> None:
        redelegations.redelegate(source=source, target=target, wallet=by, amount=amount, now=self.net.now)

    def _claim(self, node: str, by: str) -> None:
        earnings.claim(node=node, wallet=by, now=self.net.now)

    def _compound(self, node: str, by: str) -> None:
        earnings.compound(node=node, wallet=by, now=self.net.now)

    def _cancel(self, number: int, by: str) -> None:
        self.net.cancel(self._entry(number), by)

    def _withdraw(self, number: int, by: str) -> None:
        self.net.withdraw(self._entry(number), by)

    def _release(self) -> None:
        release_due(now=self.net.now)

    def _dispute(self, slash: Any) -> None:
        number = self.model.slashes.index(slash)
        open_dispute(
            slash=Slash.objects.order_by("id")[number].pk,
            reason="it was not so",
            actor=self.model.nodes[slash.node].operator,
            now=self.net.now,
        )

    def _vote(self, dispute: Any, by: str, choice: str) -> None:
        row = Dispute.objects.order_by("id")[self.model.disputes.index(dispute)]
        vote_dispute(dispute=row.pk, choice=choice, reason="", wallet=by, now=self.net.now)

    def _propose(self, changes: list[tuple[str, int]], by: str) -> None:
        propose(title="Change", body="", changes=written(dict(changes)), wallet=by, now=self.net.now)

    def _vote_proposal(self, number: int, by: str, choice: str) -> None:
        row = Proposal.objects.order_by("id")[number]
        vote_proposal(proposal=row.pk, choice=choice, reason="", wallet=by, now=self.net.now)

    def _entry(self, number: int) -> int:
        return Unbonding.objects.order_by("id")[number].pk


def written(parameters: dict[str, int]) -> dict[str, Any]:
    """Parameters as the API writes them."""
    return {name: format_amount(value) if name in AMOUNTS else value for name, value in parameters.items()}


def _code(act: Callable[[], object]) -> str | None:
    try:
        act()
    except ProtocolError as refusal:
        return refusal.code
    except Refused as refusal:
        return str(refusal)
    return None
