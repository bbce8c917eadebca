"""`infra delegate`, `infra undelegate` and `infra redelegate`."""

from __future__ import annotations

from typing import Annotated

import typer

from infra import amounts, output
from infra.client import Row, path
from infra.command import AmountOption, NodeOption, command
from infra.receipts import report
from infra.session import Session
from infra.transfers import transfer


@command("delegate", changes_state=True)
def delegate(
    session: Session,
    *,
    node: Annotated[str | None, typer.Option("--node", help="The node's address, or a prefix.")] = None,
    amount: Annotated[str | None, typer.Option("--amount", help="IFM, at most 6 decimals.")] = None,
    listing: Annotated[bool, typer.Option("--list", help="Show your delegations.")] = False,
) -> None:
    """Delegate IFM to a node, or with --list show what you have delegated."""
    if listing and not node and not amount:
        _list(session)
    elif node and amount and not listing:
        asks, done = "Delegate {amount} to {node}?", "Delegated {amount}."
        transfer(session, "delegate", node, amount, asks=asks, done=done)
    else:
        raise typer.BadParameter("give --node and --amount, or --list alone")


@command("undelegate", changes_state=True)
def undelegate(session: Session, *, node: NodeOption, amount: AmountOption) -> None:
    """Take IFM, or "all", out of a node's pool.

    It unbonds first and earns nothing meanwhile.
    """
    asks, done = "Undelegate {amount} from {node}?", "Undelegated {amount}."
    transfer(session, "undelegate", node, amount, asks=asks, done=done, allow_all=True)


@command("redelegate", changes_state=True)
def redelegate(
    session: Session,
    *,
    node: NodeOption,
    to: Annotated[str, typer.Option("--to", help="The node it goes to: its address, or a prefix.")],
    amount: AmountOption,
) -> None:
    """Move a delegation to another node at the close of the epoch, without unbonding."""
    wanted = amounts.check(amount)
    source, target = session.node(node), session.node(to)
    answer = session.submit(
        path("nodes", source, "redelegate"),
        {"to": target, "amount": wanted},
        question=f"Redelegate {amounts.show(wanted)} IFM from {source} to {target}?",
    )
    moved = f"{amounts.show(wanted)} IFM"
    report(session, answer, f"Recorded: {moved} move to {target} when this epoch is settled.")


def _list(session: Session) -> None:
    wallet = session.me()
    answer = session.api.pages(path("wallets", wallet["address"], "delegations"))
    if session.as_json:
        output.say_json(answer)
        return
    columns = ("node", ">value", ">pending", ">claimable", ">slashes that can reach it")
    output.table(columns, map(_row, answer["results"]), empty="No delegations.")


def _row(position: Row) -> tuple[str, ...]:
    liable = position.get("liable_slashes")
    return (
        position["node"],
        amounts.show(position["value"]),
        amounts.show(position["pending"]),
        amounts.show(position["claimable"]),
        str(len(liable)) if isinstance(liable, list) else output.number(liable),
    )
