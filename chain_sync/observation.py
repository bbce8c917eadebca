"""The chain and the settlement contract, as one block has them, and whether they can be relied on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from chain import contracts
from chain.configuration import ChainConfiguration
from chain.models import ChainStatus
from chain.node import Block, Node, Reverted
from chain.problems import Problem
from staking.models import Network

NOBODY = "0x" + "00" * 20
# Network identifier of the settlement contract on every devnet.
DEVNET_IDENTIFIER = b"inframind-devnet".ljust(32, b"\0")


@dataclass(frozen=True, slots=True)
class Observation:
    """The settlement contract at the newest block.

    `final`: the newest final block, None on a chain that is too short.
    """

    head: Block
    final: Block | None
    last_epoch: int
    last_root: bytes
    paused: bool
    oracle: str


def network_identifier() -> bytes:
    """The NETWORK of this network's settlement contract: in production the SHA-256 of its genesis file."""
    if settings.INFRAMIND_NETWORK == "devnet":
        return DEVNET_IDENTIFIER
    return bytes.fromhex(Network.objects.get(id=1).genesis)


class SettlementContract:
    """Reads of the settlement contract at its address."""

    def __init__(self, node: Node, address: str) -> None:
        self.node = node
        self.address = address
        self.contract = contracts.load("InfraMindSettlement")

    def last_epoch(self, at: Block) -> int:
        return self._get_number("last_epoch", at, bits=31)

    def root_of(self, epoch: int, at: Block) -> bytes:
        return bytes(self.node.call(self.contract, self.address, "root_of", epoch, at=at))

    def cursor(self, at: Block) -> str | None:
        """The node after which `submit_more` continues; None when there is no list to continue."""
        cursor = str(self._get("slash_cursor", at))
        return None if cursor == NOBODY else cursor

    def require(self, at: Block) -> None:
        """Raises: Problem `no_contract`, `foreign_contract`."""
        if not self.node.has_code(self.address, at):
            raise Problem("no_contract", address=self.address)
        try:
            network = self._get("NETWORK", at)
        except Reverted:
            network = None
        if network != network_identifier():
            raise Problem("foreign_contract", address=self.address)

    def first_epoch(self, at: Block) -> int:
        """The first epoch that could be submitted to this contract."""
        return self._get_number("FIRST_EPOCH", at, bits=31)

    def provable_epoch(self, at: Block) -> int:
        return self._get_number("provable_epoch", at, bits=31)

    def emitted(self, at: Block) -> int:
        """The most µIFM that the token mints, in total."""
        return self._get_number("emitted", at, bits=63)

    def observe(self, head: Block, final: Block | None) -> Observation:
        last = self.last_epoch(head)
        return Observation(
            head=head,
            final=final,
            last_epoch=last,
            last_root=self.root_of(last, head),
            paused=bool(self._get("paused", head)),
            oracle=str(self._get("oracle", head)),
        )

    def _get_number(self, function: str, at: Block, *, bits: int) -> int:
        return self.node.number(self.contract, self.address, function, at=at, bits=bits)

    def _get(self, function: str, at: Block) -> Any:
        return self.node.call(self.contract, self.address, function, at=at)


def require_chain(node: Node, configuration: ChainConfiguration, status: ChainStatus) -> None:
    """Raises: Problem `wrong_chain`, `other_chain`. The first chain that is seen is this network's."""
    chain_id = node.chain_id()
    if chain_id != configuration.chain_id:
        raise Problem("wrong_chain", host=node.host, chain_id=chain_id, expected=configuration.chain_id)
    genesis = node.block(0)
    if genesis is None:
        raise Problem("unreachable", detail=f"{node.host} has no first block")
    status.genesis_hash = status.genesis_hash or genesis.hash
    if status.genesis_hash != genesis.hash:
        raise Problem("other_chain", host=node.host)


def read_head(node: Node, configuration: ChainConfiguration, status: ChainStatus, *, now: datetime) -> Block:
    """The newest block. Raises: Problem `lagging`, `asleep` (`now` is wall time)."""
    head = node.block("latest")
    if head is None:
        raise Problem("unreachable", detail=f"{node.host} has no newest block")
    if head.number < status.head - configuration.confirmations:
        raise Problem("lagging", host=node.host, head=head.number, seen=status.head)
    age = int((now - head.at).total_seconds())
    if configuration.max_head_age is not None and age > configuration.max_head_age:
        raise Problem("asleep", age=age)
    return head


def read_final(
    node: Node, configuration: ChainConfiguration, status: ChainStatus, head: Block
) -> Block | None:
    """The newest final block; None on a chain that is too short.

    Raises: Problem `deep_reorganization` when the one seen before is not part of the chain any more, `lagging`.
    """
    if status.reorganized_at is not None:
        raise Problem("deep_reorganization", block=status.checkpoint)
    if status.checkpoint is not None:
        before = node.block(status.checkpoint)
        if before is None or head.number < status.checkpoint:
            raise Problem("lagging", host=node.host, head=head.number, seen=status.head)
        if before.hash != status.checkpoint_hash:
            raise Problem("deep_reorganization", block=status.checkpoint)
    number = head.number - configuration.confirmations + 1
    if number < 0:
        return None
    final = node.block(number)
    if final is None:
        raise Problem("lagging", host=node.host, head=head.number, seen=number)
    return final
