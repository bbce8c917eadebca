"""Drop the receipts and heartbeats of settled epochs."""

from __future__ import annotations

from django.db import connection, transaction

from staking.measurement.latency import preserve_latencies
from staking.services.epochs import lock_open_epoch


def drop_partitions(*, epoch: int) -> None:
    """Drop the receipts and heartbeats of a settled epoch, and keep the latencies that are still in a window (R24).

    Does nothing when they were dropped before. Raises ValueError when the epoch is not settled.
    """
    with transaction.atomic():
        settled = lock_open_epoch().number - 1
        if epoch > settled:
            raise ValueError(f"epoch {epoch} is not settled")
        preserve_latencies(epoch=epoch, settled=settled)
        with connection.cursor() as cursor:
            cursor.execute("SELECT staking_drop_partition(%s)", [epoch])
