"""SQL for the earnings of a position now (R42): `accrual.settle` for rows that are only read."""

from __future__ import annotations

# Of delegation_position x on a node whose last settled epoch has the row e. A void generation has earned up to the
# settlement that made it void, and shares that were pending start at the close of the epoch in which they were made.
INDEX_NOW = "coalesce(v.reward_index, e.reward_index, 0)"
JOINS = """
LEFT JOIN staking_voidgeneration g ON g.node_id = x.node_id AND g.generation = x.generation
LEFT JOIN staking_nodeepoch v ON v.node_id = x.node_id AND v.epoch = g.epoch
LEFT JOIN staking_nodeepoch f ON f.node_id = x.node_id AND f.epoch = x.pending_epoch AND x.pending_shares > 0
"""
OWED = f"""
x.owed + (x.shares - x.pending_shares) * ({INDEX_NOW} - x.reward_index)
  + CASE
    WHEN x.pending_parts IS NOT NULL THEN (
      SELECT coalesce(sum(made.value::numeric * greatest({INDEX_NOW} - coalesce(m.reward_index, 0), 0)), 0)
      FROM jsonb_each_text(x.pending_parts) made
      LEFT JOIN staking_nodeepoch m ON m.node_id = x.node_id AND m.epoch = made.key::integer
      WHERE made.key::integer < %(open)s)
    WHEN x.pending_epoch < %(open)s THEN x.pending_shares * greatest({INDEX_NOW} - coalesce(f.reward_index, 0), 0)
    ELSE 0 END
"""
PENDING = "staking_pending_in(x.pending_shares, x.pending_epoch, x.pending_parts, %(open)s)"
