"""`infra plan`: a spread of an amount over nodes."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from infra import amounts, output
from infra.client import Row
from infra.command import command
from infra.refusals import Refused
from infra.session import Session

COLUMNS = ("node", "name", "region", ">amount", ">per epoch", ">APR")
PERCENT = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?%?")
DEFAULT_RISK = "15"


def _bps(typed: str) -> int:
    match = PERCENT.fullmatch(typed.strip())
    bps = int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0")) if match else 0
    if not 0 < bps <= 10_000:
        raise typer.BadParameter("a percentage from 0.01 to 100, for example 15")
    return bps


@command("plan")
def plan(
    session: Session,
    *,
    amount: Annotated[str, typer.Option("--amount", help="IFM to spread.")],
    risk: Annotated[
        str, typer.Option("--risk", help="The most that one event may cost, in percent of the amount.")
    ] = DEFAULT_RISK,
) -> None:
    """A spread of an amount over at most five nodes within a limit of risk.

    An event is the largest penalty on all nodes of one operator, or a dropout of all nodes of one region. Nothing is
    delegated: the command of each delegation is printed. Signed in, it is a plan for your wallet.
    """
    query = {"amount": amounts.check(amount), "risk_bps": str(_bps(risk))}
    if session.token:
        try:
            # Own nodes are left out, and delegations that are there already count.
            query["wallet"] = session.me()["address"]
        except Refused as refusal:
            output.warn(f"the plan is not for your wallet: {refusal}")
    answer = session.api.get("plan", query)
    if session.as_json:
        output.say_json(answer)
        return
    output.table(COLUMNS, map(_row, answer["parts"]), empty="No node has room within this limit.")
    _facts("Plan", answer)
    if answer["all_on_first"]:
        _facts("All on the first", answer["all_on_first"])
    for part in answer["parts"]:
        if part.get("operator_unbonding"):
            output.warn(
                f"the operator of {part['node']} is unbonding own stake: you could not redelegate from it"
            )
    for part in answer["parts"]:
        output.say(f"infra delegate --node {part['node']} --amount {_plain(part['amount'])}")


def _plain(amount: str) -> str:
    return amount.rstrip("0").rstrip(".")


def _row(part: Row) -> tuple[str, ...]:
    return (
        part["node"],
        part["name"],
        part["region"],
        amounts.show(part["amount"]),
        amounts.show(part["expected_per_epoch"]),
        output.bps(part["expected_apr_bps"]),
    )


def _facts(name: str, spread: dict[str, Any]) -> None:
    worst, replay = spread["worst_event"], spread["replay"]
    loss = f"{amounts.show(worst['loss'])} IFM ({worst['kind']} {worst['name']})" if worst else "none"
    output.say(
        f"{name}: {amounts.show(spread['expected_per_epoch'])} IFM per epoch expected, worst event {loss}; the last"
        f" {replay['epochs']} epochs: earned {amounts.show(replay['earned'])}, lost {amounts.show(replay['lost'])} IFM;"
        f" {amounts.show(spread['left'])} IFM stay in the wallet."
    )
