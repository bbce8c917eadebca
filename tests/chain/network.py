"""Both contracts of a network on an EVM, and what its oracle would send."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from protocol.merkle import EMPTY_ROOT, Leaf, MerkleTree
from tests.chain.evm import GUARDIAN, HOLDER, MALLORY, ORACLE, OWNER, Account, Deployed, Evm, Receipt

NETWORK = b"inframind-test".ljust(32, b"\0")
INITIAL_SUPPLY = 10**15
EMISSION = 10**10
NOBODY = "0x" + "00" * 20


def settlement_on(
    evm: Evm, *, delay: int = 0, last_epoch: int = 0, last_root: bytes = EMPTY_ROOT, emitted: int = 0
) -> Deployed:
    """A settlement contract with the roles of the tests."""
    roles = (OWNER, ORACLE, GUARDIAN)
    return Deployed(evm, "InfraMindSettlement", OWNER, NETWORK, *roles, delay, last_epoch, last_root, emitted)


@dataclass
class Chain:
    """The contracts of one network, and the trees of its anchored epochs."""

    evm: Evm
    settlement: Deployed = field(init=False)
    token: Deployed = field(init=False)
    trees: dict[int, MerkleTree] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.settlement = settlement_on(self.evm)
        self.token = Deployed(self.evm, "IFM", OWNER, self.settlement, HOLDER, INITIAL_SUPPLY)

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Undo afterwards what happens meanwhile."""
        before = self.evm.snapshot()
        try:
            yield
        finally:
            self.evm.restore(before)
            self.trees.clear()

    def anchor(
        self,
        leaves: Iterable[tuple[str, Account, int]] = (),
        *,
        emission: int = EMISSION,
        slashes: Sequence[tuple[str, int]] = (),
        settlement: Deployed | None = None,
    ) -> Receipt:
        """Anchor the next epoch with these leaves."""
        settlement = settlement or self.settlement
        last = settlement.get("last_epoch")
        tree = MerkleTree([Leaf(kind, account.address, amount, last + 1) for kind, account, amount in leaves])
        receipt = settlement.send(
            ORACLE, "submit", last + 1, settlement.get("root_of", last), tree.root, emission, slashes
        )
        self.trees[last + 1] = tree
        return receipt

    def proof(self, kind: str, account: Account, epoch: int) -> tuple[str, str, int, int, list[bytes]]:
        """The arguments of `prove` for a leaf of an anchored epoch."""
        tree = self.trees[epoch]
        for index, leaf in enumerate(tree.leaves):
            if (leaf.kind, leaf.address) == (kind, account.address):
                return (*leaf, tree.proof(index))
        raise LookupError(f"epoch {epoch} has no leaf {kind} of {account}")

    def prove(self, kind: str, account: Account, epoch: int | None = None) -> Receipt:
        """Bring the proof of a leaf of an epoch, by default the one before the latest."""
        epoch = epoch or max(self.trees) - 1
        return self.token.send(MALLORY, "prove", *self.proof(kind, account, epoch))

    def settle(self, *leaves: tuple[str, Account, int], emission: int = EMISSION) -> None:
        """Anchor an epoch with these leaves and an empty one after it, which makes them provable."""
        self.anchor(leaves, emission=emission)
        self.anchor()

    def state(self, account: Account) -> tuple[int, int]:
        """The locked and the transferable tokens of an account."""
        return self.token.get("locked", account), self.token.get("transferable", account)
