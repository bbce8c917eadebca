"""`infra stake` and `infra unstake`: the operator's own tokens on the operator's node."""

from __future__ import annotations

from infra.command import AmountOption, NodeOption, command
from infra.session import Session
from infra.transfers import transfer


@command("stake", changes_state=True)
def stake(session: Session, *, node: NodeOption, amount: AmountOption) -> None:
    """Stake IFM on a node you operate.

    It counts for the tier at once and earns from the next epoch on.
    """
    transfer(session, "stake", node, amount, asks="Stake {amount} on {node}?", done="Staked {amount}.")


@command("unstake", changes_state=True)
def unstake(session: Session, *, node: NodeOption, amount: AmountOption) -> None:
    """Take IFM, or "all", off a node you operate.

    It unbonds first and earns nothing meanwhile.
    """
    asks, done = "Unstake {amount} from {node}?", "Unstaked {amount}."
    transfer(session, "unstake", node, amount, asks=asks, done=done, allow_all=True)
