"""`infra verify` and `infra proof` against the site: equal, tampered with, cut off (R51, R53)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from typer.testing import CliRunner, Result

from infra.client import Api
from infra.main import app
from oracle import receipts
from protocol.addresses import checksum
from protocol.times import unix_ms
from staking.models import Epoch, EpochInputs, Receipt
from tests.network import START, Network, node_address
from tests.oracle import machines
from tests.owner import as_owner

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def site(live_server: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Network:
    """Epoch 1, settled: ten signed jobs of two nodes, one completed late, one signed by another key."""
    settings.INFRAMIND_RATE_LIMITS = False
    monkeypatch.setenv("INFRA_URL", live_server.url)
    net = Network()
    for number in (1, 2):
        net.node(number, own=1_000, signing_key=machines.address(number))
    at = net.epoch.start
    work = [
        machines.signed(f"job-{number}-{job}", number, node=checksum(node_address(number)), at=at)
        for number in (1, 2)
        for job in range(5)
    ]
    work[3] = machines.signed("late", 1, node=checksum(node_address(1)), at=at, latency_ms=90_000)
    work[9] = machines.signed("foreign", 2, by=1, node=checksum(node_address(2)), at=at)
    assert receipts.ingest(items=work, now=net.now).accepted == 10
    net.beat(node_address(1), range(288))
    net.settle()
    return net


def infra(line: str) -> Result:
    return CliRunner().invoke(app, line.split())


@pytest.fixture
def rewrite(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Change the file that `infra` downloads: `rewrite("inputs", lambda lines: …)`."""
    download = Api.download

    def change(name: str, edit: Callable[[list[str]], list[str]]) -> None:
        def altered(api: Api, where: str) -> bytes:
            content = download(api, where)
            if not where.endswith(name):
                return content
            lines = gzip.decompress(content).decode().splitlines()
            return gzip.compress("\n".join(edit(lines)).encode())

        monkeypatch.setattr(Api, "download", altered)

    return change


def replaced(old: str, new: str) -> Callable[[list[str]], list[str]]:
    def edit(lines: list[str]) -> list[str]:
        assert any(old in line for line in lines)
        return [line.replace(old, new) for line in lines]

    return edit


@pytest.mark.parametrize("level", ["root", "rewards", "receipts"])
def test_an_epoch_is_equal_at_every_level(site: Network, level: str) -> None:
    result = infra(f"verify 1 --level {level}")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("Epoch 1 is equal: ")
    counts = {"receipts": {"total": 10, "unchecked": 0}} if level == "receipts" else {}
    assert json.loads(infra(f"verify 1 --level {level} --json").stdout) == {
        "epoch": 1, "level": level, "equal": True, "differences": [], **counts,
    }  # fmt: skip


def test_a_reward_that_was_changed_is_named_with_both_values(site: Network) -> None:
    row = site.row(node_address(1))
    change = "reward = reward + 1, operator_reward = operator_reward + 1"
    with as_owner(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(f"UPDATE staking_nodeepoch SET {change} WHERE node_id = %s", [row.node_id])
    result = infra("verify 1")
    assert result.exit_code == 1
    for name in ("reward", "operator_reward"):
        assert (
            f"{node_address(1)}: {name}: published {row.reward + 1}, computed {row.reward}\n" in result.stdout
        )
    assert "epoch 1: merkle_root: published 0x" in result.stdout
    assert result.stderr.startswith("different: Epoch 1 differs in ")
    root = infra("verify 1 --level root")
    assert (root.exit_code, len(root.stdout.splitlines())) == (1, 1)


def test_counters_that_the_receipts_do_not_make_are_named(site: Network, rewrite: Any) -> None:
    """Whoever changes counters and report alike is found out by the receipts."""
    rewrite("receipts", lambda lines: [line for line in lines if '"job-1-0"' not in line])
    assert infra("verify 1 --level receipts").stderr.startswith(
        "bad_file: The receipts were cut off: 10 follow"
    )
    rewrite("receipts", replaced('"outcome":"completed"', '"outcome":"dropped"'))
    result = infra("verify 1 --level receipts --json")
    assert result.exit_code == 1
    differences = json.loads(result.stdout)["differences"]
    assert {"row": node_address(1), "field": "dropped", "published": 0, "computed": 5} in differences
    assert {
        "row": "job job-1-1",
        "field": "proof",
        "published": "valid",
        "computed": "invalid",
    } in differences


def test_a_receipt_that_is_listed_again_counts_once(site: Network, rewrite: Any) -> None:
    def doubled(lines: list[str]) -> list[str]:
        return [lines[0].replace('"lines":10', '"lines":11'), *lines[1:], lines[1]]

    rewrite("receipts", doubled)
    result = infra("verify 1 --level receipts")
    assert (result.exit_code, result.stderr) == (
        1, "bad_file: Line 12 of the receipts has job job-1-0 again: a job counts once.\n"
    )  # fmt: skip


@pytest.mark.parametrize("shift", [-3 * 86_400_000, 2 * 86_400_000])
def test_a_receipt_of_another_time_does_not_count(site: Network, rewrite: Any, shift: int) -> None:
    """Two epochs before the start, or six minutes after the settlement: it was not recorded in the epoch."""
    at = unix_ms(START)
    rewrite("receipts", replaced(f'"accepted_at":{at}', f'"accepted_at":{at + shift}'))
    result = infra("verify 1 --level receipts")
    assert result.stderr.startswith(
        f"bad_file: Line 2 of the receipts: job job-1-0 was accepted at {at + shift} ms, and the epoch counts receipts"
    )


def test_the_number_of_unchecked_receipts_is_printed(site: Network, rewrite: Any) -> None:
    rewrite("receipts", replaced('"proof":"valid"', '"proof":"unchecked"'))
    result = infra("verify 1 --level receipts")
    assert result.exit_code == 0
    assert result.stdout.endswith(
        "\n9 of 10 receipts are imported history: signatures and times not checked.\n"
    )
    answer = json.loads(infra("verify 1 --level receipts --json").stdout)
    assert answer["receipts"] == {"total": 10, "unchecked": 9}


@pytest.mark.parametrize(
    "change", [('"type":"header"', '"type":"head"'), ('"schema":1', '"schema":2'), ('"epoch":1', '"epoch":2')]
)
def test_receipts_of_another_epoch_or_form_are_refused(
    site: Network, rewrite: Any, change: tuple[str, str]
) -> None:
    rewrite("receipts", replaced(*change))
    assert infra("verify 1 --level receipts").stderr == (
        "bad_file: Line 1 of the receipts is no header of schema 1 of epoch 1.\n"
    )


def test_a_row_that_is_published_twice_is_refused(site: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = Api.pages

    def doubled(api: Api, where: str) -> Any:
        rows = pages(api, where)["results"]
        return {"results": [rows[0] | {"reward": "9.000000"}, *rows], "next": None}

    monkeypatch.setattr(Api, "pages", doubled)
    assert (
        infra("verify 1 --level root").stderr
        == "bad_file: The report of the epoch has two rows of one node.\n"
    )


@pytest.mark.parametrize("answer", [[], None, 5, "x"])
def test_an_answer_that_is_no_object_is_one_sentence(
    site: Network, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    monkeypatch.setattr(Api, "get", lambda api, where, query=None: answer)
    for line in ("verify 1", f"proof 1 {node_address(1)}"):
        result = infra(line)
        assert (result.exit_code, result.stderr.split(":")[0]) == (1, "bad_answer")
        assert len(result.stderr.splitlines()) == 1


def test_a_receipt_that_cannot_be_is_one_sentence(site: Network, rewrite: Any) -> None:
    for old, new, field in (
        ('"signature":"0x', '"signature":"0xzz', "signature"),
        ('"job_id":', '"job_id":5,"x":', "job_id"),
    ):
        rewrite("receipts", replaced(old, new))
        result = infra("verify 1 --level receipts")
        assert (result.exit_code, result.stderr) == (
            1, f"bad_file: Line 2 of the receipts: {field} is missing or has a value that it cannot have.\n"
        )  # fmt: skip


def test_a_signature_that_does_not_recover_is_named(site: Network, rewrite: Any) -> None:
    assert Receipt.objects.get(job_id="foreign").proof == Receipt.Proof.INVALID
    rewrite("receipts", replaced('"latency_ms":90000', '"latency_ms":10'))
    result = infra("verify 1 --level receipts")
    assert "job late: proof: published valid, computed invalid" in result.stdout


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda lines: lines[:-1], "The inputs were cut off: 3 lines follow the header, the file has 2."),
        (lambda lines: [], "The inputs file is empty."),
        (lambda lines: lines[1:], "Line 1 of the inputs is no header."),
        (lambda lines: [lines[0], "{", *lines[2:]], "Line 2 of the inputs is not JSON."),
        (lambda lines: [lines[0], '{"type":"x"}', *lines[2:]], "Line 2 of the inputs has no known type."),
        (lambda lines: [lines[0].replace('"schema":1', '"schema":9'), *lines[1:]], "The inputs have schema 9"),
        (lambda lines: [lines[0].replace('"epoch":1', '"epoch":2'), *lines[1:]], "The inputs are those of epoch 2."),
        (lambda lines: [line.replace('"good":', '"well":') for line in lines], "good is missing or has a value that"),
        (lambda lines: [lines[0], *lines[:0:-1]], "not in the order of their addresses"),
        (replaced('"credits":', '"credits":-'), "(node): credits is missing or has a value that it cannot have."),
        (replaced('"latency_squares":', '"latency_squares":0,"squares":'), "epoch 1 contradict themselves: no l"),
    ],
)  # fmt: skip
def test_inputs_that_cannot_be_used_are_one_sentence(
    site: Network, rewrite: Any, edit: Any, sentence: str
) -> None:
    rewrite("inputs", edit)
    result = infra("verify 1")
    assert result.exit_code == 1
    assert result.stderr.startswith("bad_file: ")
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_inputs_that_were_changed_show_as_differences(site: Network, rewrite: Any) -> None:
    rewrite("inputs", replaced('"credits":', '"credits":1'))
    result = infra("verify 1")
    assert result.exit_code == 1
    assert f"{node_address(1)}: credits: published " in result.stdout


def test_a_file_that_was_cut_off_in_the_middle(site: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    download = Api.download
    monkeypatch.setattr(Api, "download", lambda api, where: download(api, where)[:-20])
    result = infra("verify 1")
    assert (result.exit_code, result.stderr) == (1, "bad_file: The file of inputs was cut off.\n")
    monkeypatch.setattr(Api, "download", lambda api, where: download(api, where) + b"more")
    assert infra("verify 1").stderr == "bad_file: The file of inputs goes on after its end.\n"


def test_an_epoch_without_what_is_needed(site: Network) -> None:
    assert infra("verify 2").stderr == "not_found: Epoch 2 is not settled yet.\n"
    assert infra("verify 7").exit_code == 1
    assert infra("verify").exit_code == 2
    assert infra("verify 1 --level all").exit_code == 2
    assert Client().get("/api/v1/epochs/2/inputs").status_code == 404
    assert Client().get("/api/v1/epochs/2/receipts").json()["code"] == "not_found"
    EpochInputs.objects.all().delete()
    assert infra("verify 1").stderr == "not_found: The inputs of epoch 1 are not stored any more.\n"


def test_the_proof_of_a_node_is_checked(site: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    address = checksum(node_address(1))
    result = infra(f"proof 1 {address}")
    assert result.exit_code == 0
    assert Epoch.objects.get(number=1).merkle_root in result.stdout
    assert "holds" in result.stdout
    assert len(json.loads(infra(f"proof 1 {address} --json").stdout)["leaves"]) == 1
    get = Api.get

    def lying(api: Api, where: str, query: Any = None) -> Any:
        answer = get(api, where, query)
        if "/proof/" in where:
            answer["leaves"][0]["value"][2] += 1
        return answer

    monkeypatch.setattr(Api, "get", lying)
    result = infra(f"proof 1 {address}")
    assert (result.exit_code, "does not hold" in result.stdout) == (1, True)


Lie = Callable[[dict[str, Any]], object]
LIES: list[tuple[Lie, str]] = [
    (lambda answer: answer.update(leaves=[]), "bad_answer"),
    (lambda answer: answer.pop("leaves"), "bad_answer"),
    (lambda answer: answer["leaves"][0].pop("proof"), "bad_answer"),
    (lambda answer: answer["leaves"][0]["value"].pop(), "bad_answer"),
    (lambda answer: answer["leaves"].append(5), "bad_answer"),
    (lambda answer: answer["leaves"][0].update(value=[1, [], {}, None]), "different"),
    (lambda answer: answer["leaves"][0].update(proof=["0xzz", 5]), "different"),
]


@pytest.mark.parametrize(("lie", "code"), LIES)
def test_a_malformed_proof_is_one_sentence(
    site: Network, monkeypatch: pytest.MonkeyPatch, lie: Lie, code: str
) -> None:
    get = Api.get

    def lying(api: Api, where: str, query: Any = None) -> Any:
        answer = get(api, where, query)
        if "/proof/" in where:
            lie(answer)
        return answer

    monkeypatch.setattr(Api, "get", lying)
    result = infra(f"proof 1 {node_address(1)}")
    assert (result.exit_code, result.stderr.split(":")[0]) == (1, code)
    assert len(result.stderr.splitlines()) == 1


def test_a_proof_of_another_node_or_epoch_is_refused(site: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    site.settle()
    get, own = Api.get, f"epochs/1/proof/{node_address(1)}"
    for instead in (
        {own: f"epochs/1/proof/{node_address(2)}"},
        {own: f"epochs/2/proof/{node_address(1)}", "epochs/1": "epochs/2"},
    ):
        monkeypatch.setattr(
            Api, "get", lambda api, where, query=None, to=instead: get(api, to.get(where, where))
        )
        result = infra(f"proof 1 {node_address(1)}")
        assert (result.exit_code, result.stderr) == (
            1,
            f"different: 1 of the leaves are not of {node_address(1)} in epoch 1, or do not lead to its root.\n",
        )


def test_the_files_are_compressed_once(site: Network) -> None:
    for name in ("inputs", "receipts"):
        answer = Client(headers={"Accept-Encoding": "gzip"}).get(f"/api/v1/epochs/1/{name}")
        content = b"".join(answer) if answer.streaming else answer.content
        assert answer["Content-Type"] == "application/gzip"
        header, *lines = map(json.loads, gzip.decompress(content).splitlines())
        assert (header["type"], header["epoch"], header["lines"]) == ("header", 1, len(lines))


def test_an_epoch_without_work_is_equal(site: Network) -> None:
    site.settle()
    assert infra("verify 2 --level receipts").exit_code == 0
