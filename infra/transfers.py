"""Move tokens to a node or from it: shared by the four commands that do so."""

from __future__ import annotations

from infra import amounts
from infra.client import path
from infra.receipts import report
from infra.session import Session


def transfer(
    session: Session, action: str, node: str, amount: str, *, asks: str, done: str, allow_all: bool = False
) -> None:
    """Check the amount, complete the node, ask, send to `nodes/ADDR/<action>` and report.

    `asks` and `done` take the amount; `asks` the address as well.
    """
    wanted = amounts.check(amount, allow_all=allow_all)
    shown = amounts.show_or_all(wanted)
    address = session.node(node)
    where = path("nodes", address, action)
    answer = session.submit(where, {"amount": wanted}, question=asks.format(amount=shown, node=address))
    report(session, answer, done.format(amount=shown))
