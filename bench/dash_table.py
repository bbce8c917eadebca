"""The same rows as a Dash table, in a temporary environment: the usual alternative to the leaderboard."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import site

APP = """
import dash
from dash import Dash, Input, Output, dash_table, html

NODES = [
    {"rank": i, "node": f"Node {i}", "tier": 1 + i % 3, "q": 1.4 - i % 3000 / 10000, "sla": 99.0, "uptime": 99.5,
     "stake": i * 7919 % 20000 + i % 900, "share": 80, "apr": 8 + i % 2000 / 100, "region": "eu-west"}
    for i in range(1, 10001)
]
app = Dash(__name__, serve_locally=True, compress=True)
app.layout = html.Div([dash_table.DataTable(
    id="nodes", columns=[{"name": name, "id": name} for name in NODES[0]], page_size=50, page_current=0,
    page_action="custom", filter_action="custom", sort_action="custom", filter_query="", sort_by=[])])

@app.callback(Output("nodes", "data"), Input("nodes", "page_current"), Input("nodes", "filter_query"),
              Input("nodes", "sort_by"))
def rows(page, condition, order):
    found = NODES
    if condition:
        column, value = condition.split(" = ")
        found = [n for n in found if n[column.strip("{}")] == int(value)]
    for by in order:
        found = sorted(found, key=lambda n: n[by["column_id"]], reverse=by["direction"] == "desc")
    return found[page * 50 : page * 50 + 50]

application = app.server
"""
QUESTION = {
    "output": "nodes.data",
    "outputs": {"id": "nodes", "property": "data"},
    "inputs": [
        {"id": "nodes", "property": "page_current", "value": 0},
        {"id": "nodes", "property": "filter_query", "value": "{tier} = 2"},
        {"id": "nodes", "property": "sort_by", "value": [{"column_id": "stake", "direction": "desc"}]},
    ],
    "changedPropIds": ["nodes.page_current"],
}


@dataclass(frozen=True)
class Dash:
    port: int
    filter_request: bytes
    bytes_on_the_wire: int


@contextmanager
def served() -> Iterator[Dash | None]:
    """A running Dash with its table; None where it cannot be installed."""
    with tempfile.TemporaryDirectory(prefix="bench-dash-") as folder:
        python = _environment(Path(folder))
        if python is None:
            yield None
            return
        Path(folder, "board.py").write_text(APP)
        environment = {**os.environ, "PYTHONPATH": folder}
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        with site.server("board:application", environment, python) as port:
            request = site.post(
                "/_dash-update-component", json.dumps(QUESTION).encode(), Accept_Encoding="gzip"
            )
            yield Dash(port, request, _first_view(port, request))


def _environment(folder: Path) -> str | None:
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = str(folder / "venv" / "bin" / "python")
    install = [python, "-m", "pip", "install", "-q", "dash[compress]", "granian"]
    return python if subprocess.run(install, capture_output=True).returncode == 0 else None


def _first_view(port: int, request: bytes) -> int:
    """Bytes of the page, its scripts, its layout and the first rows, compressed as Dash does it."""
    _, page = site.answer(port, site.get("/"))
    text = page.decode()
    scripts = [part.split('"')[0] for part in text.split('src="')[1:]]
    paths = ["/", *scripts, "/_dash-layout", "/_dash-dependencies", *_lazy(scripts)]
    sizes = [len(site.answer(port, site.get(path, Accept_Encoding="gzip"))[1]) for path in paths]
    return sum(sizes) + len(site.answer(port, request)[1])


def _lazy(scripts: list[str]) -> list[str]:
    """The chunk that a table loads when it is shown."""
    table = next((path for path in scripts if "/dash_table/bundle" in path), None)
    return [] if table is None else [table.replace("bundle", "async-table")]
