"""Audit checks of positions in pools (section 14, items 5 and 6)."""

from __future__ import annotations

from delegation.selectors.owed import JOINS, OWED, PENDING

POOL_PENDING = "staking_pending_in(p.pending_shares, p.pending_epoch, p.pending_parts, %(open)s)"

CHECKS: dict[str, str] = {
    "5 pool shares": f"""
        SELECT format('pool of node %s: shares %s, pending %s; positions say %s, %s', p.node_id, p.shares,
          {POOL_PENDING}, coalesce(d.shares, 0), coalesce(d.pending, 0))
        FROM staking_pool p
        LEFT JOIN LATERAL (SELECT sum(x.shares) AS shares, sum({PENDING}) AS pending
          FROM delegation_position x WHERE x.node_id = p.node_id AND x.generation = p.generation) d ON true
        WHERE p.shares <> coalesce(d.shares, 0) OR {POOL_PENDING} <> coalesce(d.pending, 0)""",
    "5 pending by epoch": """
        SELECT format('pool of node %s: %s shares of epoch %s are pending; positions say %s', p.node_id,
          coalesce(made.value, '0'), coalesce(made.key, d.key), coalesce(d.shares, 0))
        FROM staking_pool p
        CROSS JOIN LATERAL jsonb_each_text(p.pending_parts) made
        LEFT JOIN LATERAL (SELECT sum(CASE WHEN x.pending_parts IS NULL THEN x.pending_shares
            ELSE (x.pending_parts ->> made.key)::numeric END) AS shares, made.key
          FROM delegation_position x WHERE x.node_id = p.node_id AND x.generation = p.generation
            AND (x.pending_parts ? made.key OR (x.pending_parts IS NULL AND x.pending_epoch = made.key::integer))) d
          ON true
        WHERE made.key::integer >= %(open)s AND made.value::numeric <> coalesce(d.shares, 0)""",
    "8 costs": """
        SELECT format('node %s: positions cost %s, its pool holds %s and lost %s by slashes', p.node_id,
          coalesce(x.cost, 0), p.tokens, coalesce(k.lost, 0))
        FROM staking_pool p
        LEFT JOIN (SELECT node_id, sum(cost) AS cost FROM delegation_position GROUP BY node_id) x
          ON x.node_id = p.node_id
        LEFT JOIN (SELECT s.node_id, sum(k.taken - k.returned) AS lost FROM staking_slashpart k
          JOIN staking_slash s ON s.id = k.slash_id WHERE k.kind = 'delegated' AND k.bucket_id IS NULL
          GROUP BY s.node_id) k ON k.node_id = p.node_id
        WHERE coalesce(x.cost, 0) <> p.tokens + coalesce(k.lost, 0)""",
    "9 checkpoints": """
        SELECT format('%s on node %s: %s shares, checkpoint of epoch %s says %s', c.wallet, c.node_id, x.shares,
          c.epoch, c.shares)
        FROM staking_stakecheckpoint c
        JOIN delegation_position x ON x.node_id = c.node_id AND x.wallet = c.wallet AND x.generation = c.generation
        WHERE c.epoch >= %(since)s AND x.shares <> c.shares AND NOT EXISTS (
          SELECT FROM staking_stakecheckpoint n
          WHERE n.wallet = c.wallet AND n.node_id = c.node_id AND n.epoch > c.epoch)""",
    "6 claimable": f"""
        SELECT format('rewards:%s holds %s µIFM; owed %s, operator %s, carry %s (× 10^18)', n.address,
          coalesce(a.balance, 0), coalesce(d.owed, 0), coalesce(e.operator_earned, 0) - n.operator_claimed,
          coalesce(e.index_carry, 0))
        FROM staking_node n
        LEFT JOIN staking_nodeepoch e ON e.node_id = n.id AND e.epoch = %(open)s - 1
        LEFT JOIN ledger_account a ON a.name = 'rewards:' || n.address
        LEFT JOIN LATERAL (SELECT sum({OWED}) AS owed FROM delegation_position x {JOINS}
          WHERE x.node_id = n.id) d ON true
        WHERE coalesce(a.balance, 0) * 1000000000000000000::numeric <> coalesce(d.owed, 0)
          + (coalesce(e.operator_earned, 0) - n.operator_claimed) * 1000000000000000000::numeric + coalesce(e.index_carry, 0)""",
}
