"""Commands of an oracle."""

from __future__ import annotations

import json

import pytest

from infra.commands import oracle

SENT = {"accepted": 2, "duplicates": 0, "rejected": [], "not_valid": [],
        "proofs": {"valid": 2, "missing": 0, "invalid": 0, "forged": 0}}  # fmt: skip
REJECTED = {"index": 1, "job_id": "j-2", "code": "receipt_time", "detail": "accepted_at is ahead."}


@pytest.fixture
def receipts(tmp_path):
    def write(text, name="receipts.json"):
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return write


@pytest.mark.parametrize(
    "text", ['{"receipts": [{"job_id": "a"}, {"job_id": "b"}]}', '[{"job_id": "a"}, {"job_id": "b"}]',
             '{"job_id": "a"}\n\n{"job_id": "b"}\n']
)  # fmt: skip
def test_receipts_are_sent_from_a_list_an_object_or_lines(infra, api, receipts, text):
    api.says("POST", "oracle/receipts", SENT)
    result = infra("receipts send", receipts(text))
    assert (result.exit_code, result.stdout) == (0, "2 accepted, 0 duplicates, 0 rejected, 2 proofs valid\n")
    assert api.posts() == [("oracle/receipts", {"receipts": [{"job_id": "a"}, {"job_id": "b"}]})]


def test_receipts_are_read_from_the_standard_input(infra, api):
    api.says("POST", "oracle/receipts", SENT)
    assert infra("receipts send -", typed='{"job_id": "a"}').exit_code == 0
    assert api.posts() == [("oracle/receipts", {"receipts": [{"job_id": "a"}]})]


def test_batches_are_added_up_and_indexes_count_from_the_start_of_the_file(infra, api, receipts, monkeypatch):
    monkeypatch.setattr(oracle, "BATCH", 2)
    bad = {"index": 0, "job_id": "j", "proof": "invalid"}
    api.says("POST", "oracle/receipts", {**SENT, "accepted": 1, "rejected": [REJECTED], "not_valid": [bad]})
    result = infra("receipts send", receipts(json.dumps([1, 2, 3])), "--json")
    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["accepted"], answer["proofs"]["valid"]) == (1, 2, 4)
    assert [item["index"] for item in answer["rejected"]] == [1, 3]
    assert [item["index"] for item in answer["not_valid"]] == [0, 2]
    assert len({request.key for request in api.requests}) == 2
    assert "item 3: receipt_time: accepted_at is ahead." in result.stderr
    assert "item 2, job j: the proof is invalid" in result.stderr


def test_a_file_that_is_no_json_is_refused_with_its_line(infra, api, receipts):
    result = infra("receipts send", receipts('{"a": 1}\n{"a": '))
    assert (result.exit_code, api.posts()) == (1, [])
    assert "file_invalid" in result.stderr
    assert "line 2" in result.stderr


def test_a_missing_file_is_refused(infra, api):
    result = infra("receipts send /nowhere.json")
    assert (result.exit_code, api.posts()) == (1, [])
    assert result.stderr.startswith("file_invalid: ")


def test_a_dry_run_sends_nothing(infra, api, receipts, values):
    assert infra("receipts send --dry-run", receipts("[1, 2]")).exit_code == 0
    assert infra(f"heartbeat --dry-run --node {values.ANNA}").exit_code == 0
    assert api.posts() == []


def test_a_heartbeat_is_of_now_and_takes_a_prefix(infra, api, values):
    api.says("POST", "oracle/heartbeats", {"accepted": 1, "duplicates": 0, "rejected": []})
    result = infra("heartbeat --node 0xABcD")
    assert (result.exit_code, result.stdout) == (0, "1 accepted, 0 duplicates, 0 rejected\n")
    ((_, body),) = api.posts()
    (beat,) = body["heartbeats"]
    assert beat["node"] == values.ANNA
    assert beat["at"].endswith("Z")


def test_a_rejected_heartbeat_ends_with_status_1(infra, api, values):
    api.says(
        "POST", "oracle/heartbeats", {"accepted": 0, "duplicates": 0, "rejected": [{**REJECTED, "index": 0}]}
    )
    assert infra(f"heartbeat --node {values.ANNA}").exit_code == 1


def test_watch_sends_heartbeats_and_each_file_once(infra, api, receipts, tmp_path, values):
    api.says("POST", "oracle/heartbeats", {"accepted": 1, "duplicates": 0, "rejected": []})
    api.says("POST", "oracle/receipts", lambda request: {
        **SENT, "rejected": [REJECTED] if request.body["receipts"] == ["bad"] else []})  # fmt: skip
    (
        receipts('["good"]', "a.json"),
        receipts('"bad"', "b.jsonl"),
        receipts("no", "c.json"),
        receipts("x", "d.txt"),
    )
    line = f"watch {tmp_path} --node {values.ANNA} --every 1 --once"
    assert infra(line).exit_code == 0
    names = sorted(file.name for file in tmp_path.iterdir() if file.is_file())
    assert names == ["a.json.sent", "b.jsonl.rejected", "c.json.rejected", "d.txt"]
    infra(line)
    assert [path for path, _ in api.posts()].count("oracle/receipts") == 2
    assert [path for path, _ in api.posts()].count("oracle/heartbeats") == 2


def test_watch_keeps_a_file_while_the_network_is_away(infra, api, receipts, tmp_path):
    receipts("[1]", "a.json")
    api.troubles = [503] * 4
    assert infra(f"watch {tmp_path} --every 1 --once").exit_code == 0
    assert (tmp_path / "a.json").exists()


def test_watch_needs_a_folder(infra):
    assert infra("watch /nowhere --once").exit_code == 2
