"""Snapshots of lists whose rows move: the keys of a list in their order, so that all its pages are of one version.

A snapshot is stored in the cache under the digest of its content: equal orders are stored once, and a snapshot that
expired is as good as new while the order has not changed.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Sequence
from functools import cached_property
from hashlib import blake2b

import redis
import structlog
from django.core.cache import cache

from protocol.errors import Invalid

log = structlog.get_logger(__name__)

# How long a reader may take from one page to the next.
LIFETIME_SECONDS = 900
# At most this is stored in one lifetime: anybody may start any number of listings.
SNAPSHOT_BYTES = 32 * 1024 * 1024
TOKEN_PATTERN = "[0-9a-f]{24}"
_SMALL, _LARGE = "I", "Q"


class Snapshot:
    """Keys (row ids below 2^63) in the order of a list."""

    def __init__(self, keys: Sequence[int]) -> None:
        self.keys = keys
        self._stored_until = 0.0

    @cached_property
    def packed(self) -> bytes:
        code = _SMALL if max(self.keys, default=0) < 1 << 32 else _LARGE
        return code.encode() + array(code, self.keys).tobytes()

    @cached_property
    def token(self) -> str:
        """The name of the snapshot in a cursor."""
        return blake2b(self.packed, digest_size=12).hexdigest()

    def store(self) -> bool:
        """Store the snapshot, or extend its life; False when there is no room or no cache."""
        now = time.monotonic()
        if now < self._stored_until:
            return True
        try:
            stored = cache.touch(_key(self.token), LIFETIME_SECONDS) or self._store()
        except redis.RedisError as error:
            log.warning("snapshot_not_stored", error=str(error))
            return False
        self._stored_until = now + LIFETIME_SECONDS / 2 if stored else 0.0
        return stored

    def _store(self) -> bool:
        window = f"listing:room:{int(time.time()) // LIFETIME_SECONDS}"
        cache.add(window, 0, 2 * LIFETIME_SECONDS)
        if cache.incr(window, len(self.packed)) > SNAPSHOT_BYTES:
            log.warning("snapshots_full", bytes=len(self.packed))
            return False
        cache.set(_key(self.token), self.packed, LIFETIME_SECONDS)
        return True


def load(token: str, current: Callable[[], Snapshot]) -> Snapshot:
    """The snapshot that a cursor names: the stored one, or the `current` one when it has the same content.

    Raises: `invalid` when it has expired and the list has moved since.
    """
    try:
        packed = cache.get(_key(token))
    except redis.RedisError as error:
        log.warning("snapshot_not_read", error=str(error))
        packed = None
    if packed is not None:
        keys = array(packed[:1].decode())
        keys.frombytes(packed[1:])
        return Snapshot(keys)
    snapshot = current()
    if snapshot.token != token:
        raise Invalid("This listing has expired: start again without the cursor.", field="cursor")
    return snapshot


def _key(token: str) -> str:
    return f"listing:{token}"
