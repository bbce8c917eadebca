"""Idempotency keys: a POST repeated under its key has no second effect and gets the first answer.

A key belongs to a wallet (an oracle's to the oracle) and a path, whatever token or session carries it. Bodies are
compared after parsing: white space, the order of names, compression and `charset` make no difference.

Beyond the ORM: an insert that tells whether this request was the first with its key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256

import structlog
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from rest_framework.exceptions import APIException

from identity.authentication import bearer, rights_of
from identity.models import NOBODY, IdempotencyKey
from identity.origin import origin
from postgres.prepared import Prepared
from protocol.addresses import normalize
from protocol.errors import (
    AddressInvalid,
    IdempotencyConflict,
    Invalid,
    PermissionDenied,
    ProtocolError,
    TooLarge,
)
from web.api import parsing, problems
from web.unavailable import unavailable

log = structlog.get_logger(__name__)
Handler = Callable[[HttpRequest], HttpResponse]

PREFIX = "/api/v1/"
# Its answer holds a token, which is stored only as a hash, and a refusal uses up its nonce too.
NEVER_STORED = PREFIX + "auth/verify"
ADDRESS = re.compile(r"0[xX][0-9a-fA-F]{40}")
KEY = re.compile(r"[\x21-\x7e]{1,200}")
LONGEST_PATH, LONGEST_CALLER = 200, 64
# Set on the answer of a path without an endpoint: anybody can make up any number of them.
NO_ENDPOINT = "inframind_no_endpoint"
REPLAYED = "Idempotency-Replayed"

CLAIM = Prepared("""
    INSERT INTO identity_idempotencykey (caller, path, key, body_digest, body)
    VALUES (%(caller)s, %(path)s, %(key)s, %(digest)s, '')
    ON CONFLICT (caller, path, key) DO NOTHING RETURNING id
""")
STORE = Prepared("""
    UPDATE identity_idempotencykey SET status = %(status)s, body = %(body)s WHERE id = %(id)s RETURNING id
""")


class Idempotency:
    """Middleware: one transaction holds the key, the effect and the answer of a POST.

    Of several at once the first to insert the key acts; the others wait in the database until it commits and then
    read its answer. Refusals are stored too, but not answers that depend on who sent the request or when (401, 429,
    5xx, a token without the right).
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
            return problems.response(Invalid("The connection ended before the body was complete."))
        key = request.headers.get("Idempotency-Key")
        if key is not None and not KEY.fullmatch(key):
            return problems.response(
                Invalid("Send an Idempotency-Key of 1 to 200 printable ASCII characters.")
            )
        if key is None or not _takes_key(request):
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
        return self._once(request, (caller, _path(request), key), body)

    def _once(self, request: HttpRequest, place: tuple[str, str, str], body: bytes) -> HttpResponse:
        digest = _body_digest(request, body)
        with transaction.atomic():
            number = _claim(place, digest)
            if number is None:
                return _first_answer(place, digest)
            with transaction.atomic():
                response = self.get_response(request)
                # A refused request changes nothing, whatever its view did before it refused.
                transaction.set_rollback(response.status_code >= 400)
            if not _is_stored(response):
                transaction.set_rollback(True)
                return response
            # The COMMIT goes with it.
            STORE.last_row(id=number, status=response.status_code, body=response.content.decode())
            return response


def _path(request: HttpRequest) -> str:
    """The path to which a key belongs, with the address in it in its canonical form (R5)."""
    return ADDRESS.sub(lambda address: _canonical(address[0]), request.path)


def _canonical(address: str) -> str:
    try:
        return normalize(address)
    except AddressInvalid:
        return address


def _takes_key(request: HttpRequest) -> bool:
    # No endpoint has a path with a NUL or of that length, and no row could hold it.
    storable = "\0" not in request.path and len(request.path) <= LONGEST_PATH
    return request.method == "POST" and request.path != NEVER_STORED and storable


def _is_stored(response: HttpResponse) -> bool:
    """True if the answer depends on the request alone, and not on its sender, the time, or a missing endpoint."""
    transient = response.status_code in (401, 429) or response.status_code >= 500
    problem = getattr(response, "data", None)
    without_right = isinstance(problem, dict) and problem.get("code") == PermissionDenied.code
    return not transient and not without_right and not getattr(response, NO_ENDPOINT, False)


def _caller(request: HttpRequest) -> str | None:
    """The owner of the key: a wallet, an oracle, or without a sign-in an IP address; None for an invalid token."""
    if bearer(request) is not None:
        rights = rights_of(request)
        return None if rights is None else rights.owner
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return f"wallet:{user.address}"
    return f"{NOBODY}{origin(request)}"[:LONGEST_CALLER]


def _body_digest(request: HttpRequest, body: bytes) -> str:
    """A digest of the parsed body; of the bytes where they are not JSON, which the endpoint refuses."""
    media_type = (request.content_type or "").strip().lower() if body else parsing.MEDIA_TYPE
    canonical = body
    if media_type == parsing.MEDIA_TYPE:
        with suppress(APIException, ProtocolError, RecursionError):
            value = parsing.parse_body(body, request.headers.get("Content-Encoding", ""), checks_texts=False)
            canonical = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    return sha256(media_type.encode() + b"\n" + canonical).hexdigest()


def _claim(place: tuple[str, str, str], digest: str) -> int | None:
    caller, path, key = place
    row = CLAIM.row(caller=caller, path=path, key=key, digest=digest)
    return row[0] if row else None


def _first_answer(place: tuple[str, str, str], digest: str) -> HttpResponse:
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
