"""`infra unbonding`: unbonding entries."""

from __future__ import annotations

from typing import Annotated

import typer

from infra import amounts, output
from infra.client import Row, path
from infra.command import command
from infra.receipts import report
from infra.session import Session

COLUMNS = (">id", "node", "kind", ">amount", ">epoch", "matures", "status", "held")


@command("unbonding", changes_state=True)
def unbonding(
    session: Session,
    *,
    cancel: Annotated[
        int | None, typer.Option("--cancel", metavar="ID", min=1, help="Put it back to work.")
    ] = None,
    withdraw: Annotated[
        int | None, typer.Option("--withdraw", metavar="ID", min=1, help="Pay it out, if mature.")
    ] = None,
) -> None:
    """List your unbonding entries; --cancel or --withdraw one of them."""
    if cancel and withdraw:
        raise typer.BadParameter("give --cancel or --withdraw, not both")
    if cancel:
        _act(
            session,
            cancel,
            "cancel",
            f"Put unbonding {cancel} back to work?",
            f"Cancelled unbonding {cancel}.",
        )
    elif withdraw:
        _act(
            session,
            withdraw,
            "withdraw",
            f"Withdraw unbonding {withdraw}?",
            f"Withdrew unbonding {withdraw}.",
        )
    else:
        _list(session)


def _act(session: Session, entry: int, action: str, question: str, done: str) -> None:
    report(session, session.submit(path("unbondings", entry, action), {}, question=question), done)


def _list(session: Session) -> None:
    answer = session.api.pages(path("wallets", session.me()["address"], "unbondings"))
    if session.as_json:
        output.say_json(answer)
    else:
        output.table(COLUMNS, map(_row, answer["results"]), empty="Nothing is unbonding.")


def _row(entry: Row) -> tuple[str, ...]:
    return (
        str(entry["id"]),
        entry["node"],
        entry["kind"],
        amounts.show(entry["amount"]),
        output.number(entry["epoch"]),
        output.moment(entry["matures_at"]),
        entry["status"],
        "by a slash" if entry.get("held") else "",
    )
