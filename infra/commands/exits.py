"""`infra exit`: IFM out of the protocol, to the chain."""

from __future__ import annotations

from typing import Annotated

import typer

from infra import amounts, output
from infra.client import Row, path
from infra.command import command
from infra.receipts import report
from infra.refusals import Refused
from infra.session import Session

COLUMNS = (">id", ">amount", ">epoch", "stage", "requested")
NEXT = {
    "recorded": "it leaves when the epoch is settled",
    "waiting": "settled, not on the chain yet",
    "anchored": "on the chain, provable after the next epoch",
    "provable": "provable now",
}


@command("exit", changes_state=True)
def take_out(
    session: Session,
    *,
    amount: Annotated[str | None, typer.Option("--amount", help="IFM, at most 6 decimals.")] = None,
    proof: Annotated[
        int | None,
        typer.Option("--proof", metavar="ID", min=1, help="Print the transactions that release an exit."),
    ] = None,
) -> None:
    """Take available IFM out to the chain; without options show your exits.

    The tokens leave when the open epoch is settled. Anyone can then bring the proofs to the token contract.
    """
    if amount and proof:
        raise typer.BadParameter("give --amount or --proof, not both")
    if amount:
        wanted = amounts.check(amount)
        shown = f"{amounts.show(wanted)} IFM"
        answer = session.submit("exits", {"amount": wanted}, question=f"Take {shown} out to the chain?")
        done = "" if answer is None else f" when epoch {answer['exit']['epoch']} is settled"
        report(session, answer, f"{shown} leave{done}.")
    else:
        _show(session, proof)


def _show(session: Session, proof: int | None) -> None:
    wallet = session.me()["address"]
    answer = session.api.pages(path("wallets", wallet, "exits"))
    rows = [row for row in answer["results"] if proof in (None, row["id"])]
    if proof is not None and not rows:
        raise Refused("not_found", f"You have no exit {proof}.")
    if session.as_json:
        output.say_json(answer if proof is None else {"results": rows, "next": None})
    elif proof is None:
        output.table(COLUMNS, map(_row, rows), empty="No exits.")
    else:
        _transactions(rows[0])


def _row(row: Row) -> tuple[str, ...]:
    stage = str(row["stage"])
    return (
        str(row["id"]),
        amounts.show(row["amount"]),
        str(row["epoch"]),
        NEXT.get(stage, stage),
        output.moment(row["requested_at"]),
    )


def _transactions(row: Row) -> None:
    output.say(
        f"Exit {row['id']}, {amounts.show(row['amount'])} IFM: {NEXT.get(row['stage'], row['stage'])}."
    )
    for transaction in row["transactions"]:
        output.say(transaction["cast"])
