"""A large network by set-based SQL: rows as the services would leave them, in seconds instead of hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import connection

from ledger import accounts
from ledger.posting import post
from staking.models import Epoch, Node, Pool
from staking.services.epochs import start_network
from tests.owner import as_owner

NODES = """
INSERT INTO staking_node (address, operator, name, region, hardware, signing_key, custodial, share_bps, registered_at,
  registered_epoch, banned, cooldown_until, self_stake, pending_stake, pending_epoch, operator_claimed)
SELECT '0x02' || lpad(n::text, 38, '0'), '0x03' || lpad(n::text, 38, '0'), 'node ' || n, 'region ' || n %% 7, '{}',
  '0x02' || lpad(n::text, 38, '0'), n %% 10 = 0, 8000, %s, 1, false, 0, (100 + n * 37 %% 12000) * 1000000, 0, 0, 0
FROM generate_series(1::bigint, %s) n
"""
POOLS = """
INSERT INTO staking_pool (node_id, generation, tokens, shares, pending_shares, pending_epoch)
SELECT id, 1, (100 + id::bigint * 53 % 9000) * 1000000, (100 + id::bigint * 53 % 9000) * 1000000, 0, 0 FROM staking_node
"""
RECEIPTS = """
INSERT INTO staking_receipt (epoch, node_id, outcome, proof, good, latency_ms, deadline_ms, credits, accepted_at,
  job_class, region, job_id, result_digest, trace_root, signature)
SELECT 1, nodes.first + r %% nodes.count, (r %% 37 = 0)::int, 0, r %% 37 <> 0, 20 + r * 7919 %% 900, 1000,
  20000 + r %% 5000, %s, r %% 4, 'region ' || r %% 7, 'job ' || r, sha256(r::text::bytea), sha256(r::text::bytea),
  decode(repeat('ab', 65), 'hex')
FROM generate_series(1::bigint, %s) r, (SELECT min(id) AS first, count(*) AS count FROM staking_node) nodes
"""
DEMAND = """
INSERT INTO staking_demand (epoch, region, jobs)
SELECT epoch, region, count(*) FROM staking_receipt GROUP BY epoch, region
"""
POSITIONS = """
INSERT INTO delegation_position (node_id, wallet, generation, shares, pending_shares, pending_epoch, reward_index, owed,
  claimed, cost, opened_epoch)
SELECT nodes.first + p %% nodes.count, '0x01' || lpad(p::text, 38, '0'), 1, 1000000, 0, 0, 0, 0, 0, 1000000, 1
FROM generate_series(%s, %s) p, (SELECT min(id) AS first, count(*) AS count FROM staking_node) nodes
"""
HOLDERS = """
INSERT INTO delegation_position (node_id, wallet, generation, shares, pending_shares, pending_epoch, reward_index, owed,
  claimed, cost, opened_epoch)
SELECT %s, '0x01' || lpad(p::text, 38, '0'), 1, 1000000, 0, 0, 0, 0, 0, 1000000, 1 FROM generate_series(1, %s) p
"""


def open_large_epoch(*, nodes: int, receipts: int) -> Epoch:
    """Epoch 1, over by now, with nodes, their pools and receipts."""
    start = datetime.now(UTC) - timedelta(days=2)
    start_network(now=start)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(NODES, [start, nodes])
        cursor.execute(POOLS)
        cursor.execute("SELECT staking_open_partition(1)")
        cursor.execute(RECEIPTS, [start, receipts])
        cursor.execute(DEMAND)
        cursor.execute("VACUUM ANALYZE")
    return Epoch.objects.get(number=1)


def open_rewards(at: datetime) -> None:
    """Open the accounts of all nodes' rewards: that happens once in a node's life, not in every settlement."""
    rewards = {accounts.rewards(address): 1 for address in Node.objects.values_list("address", flat=True)}
    post(kind="bench", moves={accounts.ISSUANCE: -len(rewards), **rewards}, at=at, epoch=1)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE ledger_account")


def add_positions(first: int, last: int) -> None:
    """Add shareholders with these numbers, spread over the nodes."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(POSITIONS, [first, last])
        cursor.execute("VACUUM ANALYZE delegation_position")


def fill(node: Node, holders: int) -> None:
    """Give one node this number of shareholders with 1 IFM each, and no others."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(HOLDERS, [node.id, holders])
        cursor.execute("VACUUM ANALYZE delegation_position")
    tokens = holders * 1_000_000
    Pool.objects.filter(node=node).update(tokens=tokens, shares=tokens)
    # The ledger has enough tokens for every amount that is taken from the node.
    parts = (accounts.stake, accounts.pool, accounts.unbonding)
    moves = {part(node.address): 10**15 for part in parts}
    post(
        kind="bench", moves={accounts.ISSUANCE: -sum(moves.values()), **moves}, at=datetime.now(UTC), epoch=1
    )
