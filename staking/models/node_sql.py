"""SQL expressions about nodes that several queries use, each defined once.

Aliases: `n` staking_node, `p` staking_pool of the node, `e` staking_nodeepoch, `z` staking_epoch of that row.
`%(epoch)s` is the epoch that the query is about, in most cases the open one.
"""

from __future__ import annotations


def share_in(epoch: str) -> str:
    """The delegator share in force in an epoch, bps (R48). `Node.share_in` is the same for an instance."""
    return f"CASE WHEN n.next_share_epoch <= {epoch} THEN n.next_share_bps ELSE n.share_bps END"


SHARE = share_in("%(epoch)s")

# Self stake and delegated tokens bonded now, µIFM (R6).
EFFECTIVE_STAKE = "n.self_stake + p.tokens"

# The id of the ranking in force (R49).
LATEST_RANKING = "(SELECT max(id) FROM staking_ranking)"

# Conditions that a node has a status (section 2); exactly one of them holds.
HAS_STATUS = {
    "active": "NOT n.banned AND n.retired_at IS NULL AND n.cooldown_until < %(epoch)s",
    "cooldown": "NOT n.banned AND n.retired_at IS NULL AND n.cooldown_until >= %(epoch)s",
    "banned": "n.banned",
    "retired": "NOT n.banned AND n.retired_at IS NOT NULL",
}
STATUS = f"CASE {' '.join(f'WHEN {condition} THEN {name!r}' for name, condition in HAS_STATUS.items())} END"

# A slash is pending until it is executed or overturned (R12).
PENDING_SLASH = (
    "EXISTS (SELECT FROM staking_slash s WHERE s.node_id = n.id AND s.status IN ('pending', 'disputed'))"
)
# The operator's own stake is unbonding (R16).
OPERATOR_UNBONDING = (
    "EXISTS (SELECT FROM staking_unbonding u"
    " WHERE u.node_id = n.id AND u.kind = 'self' AND u.status = 'open')"
)

# APR is that of the last 30 settled epochs.
APR_EPOCHS = 30
# APR of delegators over the grouped rows, bps, floor: what they received over what they had at stake and for how
# long, scaled to a year, not compounded. NULL when nothing was at stake; at most what the column can hold.
_STAKE_SECONDS = 'sum(e.active_pool::numeric * extract(epoch FROM z."end" - z.start)::bigint)'
APR = f"""CASE WHEN {_STAKE_SECONDS} > 0 THEN floor(least(9223372036854775807,
  10000::numeric * sum(e.delegators_reward + e.honest_reward - e.honest_operator) * 31536000
  / {_STAKE_SECONDS}))::bigint END"""
