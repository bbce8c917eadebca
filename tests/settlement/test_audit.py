"""The audit reports every fault (section 14); tests cause them as the owner of the tables."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from governance.services.disputes import open_dispute
from governance.services.votes import vote_dispute
from settlement.audit import audit
from tests.network import Network, operator, wallet
from tests.owner import as_owner
from tests.shared_rows import shared

pytestmark = pytest.mark.django_db


@shared
def busy() -> Network:
    """Four settled epochs with something in every table."""
    net = Network()
    first, second = net.node(1, own=1_000), net.node(2, own=2_000)
    net.fund(operator(1), 50)
    for number, node in ((1, first), (2, second), (3, second)):
        net.delegate(node, number, 500)
    net.settle()
    for _ in range(2):
        net.work(first)
        net.work(second)
        net.work(first, 1, outcome="dropped")
        net.settle()
        net.claim(second, 2)
    net.undelegate(second, 3, 100)
    net.unstake(second, 100)
    net.delegate(second, 4, 30)
    case = open_dispute(slash=net.slash(first).pk, reason="No.", actor=operator(1), now=net.now)
    vote_dispute(dispute=case.pk, choice="uphold", reason="", wallet=wallet(2), now=net.now)
    net.settle()
    net.delegate(second, 4, 30)
    net.check()
    return net


FAULTS = [
    (
        "UPDATE ledger_entry SET amount = amount + 1 WHERE id = (SELECT max(id) FROM ledger_entry)",
        "1 balanced",
    ),
    ("UPDATE ledger_account SET balance = balance + 1 WHERE name = 'treasury'", "1 conservation"),
    ("DELETE FROM ledger_journalnumber WHERE number = 3", "1 journal numbers"),
    (
        "UPDATE ledger_journalnumber SET transaction_id = transaction_id + 1000000 WHERE number = 3",
        "1 journal numbers",
    ),
    (
        "UPDATE ledger_transaction SET actor = 'x' WHERE id = (SELECT min(id) FROM ledger_transaction)",
        "1 journal hashes",
    ),
    (
        "DELETE FROM ledger_transaction WHERE id = (SELECT min(id) + 2 FROM ledger_transaction)",
        "1 journal hashes",
    ),
    ("DELETE FROM ledger_journalnumber WHERE number = 3", "1 journal hashes"),
    ("UPDATE ledger_journalnumber SET hash = sha256(hash) WHERE number = 3", "1 journal hashes"),
    ("DELETE FROM ledger_journalnumber", "1 journal heads"),
    ("UPDATE staking_epoch SET journal_hash = '0x00' WHERE number = 2", "1 journal heads"),
    ("UPDATE staking_epoch SET journal_last = NULL WHERE number = 2", "1 journal heads"),
    ("UPDATE staking_counter SET last = last + 1 WHERE name = 'slash'", "8 slash numbers"),
    ("UPDATE ledger_account SET balance = balance + 1 WHERE name = 'treasury'", "2 balances"),
    ("UPDATE staking_node SET self_stake = self_stake + 1", "4 stake"),
    ("UPDATE staking_pool SET tokens = tokens + 1", "4 stake"),
    ("UPDATE staking_bucket SET tokens = tokens - 1 WHERE tokens > 0", "4 stake"),
    ("UPDATE staking_bucket SET shares = shares + 1", "4 bucket shares"),
    ("UPDATE staking_unbonding SET status = 'paid'", "4 bucket shares"),
    ("UPDATE staking_pool SET shares = shares + 1", "5 pool shares"),
    (
        "UPDATE staking_pool SET pending_shares = pending_shares - 1 WHERE pending_shares > 0",
        "5 pool shares",
    ),
    ("UPDATE delegation_position SET shares = shares + 1", "5 pool shares"),
    ("UPDATE delegation_position SET pending_shares = 1, pending_epoch = 5", "5 pool shares"),
    ("UPDATE delegation_position SET owed = owed + 1", "6 claimable"),
    (
        "UPDATE delegation_position SET reward_index = reward_index - 1 WHERE reward_index > 0",
        "6 claimable",
    ),
    ("UPDATE staking_node SET operator_claimed = operator_claimed + 1", "6 claimable"),
    ("UPDATE staking_nodeepoch SET reward_index = reward_index + 1", "6 claimable"),
    ("UPDATE staking_nodeepoch SET index_carry = index_carry + 1", "6 claimable"),
    ("UPDATE staking_epoch SET status = 'settled' WHERE number = 5", "7 one open"),
    ("UPDATE staking_epoch SET start = start + interval '1 s' WHERE number = 3", "7 contiguous"),
    ("DELETE FROM staking_epoch WHERE number = 3", "7 contiguous"),
    (
        "UPDATE staking_epoch SET distributed = distributed - 1, carry = carry + 1 WHERE number = 3",
        "7 rewards",
    ),
    (
        "UPDATE staking_nodeepoch SET reward = reward + 1, operator_reward = operator_reward + 1",
        "7 rewards",
    ),
    ("UPDATE staking_epoch SET slashed = slashed + 1 WHERE number = 4", "7 rewards"),
    ("UPDATE staking_slash SET status = 'overturned' WHERE status = 'executed'", "8 slashes"),
    (
        "UPDATE staking_slash SET burned = burned - 1, honest = honest + 1 WHERE status = 'executed'",
        "8 burned",
    ),
    ("UPDATE governance_vote SET power = 10000000000", "9 voting power"),
    ("UPDATE governance_dispute SET deposit = deposit + 1", "9 deposits"),
    ("UPDATE staking_nodeepoch SET good = good - 1 WHERE good > 0", "10 counters"),
    ("UPDATE staking_demand SET jobs = jobs + 1", "10 demand"),
    ("DELETE FROM staking_demand", "10 demand"),
    ("UPDATE staking_nodeepoch SET tier = tier + 1", "10 tiers"),
    ("UPDATE staking_nodeepoch SET weight = 0", "7 shares of the pool"),
    ("UPDATE staking_stakecheckpoint SET shares = shares + 1", "9 checkpoints"),
    ("UPDATE staking_node SET banned = true", "10 standing"),
    ("UPDATE staking_node SET cooldown_until = 99", "10 standing"),
]


def is_named(sql: str, rule: str) -> bool:
    with as_owner(), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL session_replication_role = replica")
            cursor.execute(sql)
            assert cursor.rowcount > 0, sql
        faults = audit(since=0)
        transaction.set_rollback(True)
    return any(fault.startswith(rule) for fault in faults)


def test_each_fault_is_named(busy: Network) -> None:
    assert [sql for sql, rule in FAULTS if not is_named(sql, rule)] == []
