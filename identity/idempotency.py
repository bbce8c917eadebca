"""The same POST sent again under its Idempotency-Key has no second effect and the same answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256

import structlog
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse, UnreadablePostError

from identity.authentication import bearer, rights_of
from identity.models import NOBODY, IdempotencyKey
from identity.origin import origin
from protocol.errors import IdempotencyConflict, Invalid, TooLarge
from web.api import problems
from web.unavailable import unavailable

log = structlog.get_logger(__name__)
Handler = Callable[[HttpRequest], HttpResponse]

PREFIX = "/api/v1/"
# Its answer holds a token, which is kept nowhere in the clear, and its nonce is used up by a refusal too.
NEVER_KEPT = PREFIX + "auth/verify"
KEY = re.compile(r"[\x21-\x7e]{1,200}")
LONGEST_PATH, LONGEST_CALLER = 200, 64
# Set on the answer of an address that has no door: anybody can make up any number of them.
NOWHERE = "inframind_nowhere"
REPLAYED = "Idempotency-Replayed"

CLAIM = """
    INSERT INTO identity_idempotencykey (caller, path, key, body_digest, body) VALUES (%s, %s, %s, %s, '')
    ON CONFLICT (caller, path, key) DO NOTHING RETURNING id
"""


class Idempotency:
    """One transaction holds the key, the effect and the answer of a POST.

    Of several at once the first to insert the key acts; the others wait in the database for its end, and then
    read its answer. Refusals are kept too; what says nothing of the request itself (401, 429, 5xx) is not.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in ("GET", "HEAD") or not request.path.startswith(PREFIX):
            return self.get_response(request)
        try:
            body = request.body
        except RequestDataTooBig:
            return problems.response(TooLarge())
        except UnreadablePostError:
            return problems.response(Invalid("The body broke off."))
        key = request.headers.get("Idempotency-Key")
        if key is not None and not KEY.fullmatch(key):
            return problems.response(Invalid("Give an Idempotency-Key of 1 to 200 printable characters."))
        if key is None or not _is_kept(request):
            return self.get_response(request)
        try:
            return self._under_key(request, key, body)
        except (OperationalError, InterfaceError) as error:
            log.error("database_away", path=request.path, error=str(error).strip())
            return unavailable(request, error)

    def _under_key(self, request: HttpRequest, key: str, body: bytes) -> HttpResponse:
        caller = _caller(request)
        if caller is None:
            return self.get_response(request)
        return self._once(request, (caller, request.path, key), body)

    def _once(self, request: HttpRequest, place: tuple[str, str, str], body: bytes) -> HttpResponse:
        digest = sha256(request.headers.get("Content-Type", "").encode() + b"\n" + body).hexdigest()
        with transaction.atomic():
            number = _claimed(place, digest)
            if number is None:
                return _kept(place, digest)
            with transaction.atomic():
                response = self.get_response(request)
                # A refused request changes nothing, whatever its view did before it refused.
                transaction.set_rollback(response.status_code >= 400)
            if not _worth_keeping(response):
                transaction.set_rollback(True)
                return response
            IdempotencyKey.objects.filter(id=number).update(
                status=response.status_code, body=response.content.decode()
            )
            return response


def _is_kept(request: HttpRequest) -> bool:
    # No door has an address with a NUL or as long as that, and no row could hold it.
    can_be_a_door = "\0" not in request.path and len(request.path) <= LONGEST_PATH
    return request.method == "POST" and request.path != NEVER_KEPT and can_be_a_door


def _worth_keeping(response: HttpResponse) -> bool:
    """Whether the answer is about the request, and not about who sent it, when, or to nowhere at all."""
    says_nothing = response.status_code in (401, 429) or response.status_code >= 500
    return not says_nothing and not getattr(response, NOWHERE, False)


def _caller(request: HttpRequest) -> str | None:
    """Whose keys these are: a good token's, a session's, without either the address's; None for a bad token."""
    if bearer(request) is not None:
        rights = rights_of(request)
        return None if rights is None else f"token:{rights.id}"
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return f"session:{user.pk}"
    return f"{NOBODY}{origin(request)}"[:LONGEST_CALLER]


def _claimed(place: tuple[str, str, str], digest: str) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [*place, digest])
        row = cursor.fetchone()
    return row[0] if row else None


def _kept(place: tuple[str, str, str], digest: str) -> HttpResponse:
    caller, path, key = place
    first = IdempotencyKey.objects.get(caller=caller, path=path, key=key)
    if first.body_digest != digest:
        return problems.response(IdempotencyConflict())
    refused = (first.status or 0) >= 400
    return HttpResponse(
        first.body,
        status=first.status,
        content_type=problems.CONTENT_TYPE if refused else "application/json",
        headers={REPLAYED: "true"},
    )
