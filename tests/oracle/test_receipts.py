"""Results of receipts: recorded, duplicate, completed, rejected (R21, R22, R23)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import Sum
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from protocol.errors import Invalid
from staking.models import Demand, JobKey, Node, Receipt
from staking.services import nodes
from tests.network import START, Network, operator
from tests.oracle import machines
from tests.oracle.machines import OTHER, TRACE, counted, proofs, recorded, send, signed, unsigned

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
MS = timedelta(milliseconds=1)
HEX = {"trace": "0x" + TRACE.hex(), "other": "0x" + OTHER.hex()}


def test_every_field_is_stored(network: Network) -> None:
    at = START + timedelta(hours=1, milliseconds=7)
    send(signed("job-é", 1, at=at, verified_trace_root=HEX["trace"]))
    row = Receipt.objects.get()
    assert (row.epoch, row.node_id, row.job_id) == (
        1,
        Node.objects.get(address=machines.address(1)).id,
        "job-é",
    )
    assert (row.latency_ms, row.deadline_ms, row.credits, row.accepted_at) == (840, 2_000, 50_000, at)
    assert (row.outcome, row.proof, row.good, row.region) == (0, 0, True, "us-east")
    assert row.job_class == 2
    assert bytes(row.result_digest) == machines.RESULT
    assert bytes(row.trace_root) == bytes(row.verified_trace_root) == TRACE
    assert len(row.signature) == 65


def test_what_is_left_out_is_null(network: Network) -> None:
    assert counted(send(unsigned(result_digest=None, trace_root="", signature=None))) == (1, 0, [])
    row = Receipt.objects.get()
    assert (row.result_digest, row.trace_root, row.verified_trace_root, row.signature) == (None,) * 4


def test_a_digest_of_zeros_is_an_absent_one(network: Network) -> None:
    bare = unsigned(result_digest=None, trace_root=None)
    send(bare)
    zeros = "0x" + "00" * 32
    assert counted(send({**bare, "result_digest": zeros, "trace_root": zeros})) == (0, 1, [])
    assert Receipt.objects.count() == 1


def test_recorded_in_the_order_sent(network: Network) -> None:
    send(signed("c"), signed("a"))
    send(signed("b"))
    assert recorded() == ["c", "a", "b"]


def test_it_counts_in_the_epoch_that_is_open(network: Network) -> None:
    send(signed("first"))
    network.settle()
    send(signed("late", at=START + timedelta(hours=3)), at=network.now)
    assert dict(Receipt.objects.values_list("job_id", "epoch")) == {"first": 1, "late": 2}
    assert dict(JobKey.objects.values_list("job_id", "epoch")) == {"first": 1, "late": 2}


def test_what_regions_ask_for_is_counted_once(network: Network) -> None:
    send(signed("a"), signed("b"), signed("c", region="sea"), signed("d", outcome="rejected"))
    send(signed("a"), signed("b", verified_trace_root=HEX["other"]), signed("e", outcome="timeout"))
    demand = Demand.objects.values("epoch", "region").annotate(sum=Sum("jobs")).order_by("region")
    assert list(demand.values_list("epoch", "region", "sum")) == [(1, "sea", 1), (1, "us-east", 3)]
    network.check()


def test_a_batch_that_fails_counts_no_demand(network: Network) -> None:
    assert counted(send(signed("a", 77)))[0] == 0
    assert not Demand.objects.exists()


class TestProofs:
    """Judged in the order missing, invalid, forged (R22)."""

    @pytest.mark.parametrize("verified", ["trace", "other"])
    def test_a_receipt_without_a_signature_has_no_proof(self, network: Network, verified: str) -> None:
        send(unsigned(verified_trace_root=HEX[verified]))
        assert proofs() == {"job-1": ("missing", False)}

    @pytest.mark.parametrize("verified", ["trace", "other"])
    def test_a_signature_by_another_key_is_invalid(self, network: Network, verified: str) -> None:
        send(signed(by=1, verified_trace_root=HEX[verified]))
        assert proofs() == {"job-1": ("invalid", False)}

    def test_a_signature_over_another_trace_is_forged(self, network: Network) -> None:
        send(signed(verified_trace_root=HEX["other"]))
        assert proofs() == {"job-1": ("forged", False)}

    def test_a_signature_over_the_same_trace_is_valid(self, network: Network) -> None:
        send(signed("a", verified_trace_root=HEX["trace"]), signed("b"))
        assert proofs() == {"a": ("valid", True), "b": ("valid", True)}

    def test_an_absent_trace_is_all_zeros(self, network: Network) -> None:
        zeros = "0x" + "00" * 32
        send(
            signed("a", trace_root=None, verified_trace_root=zeros),
            signed("b", trace_root=None, verified_trace_root=HEX["trace"]),
        )
        assert proofs() == {"a": ("valid", True), "b": ("forged", False)}

    def test_by_a_signing_key_of_its_own(self, network: Network) -> None:
        network.change(machines.address(0), signing_key=machines.address(9))
        send(signed("a"), signed("b", by=9))
        assert proofs() == {"a": ("invalid", False), "b": ("valid", True)}

    def test_history_needs_no_signature(self, network: Network) -> None:
        items = [unsigned("a"), signed("b", by=1), signed("c", verified_trace_root=HEX["other"])]
        send(*items, unchecked=True)
        assert proofs() == dict.fromkeys("abc", ("unchecked", True))


@pytest.mark.parametrize(
    ("changed", "good"),
    [
        ({}, True),
        ({"latency_ms": 2_000}, True),
        ({"latency_ms": 2_001}, False),
        ({"latency_ms": 0, "deadline_ms": 0}, True),
        ({"outcome": "timeout"}, False),
        ({"outcome": "rejected"}, False),
        ({"outcome": "dropped"}, False),
        ({"outcome": "schema_mismatch"}, False),
    ],
)
def test_good_jobs_are_completed_in_time(network: Network, changed: dict[str, Any], good: bool) -> None:
    send(signed(**changed))
    assert Receipt.objects.get().good is good


class TestAgain:
    def test_the_same_is_a_duplicate(self, network: Network) -> None:
        assert counted(send(signed())) == (1, 0, [])
        assert counted(send(signed(), signed())) == (0, 2, [])
        assert recorded() == ["job-1"]

    def test_the_same_in_other_letters_is_a_duplicate(self, network: Network) -> None:
        first = signed()
        again = {
            **first,
            "node": first["node"].lower(),
            "accepted_at": "2026-01-01T03:00:00.000+02:00",
            "trace_root": first["trace_root"].upper().replace("0X", "0x"),
        }
        assert counted(send(first, again)) == (1, 1, [])

    @pytest.mark.parametrize(
        "changed",
        [
            {"latency_ms": 841},
            {"credits": 50_001},
            {"deadline_ms": 1_999},
            {"region": "us-eas"},
            {"outcome": "dropped"},
            {"job_class": "cpu"},
            {"at": START + timedelta(hours=1, milliseconds=1)},
            {"result_digest": None},
            {"trace_root": "0x" + OTHER.hex()},
            {"number": 1},
            {"by": 1},
        ],
    )
    def test_other_content_is_a_conflict(self, network: Network, changed: dict[str, Any]) -> None:
        send(signed())
        assert counted(send(signed(**changed))) == (0, 0, ["receipt_conflict"])
        assert recorded() == ["job-1"]
        assert Receipt.objects.get().latency_ms == 840

    def test_a_signature_added_or_left_out_is_a_conflict(self, network: Network) -> None:
        send(signed("a"), unsigned("b"))
        assert counted(send(unsigned("a"), signed("b"))) == (0, 0, ["receipt_conflict"] * 2)

    def test_the_first_of_contradicting_receipts_in_a_batch_is_recorded(self, network: Network) -> None:
        answer = send(signed("a"), signed("a", latency_ms=1), signed("a"), signed("b"))
        assert counted(answer) == (2, 1, ["receipt_conflict"])
        assert answer.rejected[0].index == 1
        assert recorded() == ["a", "b"]

    def test_in_a_later_epoch_it_is_still_known(self, network: Network) -> None:
        send(signed())
        network.settle(2)
        assert counted(send(signed(), signed(latency_ms=1), at=network.now)) == (0, 1, ["receipt_conflict"])

    def test_decided_before_its_time_is_looked_at(self, network: Network) -> None:
        send(signed())
        network.settle(5)
        assert counted(send(signed(), signed("new"), at=network.now)) == (0, 1, ["receipt_time"])

    def test_a_refused_one_leaves_nothing_behind(self, network: Network) -> None:
        late = signed(at=START - 3 * DAY)
        assert counted(send(late, signed(), late)) == (1, 0, ["receipt_time", "receipt_conflict"])


class TestCompletion:
    """A verified trace root that comes later, while the epoch is open (R21)."""

    @pytest.mark.parametrize(
        ("verified", "proof"), [("trace", ("valid", True)), ("other", ("forged", False))]
    )
    def test_completes_and_counts_as_accepted(self, network: Network, verified: str, proof: Any) -> None:
        send(signed())
        full = signed(verified_trace_root=HEX[verified])
        assert counted(send(full)) == (1, 0, [])
        assert proofs() == {"job-1": proof}
        assert bytes(Receipt.objects.get().verified_trace_root).hex() == HEX[verified][2:]
        assert counted(send(full, signed())) == (0, 2, [])

    def test_receipts_of_one_batch_are_compared_with_each_other(self, network: Network) -> None:
        answer = send(signed(), signed(verified_trace_root=HEX["other"]), signed())
        assert counted(answer) == (2, 1, [])
        assert proofs() == {"job-1": ("forged", False)}

    def test_another_root_is_a_conflict(self, network: Network) -> None:
        send(signed(verified_trace_root=HEX["trace"]))
        assert counted(send(signed(verified_trace_root=HEX["other"]))) == (0, 0, ["receipt_conflict"])
        answer = send(
            signed("b"), *(signed("b", verified_trace_root=HEX[root]) for root in ("trace", "other"))
        )
        assert counted(answer) == (2, 0, ["receipt_conflict"])
        assert proofs()["b"] == ("valid", True)

    def test_not_once_the_epoch_is_settled(self, network: Network) -> None:
        send(signed())
        network.settle()
        full = signed(verified_trace_root=HEX["other"])
        assert counted(send(full, at=network.now)) == (0, 0, ["receipt_conflict"])
        assert proofs() == {"job-1": ("valid", True)}

    def test_of_one_whose_own_epoch_has_passed_but_is_open(self, network: Network) -> None:
        send(signed())
        assert counted(send(signed(verified_trace_root=HEX["other"]), at=START + 9 * DAY)) == (1, 0, [])

    @pytest.mark.parametrize("first", [unsigned(), signed(by=1)])
    def test_what_was_missing_or_invalid_stays_so(self, network: Network, first: dict[str, Any]) -> None:
        send(first)
        before = proofs()
        assert counted(send({**first, "verified_trace_root": HEX["other"]})) == (1, 0, [])
        assert proofs() == before

    def test_history_stays_unchecked(self, network: Network) -> None:
        send(unsigned(), unchecked=True)
        assert counted(send(unsigned(verified_trace_root=HEX["other"]))) == (1, 0, [])
        assert proofs() == {"job-1": ("unchecked", True)}

    def test_a_new_signing_key_does_not_condemn_it(self, network: Network) -> None:
        send(signed())
        network.change(machines.address(0), signing_key=machines.address(9))
        send(signed(verified_trace_root=HEX["trace"]))
        assert proofs() == {"job-1": ("valid", True)}

    def test_of_a_job_that_is_not_good(self, network: Network) -> None:
        send(signed(outcome="timeout"))
        send(signed(outcome="timeout", verified_trace_root=HEX["other"]))
        assert proofs() == {"job-1": ("forged", False)}


class TestTime:
    """Five minutes ahead of the clock, two epochs before the open one, to the ms (R21)."""

    NOW = START + timedelta(hours=2)

    @pytest.mark.parametrize(
        ("at", "codes"),
        [
            (NOW + timedelta(minutes=5), []),
            (NOW + timedelta(minutes=5) + MS, ["receipt_time"]),
            (START - 2 * DAY, []),
            (START - 2 * DAY - MS, ["receipt_time"]),
        ],
    )
    def test_receipts_too_early_or_too_late_are_refused(
        self, network: Network, at: datetime, codes: list[str]
    ) -> None:
        assert counted(send(signed(at=at), at=self.NOW)) == (1 - len(codes), 0, codes)

    def test_imported_history_has_no_bounds_of_time(self, network: Network) -> None:
        far = [unsigned("a", at=START - 900 * DAY), unsigned("b", at=START + 900 * DAY)]
        assert counted(send(*far, unchecked=True)) == (2, 0, [])

    def test_an_epoch_that_is_due_still_takes_receipts(self, network: Network) -> None:
        assert counted(send(signed(at=START + 4 * DAY), at=START + 4 * DAY)) == (1, 0, [])


class TestForm:
    @pytest.mark.parametrize(
        "field",
        [
            "job_id",
            "node",
            "job_class",
            "region",
            "accepted_at",
            "deadline_ms",
            "latency_ms",
            "outcome",
            "credits",
        ],
    )
    @pytest.mark.parametrize("value", [None, [], {}, True, 1.0, "\0", "\ud800", -1, 2**63, ""])
    def test_a_field_missing_or_of_another_type(self, network: Network, field: str, value: object) -> None:
        broken = {**unsigned(), field: value}
        codes = [
            refused.code for refused in send(broken, {k: v for k, v in broken.items() if k != field}).rejected
        ]
        assert codes[0] in ("receipt_invalid", "address_invalid")
        assert codes[1] == "receipt_invalid"
        assert recorded() == []

    @pytest.mark.parametrize("field", ["deadline_ms", "latency_ms", "credits"])
    @pytest.mark.parametrize(
        "value",
        ["5", "1e3", float("nan"), float("inf"), 1e3, 10**38, 2**255, -1, 2**63, "١٢", "1_000", False],
    )
    def test_numbers_are_whole_and_fit_63_bits(self, network: Network, field: str, value: object) -> None:
        answer = send({**unsigned(), field: value})
        assert counted(answer) == (0, 0, ["receipt_invalid"])
        assert field in answer.rejected[0].detail

    def test_the_largest_numbers_are_stored_exactly(self, network: Network) -> None:
        largest = 2**63 - 1
        item = signed(latency_ms=largest, deadline_ms=largest, credits=largest)
        assert counted(send(item, item)) == (1, 1, [])
        row = Receipt.objects.get()
        assert (row.latency_ms, row.deadline_ms, row.credits, row.good) == (largest, largest, largest, True)

    @pytest.mark.parametrize(
        "job_id", ["", "x" * 65, "a\0b", "\udcff", "job \ud83d", 7, None, ["job"], b"job"]
    )
    def test_job_ids_that_are_none(self, network: Network, job_id: object) -> None:
        assert counted(send({**unsigned(), "job_id": job_id})) == (0, 0, ["receipt_invalid"])

    @pytest.mark.parametrize(
        "job_id",
        [
            "x",
            "x" * 64,
            "🚀" * 64,
            "\u00e9",
            "e\u0301",
            "\u202egnp.exe",
            "a\u200bb",
            "'; DROP TABLE x; --",
            '{,}"\\',
        ],
    )
    def test_job_ids_in_any_writing(self, network: Network, job_id: str) -> None:
        assert counted(send(signed(job_id))) == (1, 0, [])
        assert counted(send(signed(job_id))) == (0, 1, [])
        assert recorded() == [job_id]
        assert proofs() == {job_id: ("valid", True)}

    def test_look_alikes_are_two_jobs(self, network: Network) -> None:
        assert counted(send(signed("\u00e9"), signed("e\u0301"))) == (2, 0, [])

    @pytest.mark.parametrize("region", ["", "x" * 33, "eu\0west", "\ud800"])
    def test_regions_that_are_none(self, network: Network, region: str) -> None:
        assert counted(send({**unsigned(), "region": region})) == (0, 0, ["receipt_invalid"])

    @pytest.mark.parametrize(
        "at",
        [
            "2026-01-01",
            "2026-01-01T01:00:00",
            "2026-01-01 01:00:00Z",
            "20260101T010000Z",
            "2026-W01-4T01:00:00Z",
            "2026-02-30T01:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T01:00:60Z",
            "2026-01-01T01:00:00+24:00",
            "2026-01-01T01:00:00.Z",
            "2026-01-01T01:00:00,5Z",
            " 2026-01-01T01:00:00Z",
            "2026-01-01T01:00:00Z\n",
            "٢٠٢٦-01-01T01:00:00Z",
            "1969-12-31T23:59:59.999Z",
            "0001-01-01T00:00:00+10:00",
            "9999-12-31T23:59:59-10:00",
            "10000-01-01T00:00:00Z",
            1_767_229_200,
        ],
    )
    def test_times_that_are_none(self, network: Network, at: object) -> None:
        assert counted(send({**unsigned(), "accepted_at": at})) == (0, 0, ["receipt_invalid"])

    @pytest.mark.parametrize(
        ("text", "ms"),
        [
            ("2026-01-01T01:00:00Z", 0),
            ("2026-01-01t01:00:00.5z", 500),
            ("2026-01-01T01:00:00.123456789Z", 123),
            ("2026-01-01T03:30:00.007+02:30", 7),
            ("2025-12-31T23:00:00.9999-02:00", 999),
        ],
    )
    def test_times_as_rfc_3339_writes_them(self, network: Network, text: str, ms: int) -> None:
        assert counted(send(signed(accepted_at=text))) == (1, 0, [])
        row = Receipt.objects.get()
        assert row.accepted_at == START + timedelta(hours=1, milliseconds=ms)
        assert row.good

    @pytest.mark.parametrize("field", ["result_digest", "trace_root", "verified_trace_root", "signature"])
    @pytest.mark.parametrize(
        "value",
        ["0x12", "11" * 32, "0x" + "11" * 33, "0x" + "zz" * 32, "0x" + "11 " * 21 + "1", 5, [], "é" * 66],
    )
    def test_digests_that_are_none(self, network: Network, field: str, value: object) -> None:
        assert counted(send({**unsigned(), field: value})) == (0, 0, ["receipt_invalid"])

    def test_a_receipt_names_the_address_of_a_registered_node(self, network: Network) -> None:
        node = unsigned()["node"]
        sent = [
            node.upper().replace("0X", "0x"),
            node.swapcase().replace("0X", "0x"),
            "0x12",
            "nobody",
            "0x" + "00" * 20,
        ]
        answer = send(*({**unsigned(), "node": one} for one in sent))
        assert counted(answer) == (1, 0, ["address_invalid"] * 3 + ["not_found"])

    @pytest.mark.parametrize("item", [None, 5, "receipt", [], [[]], True])
    def test_what_is_no_object(self, network: Network, item: object) -> None:
        answer = send(item, signed())
        assert counted(answer) == (1, 0, ["receipt_invalid"])
        assert (answer.rejected[0].index, answer.rejected[0].job_id) == (0, None)

    @pytest.mark.parametrize(("field", "value"), [("job_class", "alchemy"), ("outcome", "Completed")])
    def test_unknown_names_are_refused(self, network: Network, field: str, value: str) -> None:
        assert counted(send({**unsigned(), field: value})) == (0, 0, ["receipt_invalid"])

    def test_good_items_are_stored_beside_bad_ones(self, network: Network) -> None:
        items = [
            {**unsigned("a"), "credits": -1},
            signed("b"),
            {**unsigned("c"), "node": "0x" + "12" * 20},
            signed("d", at=START + DAY),
            signed("b", latency_ms=3),
            None,
            signed("e"),
        ]
        answer = send(*items)
        assert counted(answer)[:2] == (2, 0)
        assert [(refused.index, refused.job_id, refused.code) for refused in answer.rejected] == [
            (0, "a", "receipt_invalid"),
            (2, "c", "not_found"),
            (3, "d", "receipt_time"),
            (4, "b", "receipt_conflict"),
            (5, None, "receipt_invalid"),
        ]
        assert recorded() == ["b", "e"]

    def test_the_answer_shows_job_ids_cut_and_whole(self, network: Network) -> None:
        answer = send({"job_id": "x" * 10_000}, {"job_id": "a\ud800"})
        assert [refused.job_id for refused in answer.rejected] == ["x" * 64, "a?"]

    def test_an_empty_batch_records_nothing(self, network: Network) -> None:
        assert counted(send()) == (0, 0, [])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


class TestAnything(TestCase):
    """For any value of a field the item is recorded, or rejected with a code."""

    def setUp(self) -> None:
        Network()
        machines.register(1)

    @given(st.sampled_from(sorted([*unsigned(), "signature", "verified_trace_root"])), JSON)
    def test_any_value_in_any_field(self, field: str, value: object) -> None:
        answer = send({**unsigned(), field: value})
        assert answer.accepted + answer.duplicates + len(answer.rejected) == 1
        for refused in answer.rejected:
            assert refused.code in ("receipt_invalid", "address_invalid", "receipt_conflict", "receipt_time")


def test_an_operator_may_retire_and_its_work_still_counts(network: Network) -> None:
    nodes.change(node=machines.address(0), actor=operator(0), changes={"status": "retired"}, now=START)
    with pytest.raises(Invalid):
        nodes.change(node=machines.address(1), actor=operator(1), changes={"status": "banned"}, now=START)
    assert counted(send(signed())) == (1, 0, [])
