"""Receipts a second: unsigned against a raw binary COPY of the same rows, signed against the bare signature library,
over HTTP against the same in process."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from itertools import count

import pytest
from coincurve import PrivateKey, PublicKey
from Crypto.Hash import keccak
from django.db import connection, transaction

from bench import batches, site
from bench.floors import ratio, rounds
from identity.tokens import issue
from oracle import receipts
from staking.services import clock
from staking.services.epochs import start_network

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

ROUNDS, UNSIGNED_GATE, SIGNED_GATE, HTTP_GATE = 9, 0.25, 0.7, 0.5
COLUMNS = """latency_ms, deadline_ms, credits, accepted_at, epoch, node_id, outcome, proof, job_class, good, region,
  job_id, result_digest, trace_root, verified_trace_root, signature"""
TAGS = count()


@pytest.fixture(autouse=True)
def network(transactional_db):
    now = clock.now()
    start_network(now=now)
    batches.register(now)


def test_unsigned_receipts_reach_their_part_of_a_raw_copy(say):
    ingest(signed=False)
    raw = rows_as_bytes()
    ours, floor = rounds(ROUNDS, lambda: ingest(signed=False), lambda: copy_raw(raw))
    reached = ratio(ours, floor)
    say(f"ingest, unsigned: {reached:.2f} of a raw binary COPY of the same rows (gate {UNSIGNED_GATE})")
    assert reached >= UNSIGNED_GATE


def test_signed_receipts_reach_their_part_of_bare_signature_checks(say):
    ingest(signed=True)
    ours, floor = rounds(ROUNDS, lambda: ingest(signed=True), bare_library)
    reached = ratio(ours, floor)
    say(f"ingest, signed: {reached:.2f} of the signature library alone, one core (gate {SIGNED_GATE})")
    assert reached >= SIGNED_GATE


@pytest.fixture
def port(process_environment: dict[str, str]) -> Iterator[int]:
    environment = {
        **process_environment,
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "ALLOWED_HOSTS": site.HOST,
        "INFRAMIND_RATE_LIMITS": "off",
    }
    with site.server("inframind.wsgi:application", environment) as port:
        yield port


def test_receipts_over_http_reach_their_part_of_the_ingest_in_process(port, say):
    secret, _ = issue(wallet="", scope="oracle", now=clock.now())
    send(port, secret)
    ours, floor = rounds(ROUNDS, lambda: send(port, secret), lambda: ingest(signed=True))
    reached = ratio(ours, floor)
    say(f"ingest, signed, over HTTP: {reached:.2f} of the same in process (gate {HTTP_GATE})")
    assert reached >= HTTP_GATE


def send(port: int, secret: str) -> float:
    """Rows a second of one fresh signed batch through the oracle's endpoint."""
    batch = batches.batch(f"http-{next(TAGS)}", clock.now(), signed=True)
    body = json.dumps({"receipts": batch}).encode()
    request = site.post("/api/v1/oracle/receipts", body, Authorization=f"Bearer {secret}")
    answers = []
    rate = per_second(len(batch), lambda: answers.append(site.answer(port, request)))
    assert json.loads(answers[0][1])["accepted"] == len(batch)
    return rate


def ingest(*, signed: bool) -> float:
    """Rows a second of one fresh batch through the ingest."""
    now = clock.now()
    batch = batches.batch(f"{signed}-{next(TAGS)}", now, signed=signed)
    answers = []
    rate = per_second(len(batch), lambda: answers.append(receipts.ingest(items=batch, now=now)))
    assert answers[0].accepted == len(batch)
    return rate


def rows_as_bytes() -> bytes:
    """The rows of the table as a binary COPY holds them."""
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY (SELECT {COLUMNS} FROM staking_receipt) TO STDOUT (FORMAT BINARY)") as copy,
    ):
        return b"".join(bytes(piece) for piece in copy)


def copy_raw(raw: bytes) -> float:
    """Rows a second of copying ready bytes into the same table."""

    def act() -> None:
        with (
            transaction.atomic(),
            connection.cursor() as cursor,
            cursor.copy(f"COPY staking_receipt ({COLUMNS}) FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.write(raw)

    return per_second(batches.ROWS, act)


def bare_library() -> float:
    """Messages a second through hash, recover and address, with nothing of ours: a message of 90 bytes each."""
    messages = [number.to_bytes(90, "big") for number in range(batches.ROWS)]
    signer = PrivateKey(batches.key(0))
    signed = [(m, signer.sign_recoverable(_keccak(m), hasher=None)) for m in messages]

    def act() -> None:
        for message, signature in signed:
            key = PublicKey.from_signature_and_message(signature, _keccak(message), hasher=None)
            _keccak(key.format(compressed=False)[1:])[12:].hex()

    return per_second(len(signed), act)


def _keccak(data: bytes) -> bytes:
    return keccak.new(data=data, digest_bits=256).digest()


def per_second(operations: int, act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return operations / (time.perf_counter() - began)
