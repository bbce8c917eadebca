"""The state of the network for probes, metrics and alarms, read on a connection of its own.

Not from the pool: these answers must come within two seconds when the pool is used up and when a lock is stuck.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
from django.db import connection

# psycopg counts connect_timeout in whole seconds, 2 at least; callers put a shorter limit on the whole.
PARAMETERS = {"connect_timeout": 2}
# For the transaction: a connection pooler refuses them as start-up options.
LIMITS = "SET LOCAL statement_timeout = 1000; SET LOCAL lock_timeout = 500"
# Left to Django's own connections.
UNUSED = ("pool", "cursor_factory", "context", "prepare_threshold", "client_encoding", "server_side_binding")
# Deliveries are counted up to this many.
MAX_COUNTED = 10_000

# Not built from `node_sql`: a process imports this module before its models are loaded.
QUERY = """
SELECT clock_timestamp(), pg_is_in_recovery(), n.kind, n.chain_id, coalesce(n.clock_offset_ms, 0), n.halted,
  n.audited, n.audited_at, n.held_at, n.held_reason, e.number, e.start, e."end",
  (SELECT computed_at FROM staking_ranking WHERE id = (SELECT max(id) FROM staking_ranking)),
  (SELECT at FROM staking_event WHERE NOT dispatched ORDER BY id LIMIT 1),
  (SELECT due_at FROM notifications_delivery WHERE status = 'queued' ORDER BY due_at, id LIMIT 1),
  (SELECT count(*) FROM (SELECT FROM notifications_delivery WHERE status = 'queued' LIMIT %(most)s) queued),
  (SELECT count(*) FROM staking_slash WHERE status = 'pending'),
  (SELECT count(*) FROM governance_dispute WHERE status = 'voting'),
  (SELECT count(*) FROM governance_proposal WHERE status = 'voting'),
  c.problem, c.problem_data, c.problem_since, coalesce(c.first_epoch, 1), coalesce(c.last_epoch, 0),
  c.seen_at, c.balance, m.problem, m.problem_data, m.problem_since, coalesce(m.count, 0)
FROM (SELECT) one LEFT JOIN staking_network n ON n.id = 1 LEFT JOIN staking_epoch e ON e.status <> 'settled'
  LEFT JOIN chain_chainstatus c ON c.id = 1 LEFT JOIN chain_mirrorcursor m ON m.id = 1
"""


@dataclass(frozen=True, slots=True)
class NetworkState:
    """The database's answer. `at`: its clock; network times (`epoch_start` …) are `clock_offset_ms` ahead of it.

    `skew`: how far this machine's clock is ahead of the database's. None where there is none yet.
    `chain_…`: the chain as it was last seen; `chain_balance` in wei.
    """

    skew: timedelta
    at: datetime
    in_recovery: bool
    kind: str | None
    chain_id: int | None
    clock_offset_ms: int
    halted: list[str] | None
    audited: int | None
    audited_at: datetime | None
    held_at: datetime | None
    held_reason: str | None
    epoch: int | None
    epoch_start: datetime | None
    epoch_end: datetime | None
    ranked_at: datetime | None
    oldest_event: datetime | None
    oldest_delivery: datetime | None
    deliveries: int
    slashes_pending: int = 0
    disputes_open: int = 0
    proposals_open: int = 0
    chain_problem: str | None = None
    chain_problem_data: dict[str, Any] | None = None
    chain_problem_since: datetime | None = None
    chain_first_epoch: int = 1
    chain_last_epoch: int = 0
    chain_seen_at: datetime | None = None
    chain_balance: Decimal | None = None
    deposits_problem: str | None = None
    deposits_problem_data: dict[str, Any] | None = None
    deposits_problem_since: datetime | None = None
    deposits_credited: int = 0

    @property
    def epochs_to_anchor(self) -> int:
        """Settled epochs that the settlement contract does not have yet."""
        return max((self.epoch or 1) - 1 - max(self.chain_last_epoch, self.chain_first_epoch - 1), 0)

    @property
    def network_time(self) -> datetime:
        """The network clock."""
        return self.at + timedelta(milliseconds=self.clock_offset_ms)

    @property
    def overdue(self) -> timedelta:
        """Return the time since the end of the open epoch; negative before it, zero without an epoch."""
        return self.network_time - self.epoch_end if self.epoch_end else timedelta(0)

    @property
    def starts_in(self) -> timedelta:
        """Return the time until the start of the open epoch; negative once it has begun."""
        return self.epoch_start - self.network_time if self.epoch_start else timedelta(0)

    @property
    def notification_age(self) -> timedelta:
        """Return the age of the oldest event or delivery that is not sent yet."""
        waiting = [self.network_time - self.oldest_event] if self.oldest_event else []
        waiting += [self.at - self.oldest_delivery] if self.oldest_delivery else []
        return max([timedelta(0), *waiting])


def read_state() -> NetworkState:
    """Read the state. Raises psycopg.Error when the database does not answer, or has no tables yet."""
    with psycopg.connect(**_parameters()) as own:
        own.execute(LIMITS)
        before = datetime.now(UTC)
        row = own.execute(QUERY, {"most": MAX_COUNTED}).fetchone()
        after = datetime.now(UTC)
    assert row is not None
    at: datetime = row[0]
    skew = max(before - at, timedelta(0)) - max(at - after, timedelta(0))
    return NetworkState(skew, *row)


def _parameters() -> dict[str, Any]:
    parameters = connection.get_connection_params()
    return {name: value for name, value in parameters.items() if name not in UNUSED} | PARAMETERS
