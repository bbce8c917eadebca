"""Heartbeats that arrived before their epoch opened (R25).

Beyond the ORM: a delete whose returned rows become rows of another table.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

from staking.models import EarlyHeartbeat, Epoch
from staking.services.epochs import parameters_of

TAKE = """
WITH early AS (
  DELETE FROM staking_earlyheartbeat WHERE at >= %(start)s AND at < %(end)s RETURNING at, node_id
)
INSERT INTO staking_heartbeat (epoch, slot, node_id)
SELECT DISTINCT %(epoch)s::int, floor(extract(epoch FROM at - %(start)s::timestamptz) / %(slot)s)::int, node_id
FROM early
"""


def take_early_heartbeats(number: int) -> None:
    """Move the early heartbeats of the epoch that has just opened into its slots."""
    epoch = Epoch.objects.select_related("parameters").get(number=number)
    if not EarlyHeartbeat.objects.filter(at__gte=epoch.start, at__lt=epoch.end).exists():
        return
    slot = parameters_of(epoch.parameters.digest).heartbeat_slot_seconds
    values: dict[str, Any] = {"epoch": number, "start": epoch.start, "end": epoch.end, "slot": slot}
    with connection.cursor() as cursor:
        cursor.execute("SELECT staking_open_partition(%s)", [number])
        cursor.execute(TAKE, values)
