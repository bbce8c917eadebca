"""The protocol once more, from its text: plain Python over dictionaries, every position touched in every epoch.

Nothing of the project is imported here, so that an error in the rules cannot hide by being made twice. Times are
seconds since the start of epoch 1, amounts µIFM.
"""

from __future__ import annotations

from typing import Any

from tests.reference.proposals import Proposals
from tests.reference.state import SCALE, Dispute, Node, Redelegation, Refused, Slash


class Model(Proposals):
    """Acts change the books or raise Refused; `settlement.settle` ends the epochs."""

    # the operator's actions

    def register(self, address: str, operator: str, **more: Any) -> None:
        made = {"region": "eu-west", "custodial": False, "cap": None, "share": 8_000, **more}
        self.nodes[address] = Node(address, operator, registered=self.now, **made)

    def fund(self, wallet: str, amount: int) -> None:
        self.move("issuance", f"wallet:{wallet}", amount)

    def stake(self, node: str, amount: int) -> None:
        state = self.nodes[node]
        self.above_zero(amount)
        self.enough(amount)
        self.stand(state)
        self.afford(state.operator, amount)
        self.move(f"wallet:{state.operator}", f"stake:{node}", amount)
        state.own += amount
        self.make(state.own_made, self.newest, amount)

    def unstake(self, node: str, amount: int | None) -> None:
        state = self.nodes[node]
        self.above_zero(amount)
        leaving = state.own if amount is None else amount
        if not 0 < leaving <= state.own:
            raise Refused("insufficient_balance")
        active = leaving - sum(self.unmake(state.own_made, leaving).values())
        state.own -= leaving
        self.enter_bucket(f"stake:{node}", node, state.operator, "self", leaving, leaving, active)

    def change_share(self, node: str, share: int) -> None:
        state = self.nodes[node]
        if state.retired:
            raise Refused("node_retired")
        if not 5_000 <= share <= 10_000:
            raise Refused("parameter_out_of_bounds")
        if share < state.share - self.params["delegator_share_max_cut_bps"]:
            raise Refused("share_cut_too_large")
        state.next_share = share

    def dispute(self, slash: Slash) -> None:
        operator = self.nodes[slash.node].operator
        if any(one.slash is slash for one in self.disputes):
            raise Refused("already_disputed")
        last = self.end + (slash.until - self.epoch) * self.params["epoch_seconds"]
        if slash.status != "pending" or self.epoch > slash.until or self.now >= last:
            raise Refused("dispute_window_closed")
        deposit = self.params["dispute_deposit"]
        self.afford(operator, deposit)
        self.move(f"wallet:{operator}", "deposits", deposit)
        closes = slash.epoch + self.params["dispute_filing_epochs"] + self.params["dispute_voting_epochs"]
        quorum = self.powers[self.epoch][1] * self.params["quorum_bps"]
        self.disputes.append(Dispute(slash, operator, self.epoch, closes, quorum, deposit))
        slash.status, slash.due = "disputed", closes

    def vote(self, dispute: Dispute, wallet: str, choice: str) -> None:
        last = self.end + (dispute.closes - self.epoch) * self.params["epoch_seconds"]
        if dispute.status != "voting" or self.now >= last:
            raise Refused("vote_closed")
        if wallet == dispute.operator:
            raise Refused("conflict_of_interest")
        if not self.powers[dispute.opened][0].get(wallet):
            raise Refused("no_voting_power")
        dispute.votes[wallet] = choice

    # the delegator's actions

    def delegate(self, node: str, wallet: str, amount: int) -> None:
        state = self.nodes[node]
        self.above_zero(amount)
        if wallet == state.operator:
            raise Refused("own_node")
        self.enough(amount)
        self.admit(state, wallet, amount)
        self.afford(wallet, amount)
        self.move(f"wallet:{wallet}", f"pool:{node}", amount)
        self.issue(state, wallet, amount)

    def undelegate(self, node: str, wallet: str, amount: int | None) -> None:
        state = self.nodes[node]
        self.above_zero(amount)
        value = self.value(node, wallet)
        if not state.positions[wallet].shares or (amount or 0) > value:
            raise Refused("insufficient_balance")
        paid, burned, pending = self.burn(state, wallet, amount)
        active = burned - sum(pending.values())
        if paid:
            self.enter_bucket(f"pool:{node}", node, wallet, "delegated", paid, burned, active)

    def redelegate(self, source: str, target: str, wallet: str, amount: int | None) -> None:
        self.above_zero(amount)
        if source == target:
            raise Refused("invalid")
        left = self.value(source, wallet) - sum(
            r.amount for r in self.redelegations
            if (r.wallet, r.source, r.status) == (wallet, source, "recorded")
        )  # fmt: skip
        wanted = max(left, 0) if amount is None else amount
        if wallet == self.nodes[target].operator:
            raise Refused("own_node")
        if wanted:
            self.enough(wanted)
        self.admit(self.nodes[target], wallet, wanted, all_of_nothing=wanted == 0)
        self.check_way_out(source, wallet)
        if wanted == 0 or wanted > left:
            raise Refused("insufficient_balance")
        self.redelegations.append(Redelegation(wallet, source, target, wanted, self.epoch))

    def claim(self, node: str, wallet: str) -> int:
        amount = self.take_owed(node, wallet)
        self.move(f"rewards:{node}", f"wallet:{wallet}", amount)
        self.clear_dust(self.nodes[node], wallet)
        return amount

    def compound(self, node: str, wallet: str) -> int:
        state = self.nodes[node]
        own = wallet == state.operator
        amount = state.operator_owed if own else state.positions[wallet].owed // SCALE
        if amount == 0:
            raise Refused("nothing_to_claim")
        self.enough(amount)
        if own:
            self.stand(state)
            state.own += amount
            self.make(state.own_made, self.newest, amount)
        else:
            self.admit(state, wallet, amount)
            self.issue(state, wallet, amount)
        self.take_owed(node, wallet)
        self.move(f"rewards:{node}", f"stake:{node}" if own else f"pool:{node}", amount)
        return amount

    # the way out and back

    def withdraw(self, number: int, wallet: str) -> None:
        entry = self.own_entry(number, wallet)
        if entry.matures > self.now:
            raise Refused("unbonding_not_mature")
        if self.is_held(entry) or entry.epoch == self.epoch:
            raise Refused("held_by_slash")
        self.move(f"unbonding:{entry.node}", f"wallet:{wallet}", self.close_entry(entry, "paid"))

    def release(self) -> None:
        """Pay mature unbonding entries, as the worker does."""
        for number in sorted(range(len(self.entries)), key=lambda n: (self.entries[n].matures, n)):
            entry = self.entries[number]
            if entry.status == "open" and entry.matures <= self.now and not self.is_held(entry):
                self.withdraw(number, entry.wallet)

    def cancel(self, number: int, wallet: str) -> None:
        entry = self.own_entry(number, wallet)
        if self.is_held(entry):
            raise Refused("held_by_slash")
        state, amount = self.nodes[entry.node], self.worth(entry)
        self.above_zero(amount)
        active = (entry.burned_active, entry.burned) if entry.epoch == self.epoch else (0, 1)
        if entry.kind == "self":
            self.stand(state)
            state.own += amount
            self.make(state.own_made, self.newest, amount - amount * active[0] // active[1])
        else:
            self.admit(state, wallet, amount)
            self.issue(state, wallet, amount, active)
        self.close_entry(entry, "cancelled")
        self.move(
            f"unbonding:{entry.node}", f"{'stake' if entry.kind == 'self' else 'pool'}:{entry.node}", amount
        )
