"""`/metrics`: the counters of all processes of this service, and the state of the network at the time of asking.

Counters are files of prometheus_client in the folder PROMETHEUS_MULTIPROC_DIR, one per process. `use_folder` must run
before prometheus_client is imported.
"""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Iterable
from datetime import datetime

import psycopg
import redis
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from chain.configuration import chain_configuration
from chain.problems import halts
from inframind import alarms
from inframind.network_state import NetworkState, read_state
from web import metrics as counters

PULSE_KEY = "beat:pulse"
POOL_SECONDS = 1.0


class NetworkCollector:
    """Gauges that are computed at each scrape."""

    def collect(self) -> Iterable[Metric]:
        state = _state()
        yield _gauge("inframind_database_up", "Whether the database answers.", int(state is not None))
        seen = _pulse()
        if seen:
            yield _gauge(
                "inframind_pulse_age_seconds", "Age of the last pulse of beat and worker.", time.time() - seen
            )
        if state is not None:
            yield from _network(state)


def exposition() -> bytes:
    """Everything in the text format of Prometheus."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    shared = CollectorRegistry()
    if folder:
        multiprocess.MultiProcessCollector(shared, path=folder)
    own = CollectorRegistry()
    own.register(NetworkCollector())
    return generate_latest(shared if folder else REGISTRY) + generate_latest(own)


def answer(authorization: str) -> tuple[int, str, bytes]:
    """Status, content type and body of `/metrics`; 401 without the token, 404 in production where none is set."""
    token = settings.INFRAMIND_METRICS_TOKEN
    sent = authorization.removeprefix("Bearer ")
    if token and not hmac.compare_digest(sent.encode(), token.encode()):
        return 401, "text/plain; charset=utf-8", b"A bearer token is needed.\n"
    if not token and settings.INFRAMIND_NETWORK == "production":
        return 404, "text/plain; charset=utf-8", b"INFRAMIND_METRICS_TOKEN is not set.\n"
    return 200, CONTENT_TYPE_LATEST, exposition()


class PoolWaits:
    """Adds the counts of this process's pool since the last call to the counters of all processes."""

    def __init__(self) -> None:
        self._looked = 0.0
        self._counted: dict[str, int] = {}

    def observe(self) -> None:
        """Look at most once a second."""
        now = time.monotonic()
        if now - self._looked < POOL_SECONDS or not connection.settings_dict["OPTIONS"].get("pool"):
            return
        self._looked = now
        stats = connection.pool.get_stats()  # type: ignore[attr-defined]
        counters.POOL_WAITS.inc(self._since("requests_queued", stats))
        counters.POOL_WAIT_SECONDS.inc(self._since("requests_wait_ms", stats) / 1000)
        counters.POOL_ERRORS.inc(self._since("requests_errors", stats))

    def _since(self, name: str, stats: dict[str, int]) -> int:
        before, self._counted[name] = self._counted.get(name, 0), stats.get(name, 0)
        return max(self._counted[name] - before, 0)


def _state() -> NetworkState | None:
    try:
        return read_state()
    except psycopg.Error:
        return None


def _pulse() -> float | None:
    try:
        return cache.get(PULSE_KEY)
    except redis.RedisError:
        return None


def _network(state: NetworkState) -> Iterable[Metric]:
    info = GaugeMetricFamily(
        "inframind_network_info", "The network of this database.", labels=["kind", "chain_id"]
    )
    info.add_metric([state.kind or "", str(state.chain_id or "")], 1)
    yield info
    yield _gauge(
        "inframind_clock_skew_seconds",
        "Clock of this machine less the database's.",
        state.skew.total_seconds(),
    )
    yield _gauge("inframind_open_epoch", "Number of the open epoch.", state.epoch or 0)
    overdue = max(state.overdue.total_seconds(), 0)
    yield _gauge(
        "inframind_open_epoch_overdue_seconds", "Time since the open epoch ended, unsettled.", overdue
    )
    ahead = max(state.starts_in.total_seconds(), 0)
    yield _gauge("inframind_open_epoch_starts_in_seconds", "Time until the open epoch begins.", ahead)
    yield from _settlement(state)
    yield from _work(state)
    if chain_configuration() is not None:
        yield from _chain(state)
    yield _alarms(state)


def _settlement(state: NetworkState) -> Iterable[Metric]:
    yield _gauge(
        "inframind_settlement_halted", "Whether the audit halted settlement.", int(bool(state.halted))
    )
    yield _gauge(
        "inframind_audit_faults",
        "Faults that the last audit named; any halts settlement.",
        len(state.halted or ()),
    )
    yield _gauge(
        "inframind_settlement_held", "Whether settlement is held by hand.", int(state.held_at is not None)
    )
    behind = max((state.epoch or 1) - 1 - (state.audited or 0), 0)
    yield _gauge("inframind_audit_epochs_behind", "Settled epochs that the audit has not seen.", behind)
    yield from _age("inframind_audit_age_seconds", "Time since the last audit.", state.audited_at, state.at)
    yield from _age(
        "inframind_ranking_age_seconds", "Time since the last ranking.", state.ranked_at, state.network_time
    )


def _work(state: NetworkState) -> Iterable[Metric]:
    """What waits: notifications, slashes and votes."""
    yield _gauge("inframind_notifications_waiting", "Deliveries that wait, 10,000 at most.", state.deliveries)
    age = state.notification_age.total_seconds()
    yield _gauge("inframind_notification_age_seconds", "Age of the oldest notification that waits.", age)
    yield _gauge(
        "inframind_slashes_pending", "Slashes that wait for a dispute or execution.", state.slashes_pending
    )
    yield _gauge("inframind_disputes_open", "Disputes that are voted on.", state.disputes_open)
    yield _gauge("inframind_proposals_open", "Proposals that are voted on.", state.proposals_open)


def _alarms(state: NetworkState) -> Metric:
    alarm = GaugeMetricFamily("inframind_alarm", "Conditions that somebody has to look at.", labels=["name"])
    active = alarms.active(state)
    for check in alarms.CONDITIONS:
        alarm.add_metric([check.__name__], int(check.__name__ in active))
    return alarm


def _chain(state: NetworkState) -> Iterable[Metric]:
    yield _gauge("inframind_chain_last_epoch", "Latest epoch on the chain.", state.chain_last_epoch)
    yield _gauge("inframind_chain_epochs_waiting", "Settled epochs not on the chain.", state.epochs_to_anchor)
    halted = int(halts(state.chain_problem or ""))
    yield _gauge("inframind_chain_halted", "Whether anchoring needs a person.", halted)
    problem = GaugeMetricFamily("inframind_chain_problem", "What is wrong with the chain.", labels=["code"])
    if state.chain_problem:
        problem.add_metric([state.chain_problem], 1)
    yield problem
    yield from _age(
        "inframind_chain_seen_age_seconds",
        "Time since the chain was last read.",
        state.chain_seen_at,
        state.at,
    )
    yield _gauge("inframind_chain_deposits", "Deposits credited from the chain.", state.deposits_credited)
    if state.chain_balance is not None:
        yield _gauge(
            "inframind_chain_oracle_ether",
            "Ether of the oracle's account.",
            float(state.chain_balance) / 1e18,
        )


def _age(name: str, text: str, then: datetime | None, now: datetime) -> Iterable[Metric]:
    if then is not None:
        yield _gauge(name, text, (now - then).total_seconds())


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)
