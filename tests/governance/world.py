"""A small network: Olga runs the accused node, Nils an honest one, and members back the latter."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from delegation.services.positions import delegate
from ledger import accounts
from ledger.selectors import balance
from protocol.amounts import MICRO
from settlement.epoch import settle_epoch
from staking.measurement.live import open_epoch
from staking.models import Attestation, Node, Slash
from staking.services import clock, faucet, nodes, stakes
from staking.services.epochs import OpenEpoch, lock_open_epoch

SECOND = timedelta(seconds=1)


def address(number: int) -> str:
    return f"0x{number:040x}"


OLGA, NILS, ANN, BEN, CAT, DAN = (address(number) for number in range(1, 7))
ACCUSED, HONEST = address(0xA1), address(0xA2)


def epoch() -> OpenEpoch:
    found = open_epoch()
    assert found is not None
    return found


def now() -> datetime:
    """A moment well inside the open epoch."""
    return epoch().start + SECOND


def settle() -> int:
    """Settle the open epoch at its end; the number of the one that opened."""
    settle_epoch(now=epoch().end)
    return epoch().number


def fund(wallet: str, amount: int) -> None:
    faucet.fund(wallet=wallet, amount=amount, now=now())


def back(wallet: str, amount: int, node: str = HONEST) -> None:
    """Give a wallet µIFM and let it delegate them."""
    fund(wallet, amount)
    delegate(node=node, amount=amount, wallet=wallet, now=now())


def run_node(node: str, operator: str, stake: int) -> None:
    fund(operator, stake + 1_000 * MICRO)
    nodes.register(
        address=node,
        operator=operator,
        name=node[-2:],
        region="eu-west",
        hardware={"gpu_memory_gb": 80},
        now=now(),
    )
    stakes.stake(node=node, amount=stake, actor=operator, now=now())


def begin(stakes_of: dict[str, int] | None = None) -> None:
    """Both nodes with 1,000 IFM each of their operators, and members' delegations on the honest node.

    All of it active. By default Ann has 400, Ben 300, Cat 200 IFM: with both operators a base of 2,900.
    """
    with transaction.atomic():
        lock_open_epoch()
    run_node(ACCUSED, OLGA, 1_000 * MICRO)
    run_node(HONEST, NILS, 1_000 * MICRO)
    members = stakes_of or {ANN: 400 * MICRO, BEN: 300 * MICRO, CAT: 200 * MICRO}
    for wallet, amount in members.items():
        back(wallet, amount)
    settle()


def offend(node: str = ACCUSED) -> None:
    """Let the oracle find less hardware on the node than was declared, in the open epoch."""
    Attestation.objects.create(
        node=Node.objects.get(address=node),
        epoch=epoch().number,
        at=now(),
        declared={"gpu_memory_gb": 80},
        measured={"gpu_memory_gb": 16},
        shortfalls=["gpu_memory_gb"],
    )


def accuse(node: str = ACCUSED) -> Slash:
    """A pending slash of the node, created in the settlement of the open epoch."""
    offend(node)
    settle()
    return Slash.objects.get(node__address=node, epoch=epoch().number - 1)


def catch_up() -> None:
    """Move the network clock, by which doors go, into the open epoch."""
    clock.advance_to(now())


def wallet(owner: str) -> int:
    return balance(accounts.wallet(owner))
