"""Actions on the network of the database.

Olga operates the node that is slashed, Nils an honest one, on which members delegate.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction

from ledger import accounts
from ledger.selectors import balance
from protocol.amounts import MICRO
from staking.models import Slash
from staking.services import clock
from staking.services.epochs import OpenEpoch, open_epoch
from tests.network import Network, record_shortfall

SECOND = timedelta(seconds=1)


def address(number: int) -> str:
    return f"0x{number:040x}"


OLGA, NILS, ANN, BEN, CAT, DAN = (address(number) for number in range(1, 7))
SLASHED, HONEST = address(0xA1), address(0xA2)


def epoch() -> OpenEpoch:
    current = open_epoch()
    assert current is not None
    return current


def now() -> datetime:
    """Return a time inside the open epoch."""
    return epoch().start + SECOND


def settle() -> int:
    """Settle the open epoch at its end and return the number of the next."""
    Network.current().settle(sound=False)
    return epoch().number


def fund(wallet: str, amount: int) -> None:
    """Fund a wallet with `amount` µIFM."""
    Network.current().fund(wallet, Fraction(amount, MICRO))


def fund_and_delegate(wallet: str, amount: int, node: str = HONEST) -> None:
    """Fund a wallet with `amount` µIFM and delegate them."""
    Network.current().delegate(node, wallet, Fraction(amount, MICRO))


def run_node(node: str, operator: str, stake: int) -> None:
    """Register a node with `stake` µIFM of its operator, who has 1,000 IFM more."""
    network = Network.current()
    network.fund(operator, 1_000)
    network.node(node, operator, Fraction(stake, MICRO), name=node[-2:], hardware={"gpu_memory_gb": 80})


def begin(stakes_of: dict[str, int] | None = None) -> None:
    """Create two nodes with 1,000 IFM of own stake each and the members' delegations on the honest node, in µIFM.

    All stake is active. By default Ann has 400, Ben 300 and Cat 200 IFM: a quorum base of 2,900 IFM.
    """
    run_node(SLASHED, OLGA, 1_000 * MICRO)
    run_node(HONEST, NILS, 1_000 * MICRO)
    for wallet, amount in (stakes_of or {ANN: 400 * MICRO, BEN: 300 * MICRO, CAT: 200 * MICRO}).items():
        fund_and_delegate(wallet, amount)
    settle()


def commit_offence(node: str = SLASHED) -> None:
    """Record an attestation of less hardware than declared, in the open epoch."""
    record_shortfall(
        node,
        epoch=epoch().number,
        at=now(),
        declared={"gpu_memory_gb": 80},
        measured={"gpu_memory_gb": 16},
    )


def slash_node(node: str = SLASHED) -> Slash:
    """Create a pending slash of the node in the settlement of the open epoch."""
    commit_offence(node)
    settle()
    return Slash.objects.get(node__address=node, epoch=epoch().number - 1)


def advance_clock() -> None:
    """Move the network clock into the open epoch."""
    clock.advance_to(now())


def wallet(owner: str) -> int:
    return balance(accounts.wallet(owner))
