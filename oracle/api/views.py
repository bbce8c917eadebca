"""The endpoints of the reward oracle: batches of receipts and heartbeats, attestations (R21, R25, section 8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from threading import BoundedSemaphore
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from oracle import attestations, heartbeats, receipts
from oracle.api import serializers as schemas
from oracle.batch_parsing import BatchResult
from protocol.addresses import checksum
from protocol.errors import Invalid, TooLarge
from protocol.times import write_moment
from staking.services import clock
from web import metrics
from web.api.parsing import BatchParser
from web.api.permissions import OracleOnly

LARGEST_BATCH = 10_000
# Batches that one process records at a time; a request that gets no turn in time is told to retry. Without rate limits
# it waits as long as it takes.
TURNS = BoundedSemaphore(2)
PATIENCE_SECONDS, RETRY_SECONDS = 5.0, 2


class Receipts(APIView):
    permission_classes = (OracleOnly,)
    parser_classes = (BatchParser,)

    @extend_schema(
        tags=["oracle"],
        operation_id="oracle_receipts",
        request={"application/json": schemas.batch_of("receipts", schemas.RECEIPT, LARGEST_BATCH)},
        responses={200: schemas.ReceiptsResultSchema},
    )
    def post(self, request: Request) -> Response:
        """Record up to 10,000 receipts in the open epoch. Each has its own result; valid ones are recorded."""
        items = _items(request, "receipts")
        with _turn():
            return Response(_answer("receipt", receipts.ingest(items=items, now=clock.now())))


class Heartbeats(APIView):
    permission_classes = (OracleOnly,)
    parser_classes = (BatchParser,)

    @extend_schema(
        tags=["oracle"],
        operation_id="oracle_heartbeats",
        request={"application/json": schemas.batch_of("heartbeats", schemas.HEARTBEAT, LARGEST_BATCH)},
        responses={200: schemas.BatchResultSchema},
    )
    def post(self, request: Request) -> Response:
        """Record up to 10,000 heartbeats; a further one of a node in the same slot is a duplicate."""
        items = _items(request, "heartbeats")
        with _turn():
            return Response(_answer("heartbeat", heartbeats.ingest(items=items, now=clock.now())))


class Attestations(APIView):
    permission_classes = (OracleOnly,)

    @extend_schema(
        tags=["oracle"],
        operation_id="oracle_attestations",
        request=schemas.Measurement,
        responses={201: schemas.AttestationSchema},
    )
    def post(self, request: Request) -> Response:
        """Record the measured hardware of a node; less than it declares is an offence of the open epoch."""
        body = schemas.Measurement(data=request.data)
        body.is_valid(raise_exception=True)
        attestation = attestations.attest(**body.validated_data, now=clock.now())
        return Response(
            {
                "id": attestation.pk,
                "node": checksum(attestation.node.address),
                "epoch": attestation.epoch,
                "at": write_moment(attestation.at),
                "declared": attestation.declared,
                "measured": attestation.measured,
                "shortfalls": attestation.shortfalls,
            },
            status=201,
        )


def _items(request: Request, name: str) -> list[object]:
    """The batch in the body. Raises: `invalid`, `too_large`."""
    items = request.data.get(name) if isinstance(request.data, dict) else None
    if not isinstance(items, list):
        raise Invalid(f"Send an object with {name}: a list of up to {LARGEST_BATCH} items.", field=name)
    if len(items) > LARGEST_BATCH:
        raise TooLarge(f"Send at most {LARGEST_BATCH} {name} in one batch.")
    return items


@contextmanager
def _turn() -> Iterator[None]:
    """Wait for a turn to record a batch. Raises Throttled (429, Retry-After) when there is none in time."""
    if not TURNS.acquire(timeout=PATIENCE_SECONDS if settings.INFRAMIND_RATE_LIMITS else None):
        raise Throttled(wait=RETRY_SECONDS)
    try:
        yield
    finally:
        TURNS.release()


def _answer(kind: str, result: BatchResult) -> dict[str, Any]:
    metrics.RECEIPTS.labels(kind, "accepted").inc(result.accepted)
    metrics.RECEIPTS.labels(kind, "duplicate").inc(result.duplicates)
    metrics.RECEIPTS.labels(kind, "refused").inc(len(result.rejected))
    for code, number in Counter(item.code for item in result.rejected).items():
        metrics.RECEIPT_REFUSALS.labels(kind, code).inc(number)
    return asdict(result)
