"""API tokens: shown once, stored as a hash, looked up at each call."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from identity.models import Token, User
from protocol.errors import Invalid, NotFound
from protocol.texts import check_text

PREFIX = "ifm_"
LIFETIME = timedelta(days=30)
LONGEST = timedelta(days=366)
LABEL_LENGTH = 64
MAX_TOKENS = 100
SEEN_EVERY = timedelta(minutes=10)
_PLAIN = re.compile(r"[A-Za-z0-9_-]{20,100}")


@dataclass(frozen=True, slots=True)
class Rights:
    """Rights of a valid token: its wallet ("" for an oracle's token), its scope, and the oracle that holds it."""

    id: int
    wallet: str
    scope: str
    oracle: str = ""

    @property
    def owner(self) -> str:
        """The owner of its idempotency keys: a wallet or an oracle."""
        return f"wallet:{self.wallet}" if self.wallet else f"oracle:{self.oracle}"


def digest_of(secret: str) -> str:
    """The hash of a token; its secret has 256 bits, so a plain hash cannot be searched."""
    return sha256(secret.encode()).hexdigest()


def issue(
    *,
    wallet: str,
    scope: str,
    now: datetime,
    label: str = "",
    oracle: str = "",
    lifetime: timedelta = LIFETIME,
) -> tuple[str, Token]:
    """Create a token and return its secret, which is stored nowhere, and its row.

    `wallet` is canonical and "" for an oracle's token; `oracle` is the address of the oracle that holds it.
    Raises: `invalid` for a label that is no text for readers, a lifetime beyond a year, or when a wallet has 100
    valid tokens.
    """
    label = check_text(label, field="label", longest=LABEL_LENGTH, one_line=True)
    if not timedelta() < lifetime <= LONGEST:
        raise Invalid("Enter a lifetime above 0 and of at most 366 days.", field="days")
    if wallet and usable(wallet, now=now).count() >= MAX_TOKENS:
        raise Invalid(f"Revoke a token first: this wallet has {MAX_TOKENS}.")
    secret = PREFIX + secrets.token_urlsafe(32)
    token = Token.objects.create(
        digest=digest_of(secret),
        hint=secret[: len(PREFIX) + 4],
        wallet=wallet,
        oracle=oracle,
        scope=scope,
        label=label,
        created_at=now,
        expires_at=now + lifetime,
    )
    return secret, token


def find(secret: str) -> Rights | None:
    """The rights of a token that is good by the wall clock; None when it is unknown, revoked or its wallet shut out."""
    if not _PLAIN.fullmatch(secret):
        return None
    now = timezone.now()
    shut_out = User.objects.filter(address=OuterRef("wallet"), is_active=False)
    row = (
        Token.objects.filter(~Exists(shut_out), digest=digest_of(secret), revoked_at=None, expires_at__gt=now)
        .values_list("id", "wallet", "scope", "oracle", "last_used_at")
        .first()
    )
    if row is None:
        return None
    number, wallet, scope, oracle, seen = row
    if seen is None or now - seen > SEEN_EVERY:
        Token.objects.filter(id=number).update(last_used_at=now)
    return Rights(number, wallet, scope, oracle)


def usable(wallet: str, *, now: datetime) -> QuerySet[Token]:
    """The wallet's valid tokens, newest first."""
    good = Q(revoked_at=None, expires_at__gt=now)
    return Token.objects.filter(good, wallet=wallet).order_by("-id")


def revoke(*, token: int, wallet: str, now: datetime) -> None:
    """Close a token of this wallet for good. Raises: `not_found`."""
    if not wallet or not usable(wallet, now=now).filter(id=token).update(revoked_at=now):
        raise NotFound("No valid token has this number.")
