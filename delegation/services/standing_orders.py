"""Standing orders of a wallet: add, delete, and evaluate all of them in one statement.

Beyond the ORM: an upsert of the rows that a statement selects, for all orders at once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from delegation.models import StandingOrder
from delegation.services.standing_order_checks import check_condition, check_no_way_back, node_of, target_of
from protocol.errors import Conflict, Invalid
from staking.models import Event
from staking.models.node_sql import HAS_STATUS, LATEST_RANKING, OPERATOR_UNBONDING, SHARE
from staking.services.epochs import open_epoch

MAX_ORDERS = 50
LOCK = "SELECT pg_advisory_xact_lock(hashtext('delegation_standingorder'), hashtext(%s))"

# The share that is announced for the next epoch counts, as long as the wallet can still leave before it.
_LEAST_SHARE = (
    f"least({SHARE}, CASE WHEN n.next_share_epoch > %(epoch)s THEN n.next_share_bps ELSE {SHARE} END)"
)
# Orders with each node on which they apply: one row per order and delegation. An order for the node itself replaces
# the one for all delegations with the same condition.
_APPLIED = """
  SELECT o.id AS order_id, o.wallet, o.condition, o.threshold, x.node_id
  FROM delegation_standingorder o
  JOIN delegation_position x ON x.wallet = o.wallet AND x.shares > 0 AND (o.node_id IS NULL OR x.node_id = o.node_id)
  JOIN staking_pool g ON g.node_id = x.node_id AND g.generation = x.generation
  WHERE o.node_id IS NOT NULL OR NOT EXISTS (SELECT FROM delegation_standingorder s
    WHERE s.wallet = o.wallet AND s.condition = o.condition AND s.node_id = x.node_id)"""
MATCHES = f"""
SELECT a.order_id, a.wallet, a.node_id, 0::bigint AS slash FROM ({_APPLIED}) a
JOIN staking_node n ON n.id = a.node_id JOIN staking_pool p ON p.node_id = n.id
LEFT JOIN staking_rankingrow r ON r.node_id = n.id AND r.ranking_id = {LATEST_RANKING}
WHERE CASE a.condition
  WHEN 'share_below' THEN {_LEAST_SHARE} < a.threshold
  WHEN 'degraded' THEN a.threshold <= (SELECT count(*) FROM staking_nodeepoch e WHERE e.node_id = n.id
    AND e.degraded AND e.epoch >= %(epoch)s - a.threshold AND e.epoch < %(epoch)s)
  WHEN 'operator_unbonds' THEN {OPERATOR_UNBONDING}
  WHEN 'cap_reached' THEN n.delegation_cap - p.tokens < %(least_room)s
  WHEN 'apr_below' THEN CASE WHEN {HAS_STATUS["active"]} THEN r.apr_bps ELSE 0 END < a.threshold
  ELSE false END
UNION ALL
SELECT a.order_id, a.wallet, a.node_id, s.id FROM ({_APPLIED}) a
JOIN staking_slash s ON s.node_id = a.node_id AND s.status IN ('pending', 'disputed')
WHERE a.condition = 'slashed'
"""
# Conditions that hold no longer are forgotten, so that they can be notified again.
FORGET = f"""
DELETE FROM delegation_ordermatch m WHERE NOT EXISTS (
  SELECT FROM ({MATCHES}) w WHERE (w.order_id, w.node_id, w.slash) = (m.order_id, m.node_id, m.slash))
"""
ADD = f"""
WITH added AS (
  INSERT INTO delegation_ordermatch (order_id, node_id, slash, epoch, at)
  SELECT w.order_id, w.node_id, w.slash, %(epoch)s, %(now)s FROM ({MATCHES}) w
  ON CONFLICT DO NOTHING RETURNING order_id, node_id, slash)
SELECT a.order_id, a.node_id, a.slash, o.wallet, o.condition, o.threshold, o.action, t.address
FROM added a JOIN delegation_standingorder o ON o.id = a.order_id LEFT JOIN staking_node t ON t.id = o.target_id
ORDER BY a.order_id, a.node_id, a.slash
"""


def add_order(
    *,
    wallet: str,
    node: str | None,
    condition: str,
    threshold: int | None,
    action: str,
    target: str | None,
    now: datetime,
) -> StandingOrder:
    """Add a rule to a wallet; `node` None applies to all its delegations. Threshold in bps or epochs.

    Raises: `invalid` for an unknown condition or action and for what contradicts it, `parameter_out_of_bounds`,
    `not_found` for an unknown node, `conflict` when the wallet has a rule for this node and condition, or one that
    would move the stake back.
    """
    check_condition(condition, threshold, action)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(LOCK, [wallet])
        if StandingOrder.objects.filter(wallet=wallet).count() >= MAX_ORDERS:
            raise Invalid(f"A wallet can have at most {MAX_ORDERS} standing orders. Delete one first.")
        row = node_of(node, "node") if node else None
        to = target_of(action, target, row)
        if StandingOrder.objects.filter(wallet=wallet, node=row, condition=condition).exists():
            raise Conflict(
                "You have a rule with this condition for this node. Delete it first.", field="condition"
            )
        if to is not None:
            check_no_way_back(wallet, condition, row, to)
        return StandingOrder.objects.create(
            wallet=wallet, node=row, condition=condition, threshold=threshold, action=action, target=to,
            created_at=now,
        )  # fmt: skip


def delete_order(*, wallet: str, order: int) -> None:
    """Delete a standing order of a wallet. Safe to repeat."""
    StandingOrder.objects.filter(wallet=wallet, pk=order).delete()


def evaluate_orders(*, now: datetime) -> int:
    """Notify wallets of the conditions that hold since the last evaluation, and return their number.

    Safe to repeat, also at the same time: a condition is notified once as long as it holds.
    """
    epoch = open_epoch()
    if epoch is None or not StandingOrder.objects.exists():
        return 0
    values: dict[str, Any] = {"epoch": epoch.number, "least_room": epoch.params.min_amount, "now": now}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK, [""])
        cursor.execute(FORGET, values)
        cursor.execute(ADD, values)
        events = [_event(*row, epoch=epoch.number, now=now) for row in cursor.fetchall()]
        Event.objects.bulk_create(events)
    return len(events)


def _event(
    order: int,
    node: int,
    slash: int,
    wallet: str,
    condition: str,
    threshold: int | None,
    action: str,
    target: str | None,
    *,
    epoch: int,
    now: datetime,
) -> Event:
    data = {
        "order": order,
        "condition": condition,
        "threshold": threshold,
        "action": action,
        "target": target,
    }
    if slash:
        data["slash"] = slash
    return Event(kind="standing_order", at=now, epoch=epoch, node_id=node, wallet=wallet, data=data)
