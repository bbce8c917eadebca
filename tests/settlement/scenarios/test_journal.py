"""The journal of a network in which everything happens once: each kind moves tokens one way only (R9, R10)."""

from __future__ import annotations

from collections import defaultdict

import pytest

from governance.services.disputes import open_dispute
from governance.services.votes import vote_dispute
from ledger import accounts
from ledger.models import Entry
from ledger.selectors import balance, supply
from protocol.amounts import MICRO
from staking.models import Epoch, Slash
from staking.services.parameters import schedule
from staking.services.stakes import compound_operator
from staking.services.unbondings import release_due
from tests.ledger.entries import entries_sum
from tests.network import Network, operator, wallet

pytestmark = pytest.mark.django_db

# kind → who gives, who gets
WAYS: dict[str, tuple[set[str], set[str]]] = {
    "faucet": ({"issuance"}, {"wallet"}),
    "stake": ({"wallet"}, {"stake"}),
    "unstake": ({"stake"}, {"unbonding"}),
    "delegate": ({"wallet"}, {"pool"}),
    "undelegate": ({"pool"}, {"unbonding"}),
    "redelegate": ({"pool"}, {"pool"}),
    "refund": ({"pool"}, {"wallet"}),
    "mint": ({"issuance"}, {"reward_pool"}),
    "rewards": ({"reward_pool"}, {"rewards"}),
    "claim": ({"rewards"}, {"wallet"}),
    "compound": ({"rewards"}, {"stake", "pool"}),
    "cancel_unbonding": ({"unbonding"}, {"stake", "pool"}),
    "withdraw": ({"unbonding"}, {"wallet"}),
    "slash": ({"stake", "pool", "unbonding"}, {"burned", "rewards"}),
    "dispute_deposit": ({"wallet"}, {"deposits"}),
    "deposit_returned": ({"deposits"}, {"wallet"}),
    "deposit_forfeited": ({"deposits"}, {"treasury"}),
}


def live(net: Network) -> None:
    """Two nodes and three wallets through fourteen epochs; 100 IFM are minted in each but the first."""
    schedule(changes={"emission_per_epoch": "100"}, from_epoch=2, proposal=1, now=net.now)
    first, second = net.node(1, own=1_000), net.node(2, own=2_000)
    net.fund(operator(1), 200)
    net.delegate(first, 1, 500)
    net.delegate(second, 2, 3_000)
    net.settle()
    net.work(second)
    net.delegate(first, 3, 40)
    net.undelegate(first, 1, 100)
    net.cancel(net.undelegate(second, 2, 50).unbonding.pk, wallet(2))
    net.cancel(net.unstake(second, 50).unbonding.pk, operator(2))
    net.work(first, 1, outcome="dropped")
    net.work(first, 1, proof="invalid")
    net.settle()
    for offence, choice in (("dropout", "overturn"), ("invalid_proof", "uphold")):
        case = open_dispute(slash=net.slash(first, offence).pk, reason="No.", actor=operator(1), now=net.now)
        vote_dispute(dispute=case.pk, choice=choice, reason="", wallet=wallet(2), now=net.now)
    net.settle()
    net.work(second)
    net.settle()
    net.work(second)
    net.claim(second, 2)
    net.claim_own(second)
    net.redelegate(first, second, 1, 100)
    net.unstake(first, 10)
    net.settle()
    net.compound(second, 2)
    compound_operator(node=second, actor=operator(2), now=net.now)
    net.settle(9)
    release_due(now=net.now)


def test_each_kind_goes_its_way(net: Network) -> None:
    live(net)
    net.check()
    directions: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for kind, name, amount in Entry.objects.values_list("transaction__kind", "account__name", "amount"):
        directions[kind][amount > 0].add(name.split(":")[0])
    assert dict(directions) == WAYS


def test_supply_is_what_was_issued_less_what_was_burned(net: Network) -> None:
    live(net)
    minted = sum(Epoch.objects.filter(status="settled").values_list("minted", flat=True))
    burned = sum(Slash.objects.values_list("burned", flat=True))
    assert burned == balance(accounts.BURNED) > 0
    assert supply() == -entries_sum(accounts.ISSUANCE) - burned
    assert -balance(accounts.ISSUANCE) == minted + (1_000 + 2_000 + 200 + 500 + 3_000 + 40) * MICRO
