"""Counters in Valkey behind the rate limits; without Valkey sign-ins are refused and everything else passes."""

from __future__ import annotations

import time
from functools import cache

import redis
import structlog
from django.conf import settings

log = structlog.get_logger(__name__)
WINDOW_SECONDS = 60


@cache
def _store() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_LOCKS_URL, socket_timeout=1, socket_connect_timeout=1)


def count(name: str, *, limit: int, cost: int = 1, closed: bool = False) -> int | None:
    """Count `cost` calls under `name`; the seconds to wait when that is above `limit` a minute, else None.

    `closed`: without Valkey the call is refused. Otherwise passwords and signatures could be tried without limit.
    """
    now = time.time()
    window = int(now // WINDOW_SECONDS)
    key = f"inframind:rate:{name}:{window}"
    try:
        with _store().pipeline(transaction=False) as pipe:
            pipe.incrby(key, cost)
            pipe.expire(key, 2 * WINDOW_SECONDS)
            counted, _ = pipe.execute()
    except redis.RedisError as error:
        log.warning("rate_limits_away", error=str(error))
        return WINDOW_SECONDS if closed else None
    return None if counted <= limit else max(1, int((window + 1) * WINDOW_SECONDS - now) + 1)
