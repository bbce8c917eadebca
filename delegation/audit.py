"""What must always hold of positions in pools (section 14, items 5 and 6)."""

from __future__ import annotations

CHECKS: dict[str, str] = {
    "5 pool shares": """
        SELECT format('pool of node %s: shares %s, pending %s; positions say %s, %s', p.node_id, p.shares,
          CASE WHEN p.pending_epoch = o.number THEN p.pending_shares ELSE 0 END,
          coalesce(d.shares, 0), coalesce(d.pending, 0))
        FROM staking_pool p CROSS JOIN (SELECT number FROM staking_epoch WHERE status <> 'settled') o
        LEFT JOIN LATERAL (
          SELECT sum(x.shares) AS shares,
            sum(CASE WHEN x.pending_epoch = o.number THEN x.pending_shares ELSE 0 END) AS pending
          FROM delegation_position x WHERE x.node_id = p.node_id AND x.generation = p.generation) d ON true
        WHERE p.shares <> coalesce(d.shares, 0)
          OR CASE WHEN p.pending_epoch = o.number THEN p.pending_shares ELSE 0 END <> coalesce(d.pending, 0)""",
    "9 checkpoints": """
        SELECT format('%s on node %s: %s shares, checkpoint of epoch %s says %s', c.wallet, c.node_id, x.shares,
          c.epoch, c.shares)
        FROM staking_stakecheckpoint c
        JOIN delegation_position x ON x.node_id = c.node_id AND x.wallet = c.wallet AND x.generation = c.generation
        WHERE c.epoch >= %(since)s AND x.shares <> c.shares AND NOT EXISTS (
          SELECT FROM staking_stakecheckpoint n
          WHERE n.wallet = c.wallet AND n.node_id = c.node_id AND n.epoch > c.epoch)""",
    "6 claimable": """
        SELECT format('rewards:%s holds %s µIFM; owed %s, operator %s, carry %s (× 10^18)', n.address,
          coalesce(a.balance, 0), coalesce(d.owed, 0), coalesce(e.operator_earned, 0) - n.operator_claimed,
          coalesce(e.index_carry, 0))
        FROM staking_node n
        CROSS JOIN (SELECT number FROM staking_epoch WHERE status <> 'settled') o
        LEFT JOIN staking_nodeepoch e ON e.node_id = n.id AND e.epoch = o.number - 1
        LEFT JOIN ledger_account a ON a.name = 'rewards:' || n.address
        LEFT JOIN LATERAL (
          SELECT sum(x.owed
            + (x.shares - x.pending_shares) * (coalesce(v.reward_index, e.reward_index, 0) - x.reward_index)
            + CASE WHEN x.pending_epoch < o.number THEN x.pending_shares
                * (coalesce(v.reward_index, e.reward_index, 0) - coalesce(f.reward_index, 0)) ELSE 0 END) AS owed
          FROM delegation_position x
          LEFT JOIN staking_voidgeneration g ON g.node_id = x.node_id AND g.generation = x.generation
          LEFT JOIN staking_nodeepoch v ON v.node_id = x.node_id AND v.epoch = g.epoch
          LEFT JOIN staking_nodeepoch f ON f.node_id = x.node_id AND f.epoch = x.pending_epoch AND x.pending_shares > 0
          WHERE x.node_id = n.id) d ON true
        WHERE coalesce(a.balance, 0) * 1000000000000000000::numeric <> coalesce(d.owed, 0)
          + (coalesce(e.operator_earned, 0) - n.operator_claimed) * 1000000000000000000::numeric + coalesce(e.index_carry, 0)""",
}
