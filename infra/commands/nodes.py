"""`infra nodes`."""

from __future__ import annotations

from typing import Annotated

import typer

from infra import amounts, output
from infra.client import Row
from infra.command import command
from infra.session import Session

COLUMNS = (
    ">rank", "node", "name", "status", ">tier", "region",
    ">stake", ">room", ">share", ">Q", ">APR", ">SLA", ">uptime",
)  # fmt: skip
SORTS = ("rank", "stake", "q", "apr", "share", "sla", "uptime")


def _sort(typed: str | None) -> str | None:
    if typed is not None and typed.removeprefix("-") not in SORTS:
        raise typer.BadParameter(f"one of {', '.join(SORTS)}, or one of them after a minus")
    return typed


def _sorts() -> list[str]:
    return list(SORTS)


@command("nodes")
def nodes(
    session: Session,
    *,
    tier: Annotated[int | None, typer.Option("--tier", min=0, help="Only this tier.")] = None,
    region: Annotated[str | None, typer.Option("--region", help="Only this region.")] = None,
    job_class: Annotated[
        str | None, typer.Option("--job-class", help="Only nodes that may do these jobs.")
    ] = None,
    is_open: Annotated[bool, typer.Option("--open", help="Only nodes that take delegations.")] = False,
    status: Annotated[str | None, typer.Option("--status", help="Only nodes in this status.")] = None,
    operator: Annotated[str | None, typer.Option("--operator", help="Only nodes of this wallet.")] = None,
    search: Annotated[str | None, typer.Option("--search", help="In the name or the address.")] = None,
    sort: Annotated[
        str | None,
        typer.Option(
            "--sort",
            callback=_sort,
            autocompletion=_sorts,
            help=f"{', '.join(SORTS)}; a minus in front turns it round.",
        ),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many rows.")] = 50,
) -> None:
    """The nodes of the network."""
    filters = {
        "tier": tier, "region": region, "job_class": job_class, "open": "true" if is_open else None,
        "status": status, "operator": operator, "search": search, "ordering": sort,
    }  # fmt: skip
    query = {name: value for name, value in filters.items() if value is not None}
    answer = session.api.pages("nodes", query, limit)
    if session.as_json:
        output.say_json(answer)
        return
    output.table(COLUMNS, map(_row, answer["results"]), empty="No nodes.")
    if answer["next"]:
        output.say(f"The first {len(answer['results'])}; --limit shows more.")


def _row(node: Row) -> tuple[str, ...]:
    return (
        output.number(node.get("rank")),
        node["address"],
        node.get("name") or "",
        node["status"],
        output.number(node["tier"]),
        node.get("region") or "",
        amounts.show(node["effective_stake"]),
        amounts.show(node.get("delegation_room")),
        output.bps(node.get("delegator_share_bps")),
        output.factor(node.get("q_bps")),
        output.bps(node.get("estimated_apr_bps")),
        output.bps(node.get("sla_bps")),
        output.bps(node.get("uptime_bps")),
    )
