"""A wallet's losses to slashes and returns of them (R34, R35), computed from the parts of each slash.

Nothing is stored per wallet. A holder's loss is the difference of the values of its shares before and after the slash,
each rounded down, so that it is exactly what the value of its position or entry fell by.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from ledger.selectors import posted_under

# Parts `k` of executed slashes in the pool of position x, and `held.shares`: the shares that it had in the pool then.
# Before a slash is executed its node accepts no delegations for a whole epoch (R12): no shares are pending then.
OF_POSITION = """
FROM staking_slash s
JOIN staking_slashpart k ON k.slash_id = s.id AND k.kind = 'delegated' AND k.bucket_id IS NULL
CROSS JOIN LATERAL (
  SELECT c.generation, CASE WHEN c.epoch = s.resolved_epoch THEN c.active ELSE c.shares END AS shares
  FROM staking_stakecheckpoint c
  WHERE c.wallet = x.wallet AND c.node_id = x.node_id AND c.epoch <= s.resolved_epoch
  ORDER BY c.epoch DESC LIMIT 1) held
WHERE s.node_id = x.node_id AND s.status = 'executed' AND held.generation = k.generation AND held.shares > 0
"""
TAKEN = "div({0}.shares * k.tokens, k.shares) - div({0}.shares * (k.tokens - k.taken), k.shares)"
RETURNED = (
    "div({0}.shares * (k.tokens - k.taken + k.returned), k.shares)"
    " - div({0}.shares * (k.tokens - k.taken), k.shares)"
)
# A column of position x: what slashes took from it, less what they gave back.
LOST = f"""
(SELECT coalesce(sum({TAKEN.format("held")} - ({RETURNED.format("held")})), 0) {OF_POSITION})
"""
OF_WALLET = f"""
SELECT 'delegation' AS side, d.id AS slash_id, d.taken, d.returned
FROM delegation_position x
CROSS JOIN LATERAL (
  SELECT s.id, {TAKEN.format("held")} AS taken, {RETURNED.format("held")} AS returned {OF_POSITION}) d
WHERE x.wallet = %(wallet)s
UNION ALL
SELECT 'unbonding', s.id, {TAKEN.format("u")}, {RETURNED.format("u")}
FROM staking_unbonding u
JOIN staking_slashpart k ON k.bucket_id = u.bucket_id
JOIN staking_slash s ON s.id = k.slash_id
WHERE u.wallet = %(wallet)s AND (u.closed_epoch IS NULL OR u.closed_epoch > s.resolved_epoch)
UNION ALL
SELECT 'own', s.id, k.taken, k.returned
FROM staking_node n
JOIN staking_slash s ON s.node_id = n.id AND s.status = 'executed'
JOIN staking_slashpart k ON k.slash_id = s.id AND k.kind = 'self' AND k.bucket_id IS NULL
WHERE n.operator = %(wallet)s
"""
# The columns are the fields of SlashLoss, without its transaction.
LOSSES = f"""
SELECT s.id, n.address, n.name, s.offence, s.resolved_epoch, s.resolved_at,
  l.taken::int8, l.returned::int8, l.delegation::int8, l.unbonding::int8, l.own::int8
FROM (
  SELECT slash_id, sum(taken) AS taken, sum(returned) AS returned,
    coalesce(sum(taken - returned) FILTER (WHERE side = 'delegation'), 0) AS delegation,
    coalesce(sum(taken - returned) FILTER (WHERE side = 'unbonding'), 0) AS unbonding,
    coalesce(sum(taken - returned) FILTER (WHERE side = 'own'), 0) AS own
  FROM ({OF_WALLET}) p GROUP BY slash_id HAVING sum(taken) > 0) l
JOIN staking_slash s ON s.id = l.slash_id
JOIN staking_node n ON n.id = s.node_id
WHERE (%(start)s::timestamptz IS NULL OR s.resolved_at >= %(start)s)
  AND (%(end)s::timestamptz IS NULL OR s.resolved_at < %(end)s)
  AND (%(slashes)s::bigint[] IS NULL OR s.id = ANY(%(slashes)s))
ORDER BY s.resolved_epoch, s.id
"""


@dataclass(frozen=True, slots=True)
class SlashLoss:
    """Loss of a wallet to an executed slash, and its returned part, in µIFM.

    `delegation`, `unbonding` and `own` are the net losses of its position, its unbonding entries and its own stake.
    `epoch`: the one whose settlement executed the slash, at `at`.
    `transaction`: the ledger transaction, None when all of it was returned.
    """

    slash: int
    node: str
    name: str
    offence: str
    epoch: int
    at: datetime
    taken: int
    returned: int
    delegation: int
    unbonding: int
    own: int
    transaction: int | None

    @property
    def net(self) -> int:
        """µIFM lost: taken less returned."""
        return self.taken - self.returned


def losses_of_wallet(
    wallet: str,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    slashes: list[int] | None = None,
) -> list[SlashLoss]:
    """The slashes that took something from the wallet, executed from `start` up to but without `end`, oldest first.

    `slashes`: only these. Two queries.
    """
    values: dict[str, Any] = {"wallet": wallet, "start": start, "end": end, "slashes": slashes}
    with connection.cursor() as cursor:
        cursor.execute(LOSSES, values)
        rows = cursor.fetchall()
    posted = posted_under(f"slash:{row[0]}" for row in rows) if rows else {}
    return [SlashLoss(*(*row, posted.get(f"slash:{row[0]}"))) for row in rows]
