"""Ten thousand nodes with a settled epoch and a ranking, written in bulk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import connection

from staking.services.epochs import start_network
from tests.owner import as_owner

NODES = 10_000

FIELD = """
INSERT INTO staking_node (address, operator, name, region, hardware, signing_key, custodial, delegation_cap,
  share_bps, registered_at, registered_epoch, banned, cooldown_until, self_stake, pending_stake, pending_epoch,
  operator_claimed)
SELECT '0x' || lpad(to_hex(i), 40, '0'), '0x' || lpad(to_hex(i + 100000000), 40, '0'),
  (ARRAY['Kelvin', 'Meridian', 'Dune', 'Malabar', 'Indus', 'Banyan'])[1 + i %% 6] || ' ' || i,
  (ARRAY['eu-west', 'us-east', 'ap-south', 'eu-central', 'sa-east'])[1 + i %% 5], '{}',
  '0x' || lpad(to_hex(i), 40, '0'),
  false, CASE WHEN i %% 3 = 0 THEN NULL ELSE 90000000000 END, 8000, %(start)s, 1, false, 0,
  (i::bigint * 7919 %% 20000) * 1000000, 0, 0, 0
FROM generate_series(1, %(nodes)s) i;
INSERT INTO staking_pool (node_id, generation, tokens, shares, pending_shares, pending_epoch)
SELECT id, 1, 1000000 * (id %% 900 + 1), 1000000 * (id %% 900 + 1), 0, 0 FROM staking_node;
INSERT INTO staking_nodeepoch (epoch, node_id, status, accepted, good, rejected, dropped, mismatched, invalid, forged,
  sla_bps, rejection_bps, slots_heard, slots_counted, uptime_bps, last_receipt_epoch, latency_ms,
  latency_count, latency_sum, latency_squares, window_epoch, window_after, variation_bps,
  latency_percentile_bps, scarcity_bps, degraded, q_latency, q_uptime, q_stake, q_scarcity, q_sla, q_bps, tier,
  bonus_bps, credits, weight, active_stake, active_pool, active_shares, share_bps, reward, operator_reward,
  delegators_reward, honest_reward, honest_operator, slashed, operator_earned, reward_index, index_carry, penalty_bps,
  reputation, self_stake, generation, pool_tokens, pool_shares)
SELECT e, n.id, 'active', 100, 99, 0, 0, 0, 0, 0, 9900, 0, 287, 288, 9950, e, 80 + n.id %% 400,
  100, 8000, 640000, e, 0, 0,
  n.id %% 10001, 0,
  false, n.id %% 1000, 1140, 300, 0, 10000, 11440 + n.id %% 1000, 2, 2500, 1000000, 1000000, n.self_stake, p.tokens,
  p.shares, 8000, 1000000 + n.id * e, 600000 + n.id * e, 400000, 0, 0, 0, 600000, 0, 0, 0, 500, n.self_stake, 1,
  p.tokens, p.shares
FROM staking_node n JOIN staking_pool p ON p.node_id = n.id, generate_series(1, %(epochs)s) e;
INSERT INTO staking_ranking (computed_at, slot, epoch, nodes) VALUES (%(now)s, 1, %(epochs)s + 1, %(nodes)s);
INSERT INTO staking_rankingrow (ranking_id, rank, movement, node_id, score_bps, q_bps, q_latency, q_uptime, q_stake,
  q_scarcity, q_sla, penalty_bps, degraded, live, accepted, sla_bps, uptime_bps, latency_ms, latency_percentile_bps,
  effective_stake, apr_bps)
SELECT (SELECT max(id) FROM staking_ranking), row_number() OVER (ORDER BY n.id), n.id %% 7 - 3, n.id,
  14000 - n.id %% 3000, 14000 - n.id %% 3000, n.id %% 1000, 1140, 300, 0, 10000, 0, false, true, 50, 9900, 9950,
  80 + n.id %% 400, n.id %% 10001,
  n.self_stake + p.tokens, 800 + n.id %% 2000
FROM staking_node n JOIN staking_pool p ON p.node_id = n.id;
"""
EPOCH = """
INSERT INTO staking_epoch (number, start, "end", status, parameters_id, settled_at, carry_in, minted, pool,
  distributed, carry, burned, honest, returned, slashed, totals,
  merkle_root, plan_hash, journal_hash)
VALUES (%(number)s, %(start)s, %(end)s, 'settled', 1, %(end)s, 0, 10000000000, 10000000000, 10000000000, 0, 0, 0, 0, 0,
  '{"operator_reward": 6000000000, "delegators_reward": 4000000000, "rewarded": 10000, "nodes": 10000}',
  '0x00', %(hash)s, '')
"""
EPOCHS = 12


def plant() -> None:
    """Fill an empty database: EPOCHS settled epochs, an open one, and a ranking of NODES nodes."""
    now = datetime.now(UTC)
    day = timedelta(days=1)
    start_network(now=now - timedelta(hours=1))
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("UPDATE staking_epoch SET number = %s WHERE number = 1", [EPOCHS + 1])
        for number in range(1, EPOCHS + 1):
            start = now - timedelta(hours=1) - day * (EPOCHS + 1 - number)
            values = {"number": number, "start": start, "end": start + day, "hash": str(number)}
            cursor.execute(EPOCH, values)
        values = {"nodes": NODES, "epochs": EPOCHS, "start": now - day * EPOCHS, "now": now}
        for statement in FIELD.split(";\n"):
            if statement.strip():
                cursor.execute(statement, values)
        cursor.execute("ANALYZE")
