"""`infra claim`: pay out earnings of stake and delegations."""

from __future__ import annotations

from typing import Annotated

import typer

from infra import amounts, output
from infra.client import Row, path
from infra.command import command
from infra.receipts import report
from infra.refusals import Refused
from infra.session import Session


@command("claim", changes_state=True)
def claim(
    session: Session,
    *,
    node: Annotated[
        str | None, typer.Option("--node", help="Only from this node: address or prefix.")
    ] = None,
    compound: Annotated[bool, typer.Option("--compound", help="Put the earnings back on the node.")] = False,
) -> None:
    """Claim your earnings, from one node or from all of yours, to your wallet."""
    if node:
        _claim_one(session, session.node(node), compound)
    else:
        _claim_all(session, compound)


def _claim_one(session: Session, address: str, compound: bool) -> None:
    question = f"{_verb(compound)} the earnings on {address}?"
    report(session, session.submit(_endpoint(address, compound), {}, question=question), _done(compound))


def _claim_all(session: Session, compound: bool) -> None:
    delegated, operated = _where(session)
    targets = delegated + operated
    if session.dry_run:
        session.show_requests([session.request(_endpoint(address, compound), {}) for address in targets])
        return
    if targets:
        session.confirm(f"{_verb(compound)} the earnings on {len(targets)} nodes?")
    answers, refused = [], False
    for address in targets:
        try:
            answers.append(session.submit(_endpoint(address, compound), {}, question=None))
        except Refused as refusal:
            # Only the response shows whether an operated node has earned anything.
            if refusal.code != "nothing_to_claim" or address in delegated:
                output.refuse(Refused(refusal.code, f"{refusal.sentence} ({address})"), as_json=False)
                refused = True
    _report_all(session, answers, compound)
    if refused:
        raise typer.Exit(1)
    if not answers:
        raise Refused("nothing_to_claim", "None of your delegations or nodes has earnings to claim.")


def _where(session: Session) -> tuple[list[str], list[str]]:
    """Nodes with earnings of a delegation, and nodes operated, each once."""
    me = session.me()["address"]
    positions = session.api.pages(path("wallets", me, "delegations"))["results"]
    delegated = [row["node"] for row in positions if amounts.micro(row["claimable"]) > 0]
    operated = [row["address"] for row in session.api.pages("nodes", {"operator": me})["results"]]
    return delegated, [address for address in operated if address not in delegated]


def _report_all(session: Session, answers: list[Row], compound: bool) -> None:
    if session.as_json:
        output.say_json(answers)
        return
    for answer in answers:
        report(session, answer, _done(compound))


def _endpoint(address: str, compound: bool) -> str:
    return path("nodes", address, "compound" if compound else "claim")


def _verb(compound: bool) -> str:
    return "Compound" if compound else "Claim"


def _done(compound: bool) -> str:
    return "Compounded the earnings." if compound else "Claimed the earnings."
