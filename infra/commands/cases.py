"""`infra slashes`, `infra dispute` and `infra vote`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from infra import amounts, output
from infra.client import Row, path
from infra.command import command
from infra.receipts import report
from infra.session import Session

COLUMNS = (">id", "node", "offence", ">epoch", "status", ">at stake", ">slashed", ">disputable until epoch")
Choice = Literal["uphold", "overturn", "abstain"]


@command("slashes")
def slashes(
    session: Session,
    *,
    node: Annotated[str | None, typer.Option("--node", help="Only this node's: address or prefix.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many rows.")] = 50,
) -> None:
    """The slashes of the network, or of one node."""
    where = path("nodes", session.node(node), "slashes") if node else "slashes"
    answer = session.api.pages(where, limit=limit)
    if session.as_json:
        output.say_json(answer)
    else:
        output.table(COLUMNS, map(_row, answer["results"]), empty="No slashes.")


@command("dispute", changes_state=True)
def dispute(
    session: Session,
    *,
    slash: Annotated[
        int, typer.Argument(metavar="SLASH", min=1, help="The slash's number, as in `infra slashes`.")
    ],
    reason: Annotated[str, typer.Option("--reason", help="Why the slash is wrong; voters read it.")],
) -> None:
    """Dispute a slash of a node you operate. The deposit is paid at once."""
    answer = session.submit(
        path("slashes", slash, "dispute"),
        {"reason": reason},
        question=f"Dispute slash {slash}? The deposit leaves your wallet now.",
    )
    opened = answer.get("dispute") if answer else None
    case = (
        f" as dispute {opened['id']}, voted until the end of epoch {opened['closes_epoch']}" if opened else ""
    )
    report(session, answer, f"Disputed slash {slash}{case}.")


@command("vote", changes_state=True)
def vote(
    session: Session,
    *,
    case: Annotated[int, typer.Argument(metavar="DISPUTE", min=1, help="The dispute's number.")],
    choice: Annotated[Choice, typer.Argument(help="What should become of the slash.")],
    reason: Annotated[str | None, typer.Option("--reason", help="Shown beside your vote.")] = None,
) -> None:
    """Vote on a dispute. A later vote replaces an earlier one."""
    body = {"choice": choice} if reason is None else {"choice": choice, "reason": reason}
    answer = session.submit(path("disputes", case, "vote"), body, question=None)
    report(session, answer, f"Voted {choice} in dispute {case}.")


def _row(slash: Row) -> tuple[str, ...]:
    return (
        str(slash["id"]),
        slash["node"],
        slash["offence"],
        output.number(slash["epoch"]),
        slash["status"],
        amounts.show_micro(_at_stake(slash)) if slash["status"] in ("pending", "disputed") else "–",
        amounts.show(slash.get("slashed")),
        output.number(slash.get("disputable_until_epoch")),
    )


def _at_stake(slash: Row) -> int:
    """µIFM at most: each side's rate of its base, floor (R34); another slash of that epoch lessens it."""
    sides = ((slash["self_bps"], slash["base_self"]), (slash["delegated_bps"], slash["base_delegated"]))
    return sum(rate * amounts.micro(base) // 10_000 for rate, base in sides)
