"""Output of commands: the API's answer with `--json`, else facts and tables; refusals on stderr."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from infra.refusals import Refused

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

# A pipe has no width: what is read by a program is neither cut nor folded.
PIPE_WIDTH = 10_000
GAP = 2
# Enough of an address to type it again as a prefix.
ADDRESS = re.compile(r"\b(0x[0-9a-fA-F]{8})[0-9a-fA-F]{32}\b")
STYLES = {
    "active": "green", "open": "green", "executed": "red", "banned": "red", "ban pending": "red",
    "cooldown": "yellow", "pending": "yellow", "disputed": "yellow", "overturned": "green",
}  # fmt: skip


def clean(text: object) -> str:
    """Text from outside without terminal control characters."""
    return "".join(c if c.isprintable() or c == "\n" else "�" for c in str(text))


def bps(value: int | None) -> str:
    """Basis points as a percentage, exact."""
    return "–" if value is None else f"{value // 100}.{value % 100:02d}%"


def factor(value: int | None) -> str:
    """Basis points as a factor: 12,398 is 1.2398×."""
    return "–" if value is None else f"{value // 10_000}.{value % 10_000:04d}×"


def moment(value: str | None) -> str:
    if not value:
        return "–"
    return datetime.fromisoformat(value).strftime("%Y-%m-%d %H:%M:%S UTC")


def number(value: object) -> str:
    return "–" if value is None else str(value)


def say_json(answer: Any) -> None:
    print(json.dumps(answer, indent=2))


def say(text: str) -> None:
    print(clean(text))


def refuse(refusal: Refused, *, as_json: bool) -> None:
    """Code and sentence on stderr; with `--json` the API's problem document on stdout too."""
    print(clean(f"{refusal.code}: {refusal.sentence}"), file=sys.stderr)
    if as_json and refusal.problem is not None:
        say_json(refusal.problem)


def warn(text: str) -> None:
    print(clean(f"warning: {text}"), file=sys.stderr)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Rows under their heads; a head that begins with `>` stands to the right.

    A terminal too narrow for it gets short addresses, and if that is not enough, a block for each row.
    """
    cells = [[clean(cell) for cell in row] for row in rows]
    if not cells:
        say(empty)
        return
    heads = [column.removeprefix(">") for column in columns]
    if not _fits(heads, cells):
        cells = [[ADDRESS.sub(r"\1…", cell) for cell in row] for row in cells]
    if not _fits(heads, cells):
        for row in cells:
            facts(zip(heads, row, strict=True))
            print()
        return
    grid = _grid(show_header=True)
    for head, column in zip(heads, columns, strict=True):
        grid.add_column(head, justify="right" if column.startswith(">") else "left", no_wrap=True)
    _fill(grid, cells)


def facts(pairs: Iterable[tuple[str, object]]) -> None:
    """Names and values, one pair a line."""
    rows = [(name, clean(value)) for name, value in pairs]
    grid = _grid(show_header=False)
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    if rows:
        _fill(grid, rows)


def _fits(heads: Sequence[str], cells: Sequence[Sequence[str]]) -> bool:
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in zip(heads, *cells, strict=True)]
    return sum(widths) + GAP * (len(widths) - 1) <= _console().width


def _grid(*, show_header: bool) -> Table:
    from rich.table import Table

    padding = (0, GAP, 0, 0)
    return Table(box=None, pad_edge=False, padding=padding, show_header=show_header, header_style="bold")


def _fill(grid: Table, rows: Iterable[Sequence[str]]) -> None:
    from rich.text import Text

    for row in rows:
        grid.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in row))
    console = _console()
    with console.capture() as drawn:
        console.print(grid)
    print("\n".join(line.rstrip() for line in drawn.get().splitlines()))


def _console() -> Console:
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)
