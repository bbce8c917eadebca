"""Nodes and wallets of the demo network. Every key, address and habit follows from a number: nothing is random."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from protocol.addresses import keccak256
from protocol.signatures import address_of_private_key

REGIONS = ("eu-west", "us-east", "ap-south", "sa-east", "af-south")
NAMES = ("Kelvin", "Borealis", "Meridian", "Dune", "Malabar", "Indus", "Banyan", "Coral", "Karoo", "Baobab",
         "Lotus", "Deccan", "Savanna", "Juniper", "Harbor", "Estuary")  # fmt: skip
CARDS = (("L40S", 48), ("A100", 80), ("H100", 80), ("RTX 4090", 24))
OWN_STAKES = (12_000, 600, 2_400, 250, 5_000, 800, 2_100, 10_500)
PURSES = (4_000, 12_000, 900, 30_000, 2_500)

NODES, WALLETS = 120, 400
# Nodes with a special behaviour, by number.
LATE_COMERS = (118, 119)
MARGINAL = {17: 12, 41: 23, 58: 60, 73: 51}  # SLA below the threshold in this epoch
REPEATED = {29: (14, 21, 33)}  # three strikes in one window
BAD_SIGNATURES = {36: 28, 64: 59, 5: 47}
FORGERS = {88: 41}
DROPPERS = {22: 31, 97: 58, 50: 60}
FALSE_HARDWARE = {101: 37}
MISMATCHERS = {44: 25, 12: 60}
# After the loaded epochs: three of its twelve jobs in an epoch end past their deadline.
FAILING = 77
CUSTODIAL = (10, 29, 64, 90)
CAPPED = (2, 7, 15, 23, 42)
RETIRED = {109: 50}
PLEADERS = (17, 36, 97, 22, 58)  # their operators dispute a slash


@dataclass(frozen=True, slots=True)
class Machine:
    """A node of the demo network. Latency in ms; `faults` in 1,000 jobs end past their deadline."""

    number: int
    key: bytes
    address: str
    operator: str
    name: str
    region: str
    hardware: dict[str, object]
    latency_ms: int
    faults: int
    own_stake: int


@cache
def key(role: str, number: int) -> bytes:
    """A private key that anyone can derive: for a devnet only."""
    return keccak256(f"inframind demo {role} {number}".encode())


@cache
def wallet(number: int) -> str:
    """The address of a delegating wallet."""
    return address_of_private_key(key("wallet", number))


@cache
def operator(number: int) -> str:
    """The address of an operator; the first twenty run two nodes each."""
    return address_of_private_key(key("operator", number))


@cache
def machine(number: int) -> Machine:
    """The node with this number."""
    card, memory = CARDS[number % len(CARDS)]
    return Machine(
        number=number,
        key=key("node", number),
        address=address_of_private_key(key("node", number)),
        operator=operator(number % 100),
        name=f"{NAMES[number % len(NAMES)]} {number // len(NAMES) + 1}",
        region=REGIONS[(number * 7 + number // 11) % len(REGIONS)],
        hardware={"gpu": card, "gpus": 1 + number % 4, "gpu_memory_gb": memory, "tee": int(number % 6 == 0)},
        latency_ms=60 + (number * 37) % 340,
        faults=(0, 0, 4, 9, 20)[number % 5],
        own_stake=OWN_STAKES[number % len(OWN_STAKES)] + number,
    )


def purse(number: int) -> int:
    """The first balance of a delegating wallet, in IFM."""
    return PURSES[number % len(PURSES)] + number


def intended_delegations(number: int) -> list[tuple[int, int]]:
    """The delegations that a wallet makes when it arrives: (number of the node, IFM)."""
    parts = range(1 + number % 3)
    return [(_favourite(number, part), purse(number) // (4 + part)) for part in parts]


def _favourite(wallet: int, part: int) -> int:
    """Most wallets delegate to the first nodes; the last ones have their own stake alone, in the lower tiers."""
    place = (wallet * 617 + part * 331) % 1000
    return place**3 * 96 // 1000**3


@cache
def intended_stakes() -> dict[int, int]:
    """The stake of each node by its number, own and delegated, in IFM, when all go where they intend to."""
    stakes = {number: machine(number).own_stake for number in range(NODES)}
    for number in range(WALLETS):
        for node, amount in intended_delegations(number):
            stakes[node] += amount
    for number in CAPPED:
        own = machine(number).own_stake
        stakes[number] = min(stakes[number], own + delegation_cap(own))
    return stakes


def delegation_cap(own_stake: int) -> int:
    """The delegation cap of a capped node, in IFM."""
    return 4 * own_stake + 1_000


def share_bps(number: int) -> int:
    """The delegator share a node starts with, in bps."""
    return (8_000, 8_500, 9_000, 7_500)[number % 4]
