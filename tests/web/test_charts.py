"""Figures from exact integers: plot values, texts, tables, and the data blocks of a page."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from html import unescape
from pathlib import Path

import plotly.graph_objects as go
import plotly.io
import pytest
from django.template import Context, Template
from plotly.offline import get_plotlyjs_version

from web import chart_theme, charts
from web.charts import COUNT, IFM, PERCENT, Chart, Series, Threshold, Unit, epoch_bars, epoch_lines
from web.formatting import write_numbers
from web.templatetags.chart import json_block

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = '</script><b onclick="x">%{y}</b> &lt;i&gt;<a href="javascript:alert(1)">'

PARTS = (
    Series("Operator", (1_234_567_890, 1, 0), "operator"),
    Series("Delegators", (1, 2, 999_999), "delegator"),
)


def stacked(series: tuple[Series, ...] = PARTS, unit: Unit = IFM) -> charts.View:
    return epoch_bars("sample", range(7, 7 + len(series[0].values)), series, unit, "Three epochs.")


def test_tables_of_epochs_are_marked_for_the_saved_file() -> None:
    """The script adds `epoch_end` to what is saved of them."""
    load = "{% load chart %}{% chart chart %}"
    for view, marked in (
        (stacked(), True),
        (replace(stacked(), table=charts.table("Rank", ["1"], (), COUNT)), False),
    ):
        text = Template(load).render(Context({"chart": Chart("sample", "Sample", (view,))}))
        assert (" data-epochs>" in text, view.table.by_epoch) == (marked, marked)


def test_plot_values_are_the_nearest_floats_and_texts_are_exact() -> None:
    operator, delegators, total = stacked().figure.data
    assert operator.y == (1234.56789, 0.000001, 0.0)
    assert operator.hovertext == ("1,234.567890 IFM", "0.000001 IFM", "0.000000 IFM")
    assert delegators.y == (0.000001, 0.000002, 0.999999)
    assert total.hovertext == ("1,234.567891 IFM", "0.000003 IFM", "0.999999 IFM")


def test_amounts_beyond_the_precision_of_floats_keep_every_digit_in_their_texts() -> None:
    view = stacked((Series("Operator", (90_071_992_547_409_930_001,), "operator"),))
    assert view.figure.data[0].hovertext == ("90,071,992,547,409.930001 IFM",)
    assert view.table.rows == (("7", "90,071,992,547,409.930001"),)


def test_the_table_has_the_numbers_of_the_figure() -> None:
    view = stacked()
    assert view.table.head == ("Epoch", "Operator, IFM", "Delegators, IFM")
    assert view.table.rows == (
        ("7", "1,234.567890", "0.000001"),
        ("8", "0.000001", "0.000002"),
        ("9", "0.000000", "0.999999"),
    )
    assert view.outline == (1_234_567_891, 3, 999_999)


def test_an_unknown_value_is_a_gap_and_a_dash() -> None:
    view = epoch_lines("sla", [1, 2, 3], (Series("SLA", (9_955, None, 10_000)),), PERCENT, "")
    assert view.figure.data[0].y == (99.55, None, 100.0)
    assert view.figure.data[0].hovertext == ("99.55%", "–", "100.00%")
    assert view.table.rows == (("1", "99.55%"), ("2", "–"), ("3", "100.00%"))


def test_numbers_are_written_as_the_reader_writes_them() -> None:
    with write_numbers("comma"):
        view = stacked()
    assert view.figure.data[0].hovertext[0] == "1.234,567890 IFM"
    assert view.table.rows[0][1] == "1.234,567890"
    assert view.figure.layout.separators == ",."


def test_a_threshold_is_a_line_with_its_name() -> None:
    line = Threshold(8_500, "slash below <85%>", "risk-fill")
    layout = epoch_lines(
        "sla", [1, 2], (Series("SLA", (9_000, 8_000)),), PERCENT, "", thresholds=(line,)
    ).figure.layout
    assert (layout.shapes[0].y0, layout.shapes[0].y1, layout.shapes[0].line.color) == (85.0, 85.0, "#cf4526")
    assert layout.annotations[0].text == "slash below &lt;85%&gt;"
    assert layout.yaxis.range == (77.0, 100.5)


def test_few_events_have_whole_numbers_on_their_axis() -> None:
    assert stacked((Series("Dropped", (0, 2, 4)),), COUNT).figure.layout.yaxis.dtick == 1
    assert stacked((Series("Dropped", (0, 2, 5)),), COUNT).figure.layout.yaxis.dtick is None


@pytest.mark.parametrize(
    ("count", "labelled"), [(1, [1]), (6, [1, 2, 3, 4, 5, 6]), (30, [5, 10, 15, 20, 25, 30])]
)
def test_the_last_epoch_is_always_labelled(count: int, labelled: list[int]) -> None:
    assert charts.epoch_axis(range(1, count + 1))["tickvals"] == labelled


def test_the_template_is_registered_once_and_used_by_every_figure() -> None:
    chart_theme.register_template()
    template = plotly.io.templates["inframind"]
    layout = stacked().figure.layout
    assert plotly.io.templates["inframind"] is template
    assert [name for name in plotly.io.templates if name == "inframind"] == ["inframind"]
    assert layout.template.layout.barmode == "stack"
    assert layout.template.data.bar[0].hoverinfo == "text+name"


def test_a_notebook_shows_every_view(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = []
    monkeypatch.setattr(
        go.Figure, "show", lambda figure: shown.append(figure.to_html(include_plotlyjs=False))
    )
    Chart("sample", "Sample", (stacked(), stacked())).show()
    assert len(shown) == 2
    assert "1,234.567890 IFM" in shown[0]


def test_a_data_block_is_the_figure_without_its_template() -> None:
    block = Template("{% load chart %}{% figure_data view %}").render(Context({"view": stacked()}))
    figure = json.loads(block)
    assert figure["data"][0]["y"] == [1234.56789, 0.000001, 0.0]
    assert figure["data"][0]["x"] == [7, 8, 9]
    assert "template" not in figure["layout"]
    assert "bdata" not in block


def test_a_value_that_is_no_number_is_refused() -> None:
    for value in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="JSON"):
            json_block({"y": [value]})


def test_hostile_names_stay_text_in_page_and_figure() -> None:
    view = stacked((Series(HOSTILE, (1, 2, 3)), Series("$x$", (1, 2, 3))))
    html = Template("{% load chart %}{% chart_card chart %}").render(
        Context({"chart": Chart("sample", HOSTILE, (view,))})
    )
    block = re.search(r'<script type="application/json" data-of="sample">(.*?)</script>', html)
    assert block is not None
    assert not re.search("[<>&]", block[1])
    name = json.loads(block[1])["data"][0]["name"]
    assert "<" not in name
    assert unescape(name) == HOSTILE
    assert "<b onclick" not in html
    assert "<a href" not in html


def test_colours_are_the_tokens_of_the_light_theme() -> None:
    css = (ROOT / "static/theme.css").read_text()
    tokens = dict(re.findall(r"--im-([\w-]+): light-dark\((#\w+),", css))
    full = {name: f"#{value[1:] * 2}" if len(value) == 4 else value for name, value in tokens.items()}
    assert {name: full[name] for name in chart_theme.COLOURS} == chart_theme.COLOURS
    assert len(set(chart_theme.COLOURS.values())) == len(chart_theme.COLOURS)


def test_pages_send_the_theme_once_with_the_script() -> None:
    html = Template("{% include 'components/chart_script.html' %}").render(Context())
    block = re.search(r'<script type="application/json" id="chart-theme">(.*?)</script>', html)
    assert block is not None
    theme = json.loads(block[1])
    assert theme["tokens"]["#3f51a8"] == "operator"
    assert theme["template"]["layout"]["hovermode"] == "x unified"


def test_the_script_of_pages_is_the_version_that_python_writes_figures_for() -> None:
    head = (ROOT / "static/vendor/plotly-basic.min.js").read_text()[:200]
    assert f"plotly.js (basic - minified) v{get_plotlyjs_version()}" in head


def test_pages_are_imported_without_the_figure_classes() -> None:
    code = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'inframind.settings.test'\n"
        "import django; django.setup(); import inframind.urls\n"
        "assert 'staking.charts.node' in sys.modules\n"
        "print([name for name in sys.modules if name.startswith(('plotly.basedatatypes', 'plotly.graph_objs'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
