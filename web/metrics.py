"""Prometheus counters of the service, shared by all processes."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

RECEIPTS = Counter("inframind_receipts", "Items of oracle batches by kind and result.", ["kind", "result"])
RECEIPT_REFUSALS = Counter(
    "inframind_receipt_refusals", "Refused items of oracle batches by kind and code.", ["kind", "code"]
)
REFUSALS = Counter("inframind_refusals", "Refused API requests by code.", ["code"])
POOL_WAITS = Counter("inframind_pool_waits", "Requests that waited for a database connection of the pool.")
POOL_WAIT_SECONDS = Counter("inframind_pool_wait_seconds", "Time spent waiting for a connection of the pool.")
POOL_ERRORS = Counter("inframind_pool_errors", "Requests that got no connection of the pool in time.")
TICKS = Counter(
    "inframind_ticks", "Runs of periodic tasks by result (done, failed, skipped, held).", ["tick", "result"]
)
TICK_SUCCESS = Gauge(
    "inframind_tick_last_success_timestamp_seconds",
    "Unix time of the last run of a periodic task that was done or held.",
    ["tick"],
    multiprocess_mode="mostrecent",
)
SETTLEMENTS = Histogram(
    "inframind_settlement_seconds",
    "Duration of the settlement of an epoch with its audit.",
    buckets=(0.1, 0.3, 1, 3, 10, 30, 60, 120, 300),
)
