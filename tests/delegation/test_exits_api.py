"""Exits through the API, up to the token contract (R55)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chain.models import ChainStatus
from protocol.addresses import checksum
from protocol.amounts import MICRO
from protocol.merkle import Leaf, verify
from staking.models import Epoch
from tests.chain.deposits import mirrored
from tests.chain.evm import ALICE, BOB, HOLDER, MALLORY, ORACLE, PyEvm
from tests.chain.network import EMISSION, Chain
from tests.network import Network
from tests.wallets import NORTH, OLGA, Caller


@pytest.fixture
def chain(settings: Any) -> Iterator[Chain]:
    """Both contracts on an EVM; Alice has locked 1,000 IFM of 1,500."""
    chain = Chain(PyEvm())
    settings.INFRAMIND_CHAIN_RPC = ("http://127.0.0.1:1",)
    settings.INFRAMIND_CHAIN_TOKEN = chain.token.address
    chain.token.send(HOLDER, "transfer", ALICE, 1_500 * MICRO)
    chain.token.send(ALICE, "lock", 1_000 * MICRO)
    return chain


def anchor(chain: Chain, number: int) -> None:
    """Anchor an epoch as it was settled."""
    root = bytes.fromhex(Epoch.objects.get(number=number).merkle_root[2:])
    last = chain.settlement.get("last_epoch")
    chain.settlement.send(ORACLE, "submit", number, chain.settlement.get("root_of", last), root, EMISSION, [])


def follow(chain: Chain, **changes: Any) -> None:
    """Store the state of the contract as the submitter would."""
    seen = {name: chain.settlement.get(name) for name in ("last_epoch", "provable_epoch")}
    ChainStatus.objects.update_or_create(id=1, defaults=seen | changes)


def only_exit(caller: Caller) -> dict[str, Any]:
    (row,) = caller.get(f"wallets/{ALICE.address}/exits").json()["results"]
    return dict(row)


def test_an_exit_is_released_on_the_chain(net: Network, caller: type[Caller], chain: Chain) -> None:
    """Deposit, delegate, earn, exit, prove: afterwards the chain holds in lock what the ledger holds."""
    alice, anyone = caller(ALICE.address), caller(BOB.address)
    net.node(NORTH, OLGA, 1_000)
    mirrored(wallet=ALICE.address, amount=1_000 * MICRO, index=0, now=net.now)
    assert alice.post(f"nodes/{NORTH}/delegate", {"amount": "600"}).status_code == 201
    net.settle()
    net.settle(worked=[NORTH])
    alice.post(f"nodes/{NORTH}/claim", {})
    answer = alice.post("exits", {"amount": "300.5"})
    assert answer.status_code == 201
    body = answer.json()
    assert body["exit"]["stage"] == "recorded"
    assert body["exit"]["proof"] is None
    assert (body["exit"]["amount"], body["exit"]["epoch"], body["exit"]["wallet"]) == (
        "300.500000", 3, checksum(ALICE.address),
    )  # fmt: skip
    total = body["wallet"]["total"]

    net.settle()
    for number in (1, 2):
        anchor(chain, number)
    follow(chain)
    assert only_exit(anyone)["stage"] == "waiting"
    anchor(chain, 3)
    follow(chain)
    row = only_exit(anyone)
    assert (row["stage"], row["provable"], row["status"]) == ("anchored", False, "released")
    minted, burned, released = row["proof"]["leaves"]
    assert (burned["value"][2], released["value"][2]) == (0, 300_500_000)
    root = bytes.fromhex(row["proof"]["root"][2:])
    for leaf in row["proof"]["leaves"]:
        kind, address, amount, epoch = leaf["value"]
        path = [bytes.fromhex(one[2:]) for one in leaf["proof"]]
        assert verify(root, Leaf(kind, address.lower(), amount, epoch), path)

    net.settle()
    anchor(chain, 4)
    follow(chain)
    row = only_exit(anyone)
    assert (row["stage"], row["provable"]) == ("provable", True)
    assert [one["kind"] for one in row["transactions"]] == ["minted", "released"]
    for one in row["transactions"]:
        assert one["to"] == checksum(chain.token.address)
        chain.evm.send(MALLORY, one["to"].lower(), bytes.fromhex(one["data"][2:]))
    locked, transferable = chain.state(ALICE)
    assert transferable == 500 * MICRO + 300_500_000
    assert locked == round(float(total) * MICRO) == 1_000 * MICRO + minted["value"][2] - 300_500_000


def test_the_command_line_names_all_arguments(net: Network, caller: type[Caller], chain: Chain) -> None:
    mirrored(wallet=ALICE.address, amount=1_000 * MICRO, index=0, now=net.now)
    caller(ALICE.address).post("exits", {"amount": "1"})
    net.settle()
    (one,) = only_exit(caller(BOB.address))["transactions"]
    proof = only_exit(caller(BOB.address))["proof"]["leaves"][2]["proof"]
    assert one["cast"] == (
        f'cast send {checksum(chain.token.address)} "prove(string,address,uint256,uint256,bytes32[])" released '
        f'{checksum(ALICE.address)} 1000000 1 "[{",".join(proof)}]" --rpc-url "$ETH_RPC_URL" --interactive'
    )


def test_during_a_pause_nothing_is_provable(net: Network, caller: type[Caller], chain: Chain) -> None:
    mirrored(wallet=ALICE.address, amount=1_000 * MICRO, index=0, now=net.now)
    caller(ALICE.address).post("exits", {"amount": "1"})
    net.settle()
    net.settle()
    anchor(chain, 1)
    anchor(chain, 2)
    follow(chain, paused=True)
    assert only_exit(caller(BOB.address))["stage"] == "anchored"
    follow(chain, paused=False)
    assert only_exit(caller(BOB.address))["stage"] == "provable"


def test_an_exit_is_refused_with_a_code(
    net: Network, caller: type[Caller], chain: Chain, settings: Any
) -> None:
    bob = caller(BOB.address)
    for amount, code, status in (
        ("0", "amount_too_small", 400), ("1.1234567", "amount_invalid", 400), ("1", "insufficient_balance", 409),
    ):  # fmt: skip
        answer = bob.post("exits", {"amount": amount})
        assert (answer.json()["code"], answer.status_code) == (code, status)
    settings.INFRAMIND_CHAIN_RPC = ()
    answer = bob.post("exits", {"amount": "1"})
    assert (answer.json()["code"], answer.status_code) == ("not_found", 404)
    assert caller(BOB.address).get(f"wallets/{BOB.address}/exits").json() == {"results": [], "next": None}
