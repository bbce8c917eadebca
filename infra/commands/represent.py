"""`infra represent`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from infra import amounts, output
from infra.client import Row, path
from infra.command import command
from infra.session import Session

NONE = "none"
KINDS = ("disputes", "proposals")
HELP = "The wallet that votes on {} with your power when you do not; `none` for nobody."


@command("represent", changes_state=True)
def represent(
    session: Session,
    *,
    disputes: Annotated[str | None, typer.Option("--disputes", help=HELP.format("disputes"))] = None,
    proposals: Annotated[str | None, typer.Option("--proposals", help=HELP.format("proposals"))] = None,
) -> None:
    """Name your representatives in votes opened from the next epoch on. Without options: show them."""
    body = {
        kind: None if address.lower() == NONE else address
        for kind, address in zip(KINDS, (disputes, proposals), strict=True)
        if address is not None
    }
    if body:
        answer = session.submit("representatives", body, question=None)
    else:
        answer = session.api.get(path("wallets", session.me()["address"], "representatives"))
    if answer is None:
        return
    if session.as_json:
        output.say_json(answer)
        return
    output.facts(_facts(answer))


def _facts(answer: Row) -> list[tuple[str, Any]]:
    facts: list[tuple[str, Any]] = []
    for kind in KINDS:
        facts.append((kind, _named(answer, kind)))
        represents = answer["represents"][kind]
        if represents["wallets"]:
            power = amounts.show(represents["power"])
            facts.append((f"you represent in {kind}", f"{represents['wallets']} wallets with {power} IFM"))
    return facts


def _named(answer: Row, kind: str) -> str:
    named, in_force = answer[kind], answer["in_force"][kind]
    if named == in_force:
        return named or NONE
    if named is None:
        return f"{NONE} from the next epoch on ({in_force} until then)"
    return f"{named} in votes opened from epoch {answer['from_epoch'][kind]} on"
