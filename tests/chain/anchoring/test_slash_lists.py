"""The contract cannot check its list of slashes: the submitter and the audit compare it with the report (R52)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import call_command

from chain.devnet.accounts import GUARDIAN, ORACLE, OWNER
from chain.models import Anchor, ChainStatus
from chain.node import Node
from chain.problems import halts, sentence
from chain_sync.anchoring import accept_chain, verify_anchors
from chain_sync.anchors import differences
from chain_sync.observation import SettlementContract
from protocol.addresses import checksum
from tests.chain.anchoring.line import Line
from tests.chain.anchoring.network import AnchoringNetwork, root, settle, slash
from tests.chain.anchoring.site import Site

INNOCENT = f"0x{0xAA:040x}"
FIRST, SECOND = "0x" + f"{0xBB00:040x}", "0x" + f"{0xBB01:040x}"


def anchored(net: AnchoringNetwork, slashes: list[tuple[str, int]]) -> None:
    """Epochs 1 to 3 by another submitter, epoch 2 with these slashes; everything has its confirmations."""
    for number in (1, 2, 3):
        net.submit(ORACLE, number, slashes=slashes if number == 2 else ())
    net.mine(4)


def verify_anchors_of(net: AnchoringNetwork) -> list[str]:
    """Return the audit's faults, read from the network's node."""
    node = Node(net.line, "node.example")
    head = node.block("latest")
    assert head is not None
    return list(differences(SettlementContract(node, net.configuration.settlement), head))


@pytest.mark.parametrize(
    ("listed", "node", "on_chain", "here"),
    [
        ([], FIRST, 0, 1),
        ([(FIRST, 1)], SECOND, 0, 2),
        ([(FIRST, 1), (SECOND, 3)], SECOND, 3, 2),
        ([(FIRST, 1), (SECOND, 2), ("0x" + "dd" * 20, 5)], "0x" + "dd" * 20, 5, 0),
        ([(INNOCENT, 7), (FIRST, 1), (SECOND, 2)], INNOCENT, 7, 0),
    ],
    ids=["none", "one is missing", "another amount", "one too many", "an innocent node"],
)
def test_an_epoch_with_other_slashes_halts_before_it_is_final(
    net: AnchoringNetwork, listed: list[tuple[str, int]], node: str, on_chain: int, here: int
) -> None:
    slash(2, 2)
    anchored(net, listed)
    settle(4, 4)
    assert net.run(2) == ["other_slashes"] * 2
    assert net.states() == {1: "final", 2: "mined", 3: "mined"}
    assert net.last_epoch == 3, "nothing more is sent"
    status = net.status()
    assert status.problem_data == {
        "epoch": 2, "node": checksum(node), "listed": on_chain, "expected": here,
    }  # fmt: skip
    assert halts(status.problem)
    assert f"has {on_chain} µIFM on the chain and {here} µIFM here" in sentence(
        status.problem, status.problem_data
    )


@pytest.mark.parametrize("count", [0, 1, 2, 64, 65, 130])
def test_the_right_list_is_final_whoever_sent_it(net: AnchoringNetwork, count: int) -> None:
    slashes = slash(2, count)
    net.submit(ORACLE, 1)
    net.submit(ORACLE, 2, slashes=slashes[:64])
    for place in range(64, count, 64):
        net.act(ORACLE, "submit_more", 2, slashes[place : place + 64], gas=500_000)
        net.mine()
    net.becomes_final()
    assert verify_anchors_of(net) == []


def test_a_continued_list_with_another_end_is_noticed(net: AnchoringNetwork) -> None:
    slashes = slash(2, 66)
    net.submit(ORACLE, 1)
    net.submit(ORACLE, 2, slashes=slashes[:64])
    net.act_now(ORACLE, "submit_more", 2, [slashes[64], (slashes[65][0], 5)])
    net.submit(ORACLE, 3)
    net.mine(4)
    assert net.step() == "other_slashes"
    assert net.status().problem_data["listed"] == 5


def test_an_epoch_that_was_revoked_is_submitted_with_its_own_slashes(net: AnchoringNetwork) -> None:
    slash(2, 2)
    net.submit(ORACLE, 1)
    net.submit(ORACLE, 2, slashes=[(FIRST, 9)])
    net.mine(4)
    assert net.step() == "other_slashes"
    net.act_now(GUARDIAN, "pause")
    net.act_now(OWNER, "revoke", 1, 0)
    net.act_now(OWNER, "resume")
    net.run(12)
    assert net.states() == dict.fromkeys((1, 2, 3), "final")
    assert [event[1:] for event in net.events("Slashed")] == [(FIRST, 9), (FIRST, 1), (SECOND, 2)]


def test_a_list_that_cannot_be_revoked_any_more_is_accepted_by_a_person(net: AnchoringNetwork) -> None:
    slash(2, 2)
    anchored(net, [(FIRST, 9)])
    assert net.step() == "other_slashes"
    accept_chain()
    assert net.states() == {1: "final", 2: "final", 3: "mined"}
    net.becomes_final()
    # The audit still says so.
    assert [fault.split(":")[0] for fault in verify_anchors_of(net)] == [
        "Epoch 2 was anchored with other slashes than its report has"
    ]


def test_a_node_that_does_not_list_the_submission_is_not_believed(net: AnchoringNetwork) -> None:
    slash(2, 2)
    anchored(net, [(FIRST, 1), (SECOND, 2)])
    net.step()
    Anchor.objects.update(state="mined", final_at=None)
    net.line.answers["eth_getLogs"] = lambda query: []
    assert net.step() == "node_error"
    assert set(net.states().values()) == {"mined"}
    net.line.mend()
    net.becomes_final()


def test_a_second_node_with_another_list_disagrees(net: AnchoringNetwork) -> None:
    slash(2, 2)
    anchored(net, [(FIRST, 1), (SECOND, 2)])
    net.second = Line(net.client)

    def without_the_last(query: dict[str, Any]) -> Any:
        logs = net.client("eth_getLogs", query)
        return logs if len(logs) < 3 else logs[:-1]

    net.second.answers["eth_getLogs"] = without_the_last
    assert net.step() == "nodes_disagree"
    assert net.states() == {1: "final", 2: "mined", 3: "mined"}


def test_an_epoch_whose_transaction_is_not_known_is_passed_over(net: AnchoringNetwork) -> None:
    slash(2, 2)
    anchored(net, [(FIRST, 9)])
    net.step()
    Anchor.objects.filter(epoch=2).update(transaction="")
    net.becomes_final()


def test_the_audit_names_the_epoch_whose_list_or_root_is_another(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    settle(1, 2)
    slash(2, 1)
    site.send(ORACLE, "submit", 1, bytes(32), bytes.fromhex(root(1)[2:]), 0, [])
    site.send(ORACLE, "submit", 2, *(bytes.fromhex(root(number)[2:]) for number in (1, 2)), 0, [(FIRST, 7)])
    site.client("evm_mine", 4)
    assert site.tick().problem == "other_slashes"
    assert verify_anchors() == []
    Anchor.objects.update(state="final", final_at=site.now)
    (fault,) = verify_anchors()
    assert fault == (
        f"Epoch 2 was anchored with other slashes than its report has: {checksum(FIRST)} has 7 µIFM on the chain and "
        "1 µIFM here."
    )
    with pytest.raises(SystemExit):
        call_command("audit", "--json")
    assert f"R52 chain: {fault}" in json.loads(capsys.readouterr().out)["faults"]
    ChainStatus.objects.all().delete()
    site.settings.INFRAMIND_CHAIN_RPC = ("http://127.0.0.1:9",)
    (fault,) = verify_anchors()
    assert fault.startswith("The node does not answer: 127.0.0.1:9 did not answer")


def test_another_emission_halts_before_the_epoch_is_final(net: AnchoringNetwork) -> None:
    net.submit(ORACLE, 1)
    roots = (bytes.fromhex(root(number)[2:]) for number in (1, 2))
    net.act_now(ORACLE, "submit", 2, *roots, 5_000_000, [])
    net.mine(4)
    assert net.step() == "other_emission"
    assert net.states() == {1: "final", 2: "mined"}
    assert net.status().problem_data == {"epoch": 2, "listed": 5_000_000, "expected": 0}
    assert accept_chain()
    assert net.states() == {1: "final", 2: "final"}
    net.becomes_final()
    assert verify_anchors_of(net) == [
        "Epoch 2 was anchored with an emission of 5000000 µIFM, and 0 µIFM were issued in it."
    ]
