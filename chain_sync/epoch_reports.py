"""The report of a settled epoch for the contract (R52)."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.selectors import issued_in
from staking.models import Epoch, NodeEpoch

# As many slashes as one transaction holds.
MAX_SLASHES = 64


@dataclass(frozen=True, slots=True)
class EpochReport:
    """A settled epoch: its root, the µIFM issued in it, and its slashes as (node, µIFM) by rising address."""

    number: int
    root: bytes
    emission: int
    slashes: tuple[tuple[str, int], ...]

    def slashes_after(self, node: str) -> tuple[tuple[str, int], ...]:
        """The slashes of nodes above an address."""
        return tuple(slash for slash in self.slashes if slash[0] > node)


def root_of(number: int) -> bytes | None:
    """The root of an epoch; None until it is settled. Epoch 0 is the beginning, with the empty root."""
    if number == 0:
        return bytes(32)
    settled = Epoch.objects.filter(number=number, status=Epoch.Status.SETTLED)
    root = settled.values_list("merkle_root", flat=True).first()
    return None if root is None else bytes.fromhex(root[2:])


def report_of(number: int) -> EpochReport | None:
    """The report of an epoch; None until it is settled.

    The emission is all that was issued in the epoch: what settlement minted, and on a devnet what the faucet gave.
    Whatever exists in the ledger can then be minted on the chain when its owner leaves.
    """
    root = root_of(number)
    if root is None:
        return None
    slashed = NodeEpoch.objects.filter(epoch=number, slashed__gt=0).order_by("node__address")
    slashes = tuple(slashed.values_list("node__address", "slashed"))
    return EpochReport(number, root, issued_in(number), slashes)


def last_settled() -> int:
    """The number of the last settled epoch; 0 for none."""
    settled = Epoch.objects.filter(status=Epoch.Status.SETTLED).order_by("-number")
    return settled.values_list("number", flat=True).first() or 0
