"""SQL of commitments: what broke them, one row for each broken share change and for each exceeded maximum."""

from __future__ import annotations

# Share changes in the epochs of the commitment; the share of its first epoch was checked when it was made.
_CHANGES = """
  FROM staking_commitment c JOIN staking_sharechange s ON s.node_id = c.node_id AND s.from_epoch > c.from_epoch
    AND (c.ends_epoch IS NULL OR s.from_epoch < c.ends_epoch)"""

# The epoch of the first reduction of the share from the epoch of an announcement `a` on: an announcement serves that
# one alone.
SERVED_EPOCH = """(
  SELECT min(f.from_epoch) FROM staking_sharechange f
  WHERE f.node_id = a.node_id AND f.new_bps < f.old_bps AND f.from_epoch >= a.from_epoch)"""

BREACHES = f"""
SELECT c.id AS commitment, c.node_id, 'minimum_share' AS term, s.from_epoch AS epoch, s.new_bps::bigint AS value
{_CHANGES}
WHERE s.new_bps < c.minimum_share_bps
UNION ALL
SELECT c.id, c.node_id, 'notice', s.from_epoch, s.new_bps::bigint
{_CHANGES}
WHERE c.notice_epochs IS NOT NULL AND s.new_bps < s.old_bps AND NOT EXISTS (
  SELECT FROM staking_shareannouncement a WHERE a.node_id = c.node_id AND a.epoch <= s.from_epoch - c.notice_epochs
    AND a.share_bps <= s.new_bps AND {SERVED_EPOCH} = s.from_epoch)
UNION ALL
SELECT c.id, c.node_id, 'maximum_delegated', min(e.epoch), max(e.pool_tokens)
FROM staking_commitment c JOIN staking_nodeepoch e ON e.node_id = c.node_id AND e.epoch >= c.from_epoch
  AND (c.ends_epoch IS NULL OR e.epoch < c.ends_epoch)
WHERE e.pool_tokens > c.maximum_delegated
GROUP BY c.id, c.node_id
"""
# A node `n` with a commitment in force in %(epoch)s and without a breach of any.
PROMISES_KEPT = (
    "EXISTS (SELECT FROM staking_commitment c WHERE c.node_id = n.id"
    " AND (c.ends_epoch IS NULL OR c.ends_epoch > %(epoch)s))"
    f" AND NOT EXISTS (SELECT FROM ({BREACHES}) b WHERE b.node_id = n.id)"
)
