"""The oracle's endpoints over HTTP: permissions, bodies, answers to batches."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from threading import BoundedSemaphore, Timer
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from identity.tokens import issue
from oracle.api import views
from protocol.addresses import checksum
from staking.models import Attestation, Heartbeat, JobKey, Receipt
from tests.clocks import stopped_at
from tests.network import START, Network
from tests.oracle import machines
from tests.oracle.machines import TRACE, proofs, recorded, rfc3339, signed, unsigned

pytestmark = pytest.mark.django_db

ENDPOINTS = ("receipts", "heartbeats", "attestations")
BEAT = {"node": machines.address(0), "at": rfc3339(START)}
MEASURED = {"node": checksum(machines.address(0)), "measured": {"gpus": 1}}
BODIES: dict[str, Any] = {
    "receipts": {"receipts": [signed()]},
    "heartbeats": {"heartbeats": [BEAT]},
    "attestations": MEASURED,
}


@pytest.fixture(autouse=True)
def network(db: None, settings: Any) -> Iterator[Network]:
    """Two hours into the first epoch, machines 0 and 1 with two GPUs each."""
    settings.INFRAMIND_RATE_LIMITS = False
    with stopped_at(START + timedelta(hours=2)):
        made = Network()
        machines.register(2, hardware={"gpus": 2})
        yield made


def token(scope: str) -> str:
    return issue(wallet="" if scope == "oracle" else "0x" + "a1" * 20, scope=scope, now=timezone.now())[0]


def post(endpoint: str, body: Any, *, scope: str | None = "oracle", **headers: str) -> Any:
    rights = {"Authorization": f"Bearer {token(scope)}"} if scope else {}
    kind = headers.pop("content_type", "application/json")
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Client(raise_request_exception=False).generic(
        "POST", f"/api/v1/oracle/{endpoint}", data, content_type=kind, headers={**rights, **headers}
    )


def nothing_recorded() -> bool:
    return not any(model.objects.exists() for model in (Receipt, JobKey, Heartbeat, Attestation))


class TestWhose:
    @pytest.mark.parametrize("endpoint", ENDPOINTS)
    def test_a_post_without_a_token_is_refused(self, endpoint: str) -> None:
        answer = post(endpoint, BODIES[endpoint], scope=None)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert nothing_recorded()

    @pytest.mark.parametrize("endpoint", ENDPOINTS)
    @pytest.mark.parametrize("scope", ["read", "write"])
    def test_a_wallets_token_is_refused(self, endpoint: str, scope: str) -> None:
        answer = post(endpoint, BODIES[endpoint], scope=scope)
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
        assert nothing_recorded()

    @pytest.mark.parametrize("endpoint", ENDPOINTS)
    def test_a_body_is_not_even_read_then(self, endpoint: str) -> None:
        assert post(endpoint, b"{", scope="write").status_code == 403

    @pytest.mark.parametrize("endpoint", ENDPOINTS)
    def test_the_endpoints_cannot_be_read(self, endpoint: str) -> None:
        answer = Client().get(
            f"/api/v1/oracle/{endpoint}", headers={"Authorization": f"Bearer {token('oracle')}"}
        )
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


def receipts_result(accepted: int = 0, duplicates: int = 0, valid: int = 0) -> dict[str, Any]:
    """The answer to a batch of receipts that are all signed by their nodes."""
    return {
        "accepted": accepted,
        "duplicates": duplicates,
        "rejected": [],
        "proofs": {"valid": valid, "missing": 0, "invalid": 0, "forged": 0},
        "not_valid": [],
    }


class TestAnswers:
    def test_receipts_are_counted_by_result_and_proof(self) -> None:
        items = [
            signed("a"),
            signed("a"),
            signed("a", latency_ms=1),
            {**unsigned("b"), "credits": -5},
            signed("c", 1),
        ]
        answer = post("receipts", {"receipts": items})
        assert answer.status_code == 200
        shown = answer.json()
        details = [refused.pop("detail") for refused in shown["rejected"]]
        assert shown == {
            "accepted": 2,
            "duplicates": 1,
            "rejected": [
                {"index": 2, "job_id": "a", "code": "receipt_conflict"},
                {"index": 3, "job_id": "b", "code": "receipt_invalid"},
            ],
            "proofs": {"valid": 3, "missing": 0, "invalid": 0, "forged": 0},
            "not_valid": [],
        }
        assert "credits" in details[1]
        assert recorded() == ["a", "c"]

    def test_the_proof_states_of_a_batch(self) -> None:
        forged = {**signed("d"), "verified_trace_root": "0x" + "ff" * 32}
        items = [signed("a"), unsigned("b"), {"job_id": "x"}, signed("c", by=1), forged, unsigned("b")]
        answer = post("receipts", {"receipts": items}).json()
        assert (answer["accepted"], answer["duplicates"]) == (4, 1)
        assert answer["proofs"] == {"valid": 1, "missing": 2, "invalid": 1, "forged": 1}
        assert answer["not_valid"] == [
            {"index": 1, "job_id": "b", "proof": "missing"},
            {"index": 3, "job_id": "c", "proof": "invalid"},
            {"index": 4, "job_id": "d", "proof": "forged"},
            {"index": 5, "job_id": "b", "proof": "missing"},
        ]

    def test_a_completed_receipt_counts_with_its_new_proof_state(self) -> None:
        post("receipts", {"receipts": [signed("a"), signed("b")]})
        roots = {"a": "0x" + TRACE.hex(), "b": "0x" + "ff" * 32}
        items = [{**signed(job_id), "verified_trace_root": root} for job_id, root in roots.items()]
        answer = post("receipts", {"receipts": items}).json()
        assert (answer["accepted"], answer["duplicates"]) == (2, 0)
        assert answer["proofs"] == {"valid": 1, "missing": 0, "invalid": 0, "forged": 1}
        assert answer["not_valid"] == [{"index": 1, "job_id": "b", "proof": "forged"}]

    def test_heartbeats_are_counted_by_result(self) -> None:
        beats = [BEAT, BEAT, {**BEAT, "at": rfc3339(START - timedelta(days=1))}, {"node": "0x1", "at": "now"}]
        shown = post("heartbeats", {"heartbeats": beats}).json()
        assert (shown["accepted"], shown["duplicates"]) == (1, 1)
        assert [(r["index"], r["job_id"], r["code"]) for r in shown["rejected"]] == [
            (2, None, "receipt_time"),
            (3, None, "address_invalid"),
        ]

    def test_an_attestation_is_recorded(self) -> None:
        answer = post("attestations", MEASURED)
        assert answer.status_code == 201
        shown = answer.json()
        assert shown.pop("id") == Attestation.objects.get().pk
        assert shown == {
            **MEASURED,
            "epoch": 1,
            "at": "2026-01-01T02:00:00Z",
            "declared": {"gpus": 2},
            "shortfalls": ["gpus"],
        }

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            ({**MEASURED, "node": "0x" + "12" * 20}, 404, "not_found"),
            ({**MEASURED, "node": "0x12"}, 400, "address_invalid"),
            ({"node": MEASURED["node"]}, 400, "invalid"),
            ({**MEASURED, "measured": [1]}, 400, "invalid"),
            ({**MEASURED, "measured": {"gpus": [1]}}, 400, "invalid"),
            ({**MEASURED, "measured": {"gpu": "\0"}}, 400, "invalid"),
        ],
    )
    def test_a_wrong_attestation_is_refused(self, body: Any, status: int, code: str) -> None:
        answer = post("attestations", body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert nothing_recorded()

    def test_broken_text_is_the_fault_of_its_item(self) -> None:
        items = [{**unsigned("a\0")}, {**unsigned("b\ud800")}, {**unsigned("c"), "region": "\0"}, signed("d")]
        answer = post("receipts", {"receipts": items})
        assert answer.status_code == 200
        assert [r["code"] for r in answer.json()["rejected"]] == ["receipt_invalid"] * 3
        assert recorded() == ["d"]

    def test_an_empty_batch_is_accepted(self) -> None:
        assert post("receipts", {"receipts": []}).json() == receipts_result()

    def test_the_same_batch_twice(self) -> None:
        body = {"receipts": [signed("a"), signed("b")]}
        assert post("receipts", body).json()["accepted"] == 2
        assert post("receipts", body).json() == receipts_result(duplicates=2, valid=2)

    def test_under_one_key_the_first_answer_stands(self) -> None:
        body, key = {"receipts": [signed("a")]}, {"Idempotency-Key": "once"}
        rights = {"Authorization": f"Bearer {token('oracle')}", **key}
        first, again = (post("receipts", body, scope=None, **rights) for _ in range(2))
        assert first.json() == again.json() == receipts_result(accepted=1, valid=1)
        other = post("receipts", {"receipts": [signed("b")]}, scope=None, **rights)
        assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
        assert recorded() == ["a"]


class TestBodies:
    @pytest.mark.parametrize(
        "body",
        [
            b"", b"{", b"null", b"[]", b'"receipts"', b"\xff\xfe", b"{}", b'{"receipts": null}', b'{"receipts": {}}',
            b'{"receipts": "x"}', b'{"receipts": [NaN]}', b'{"receipts": 1e999}', b'{"receipts": [], "receipts": []}',
            b'{"receipts": ' + b"9" * 10_000 + b"}", b'{"receipts": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
            b'{"receipts": []} x',
        ],
    )  # fmt: skip
    def test_what_is_no_batch(self, body: bytes) -> None:
        answer = post("receipts", body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
        assert nothing_recorded()

    @pytest.mark.parametrize("value", [b"1e999", b"9" * 5_000, b"-1e999", b'{"a": 1, "a": 2}'])
    @pytest.mark.parametrize("name", ["credits", "signature", "verified_trace_root", "job_id"])
    def test_a_value_that_cannot_be_read_is_the_fault_of_its_item_alone(
        self, name: str, value: bytes
    ) -> None:
        items = json.dumps({"receipts": [signed("a") | {name: "VALUE"}, signed("b")]}).encode()
        answer = post("receipts", items.replace(b'"VALUE"', value)).json()
        assert [(item["index"], item["code"]) for item in answer["rejected"]] == [(0, "receipt_invalid")]
        assert (answer["accepted"], recorded()) == (1, ["b"])

    def test_an_item_with_a_repeated_name_is_rejected_alone(self) -> None:
        items = json.dumps({"receipts": [signed("a"), signed("b")]}).encode()
        answer = post("receipts", items.replace(b'"job_id": "a"', b'"job_id": "a", "job_id": "c"')).json()
        assert [(item["index"], item["job_id"]) for item in answer["rejected"]] == [(0, None)]
        assert (answer["rejected"][0]["code"], recorded()) == ("receipt_invalid", ["b"])

    def test_another_media_type_is_refused(self) -> None:
        answer = post("receipts", b"job_id,node", content_type="text/csv")
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")

    def test_ten_thousand_items_and_no_more(self, monkeypatch: pytest.MonkeyPatch) -> None:
        items = [unsigned(f"job-{number}") for number in range(10_000)]
        assert post("receipts", {"receipts": items}).json()["accepted"] == 10_000
        answer = post("receipts", {"receipts": [*items, unsigned("one more")]})
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        assert Receipt.objects.count() == 10_000

    def test_the_largest_batch_fits(self) -> None:
        largest = 2**63 - 1
        item = signed("x" * 64, region="r" * 32, job_class="session_model", outcome="schema_mismatch",
                      latency_ms=largest, deadline_ms=largest, credits=largest,
                      verified_trace_root="0x" + "22" * 32)  # fmt: skip
        items = [{**item, "job_id": f"{number:064}"} for number in range(10_000)]
        assert post("receipts", {"receipts": items}).json()["accepted"] == 10_000

    def test_a_body_above_the_limit_is_refused(self) -> None:
        answer = post("receipts", b'{"receipts": ["' + b"x" * 10_000_000 + b'"]}')
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")

    def test_a_gzip_body_is_accepted(self) -> None:
        packed = gzip.compress(json.dumps({"receipts": [signed("a"), signed("b")]}).encode())
        assert post("receipts", packed, **{"Content-Encoding": "gzip"}).json()["accepted"] == 2
        assert proofs() == {"a": ("valid", True), "b": ("valid", True)}

    def test_a_gzip_bomb_costs_no_more_than_the_largest_body(self) -> None:
        bomb = gzip.compress(b'{"receipts": ["' + b" " * 200_000_000 + b'"]}')
        tracemalloc.start()
        answer = post("receipts", bomb, **{"Content-Encoding": "gzip"})
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        assert peak < 40_000_000

    @pytest.mark.parametrize(
        "broken", [b"plain", gzip.compress(b'{"receipts": []}', mtime=0)[:-9], b"\x1f\x8b\x08"]
    )
    def test_a_broken_gzip_body_is_refused(self, broken: bytes) -> None:
        answer = post("receipts", broken, **{"Content-Encoding": "gzip"})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")

    def test_another_content_encoding_is_refused(self) -> None:
        answer = post("receipts", b"{}", **{"Content-Encoding": "br"})
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_a_batch_without_a_free_slot_is_asked_to_retry(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.INFRAMIND_RATE_LIMITS = True
    full = BoundedSemaphore(1)
    monkeypatch.setattr(views, "TURNS", full)
    monkeypatch.setattr(views, "PATIENCE_SECONDS", 0.01)
    with full:
        for endpoint in ("receipts", "heartbeats"):
            answer = post(endpoint, BODIES[endpoint])
            assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
            assert answer.headers["Retry-After"] == "2"
    assert nothing_recorded()
    assert post("receipts", BODIES["receipts"]).json()["accepted"] == 1


def test_a_batch_waits_for_a_free_slot_where_rate_limits_are_lifted(monkeypatch: pytest.MonkeyPatch) -> None:
    full = BoundedSemaphore(1)
    monkeypatch.setattr(views, "TURNS", full)
    monkeypatch.setattr(views, "PATIENCE_SECONDS", 0)
    full.acquire()
    Timer(0.05, full.release).start()
    assert post("receipts", BODIES["receipts"]).json()["accepted"] == 1


def test_a_slot_is_released_when_a_batch_fails(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.INFRAMIND_RATE_LIMITS = True
    monkeypatch.setattr(views, "TURNS", BoundedSemaphore(1))
    monkeypatch.setattr(views, "PATIENCE_SECONDS", 0.01)
    with monkeypatch.context() as broken:
        broken.setattr("oracle.receipts.ingest", lambda **_: 1 / 0)
        assert post("receipts", BODIES["receipts"]).status_code == 500
    assert post("receipts", BODIES["receipts"]).status_code == 200
