"""`infra epochs` and `infra rank`."""

from __future__ import annotations

from typing import Annotated

import typer

from infra import amounts, output
from infra.client import PAGE, Row, path
from infra.command import command
from infra.session import Session

COLUMNS = (">epoch", "start", "end", "status", ">pool", ">distributed", ">carry", ">burned")
# Rows of a ranking without --limit; as JSON as many as the API shows.
ROWS = 50


@command("epochs")
def epochs(
    session: Session,
    *,
    number: Annotated[int | None, typer.Argument(metavar="[N]", min=1, help="One epoch's report.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many rows.")] = 20,
) -> None:
    """The epochs of the network, or the report of one."""
    api = session.api
    answer = api.pages("epochs", limit=limit) if number is None else api.get(path("epochs", number))
    if session.as_json:
        output.say_json(answer)
    elif number is None:
        output.table(COLUMNS, map(_row, answer["results"]), empty="No epochs.")
    else:
        output.facts(_report(answer))


@command("rank")
def rank(
    session: Session,
    *,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help=f"At most so many rows. Default: {ROWS}.")
    ] = None,
) -> None:
    """The latest ranking."""
    answer = session.api.pages("rankings/latest", limit=limit or (PAGE if session.as_json else ROWS))
    if session.as_json:
        output.say_json(answer)
        return
    output.say(f"Ranking {answer['id']}, computed {output.moment(answer['computed_at'])}")
    rows = map(_place, answer["results"])
    output.table((">rank", ">move", "node", ">score"), rows, empty="Nobody is ranked.")


def _row(epoch: Row) -> tuple[str, ...]:
    return (
        str(epoch["number"]),
        output.moment(epoch["start"]),
        output.moment(epoch["end"]),
        epoch["status"],
        *(amounts.show(epoch.get(name)) for name in ("pool", "distributed", "carry", "burned")),
    )


def _report(epoch: Row) -> list[tuple[str, object]]:
    sums = [(name, amounts.show(epoch.get(name))) for name in ("pool", "distributed", "carry", "burned")]
    return [
        ("epoch", epoch["number"]),
        ("status", epoch["status"]),
        ("start", output.moment(epoch["start"])),
        ("end", output.moment(epoch["end"])),
        ("parameters", f"version {epoch['parameters_version']}"),
        *((name, "–" if value == "–" else f"{value} IFM") for name, value in sums),
        ("merkle root", epoch.get("merkle_root") or "–"),
    ]


def _place(row: Row) -> tuple[str, ...]:
    return (str(row["rank"]), _movement(row.get("movement")), row["node"], output.factor(row["score_bps"]))


def _movement(places: int | None) -> str:
    if places is None:
        return "new"
    return f"{places:+d}" if places else "="
