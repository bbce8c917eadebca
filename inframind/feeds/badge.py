"""A node's badge: a small SVG that its operator shows on other sites."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.html import escape
from django.views.decorators.http import require_safe

from inframind.feeds.plain import plain
from protocol.addresses import normalize
from protocol.errors import ProtocolError
from staking.selectors.node_figures import NodeFigures, read_figures
from staking.selectors.nodes import node_id
from staking.selectors.rankings import latest_id
from staking.services.epochs import open_epoch

CACHE_SECONDS = 60
NAME_LENGTH = 24
# The site's colours by status; the theme of the page that shows a badge is not known.
COLOURS = {"active": "#0a6a65", "cooldown": "#815200", "banned": "#ad3218", "retired": "#5a696b"}
# Average width of a character of 11 px, with a margin.
SIGN_WIDTH, PADDING = 7, 10

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{label}">'
    "<title>{label}</title>"
    '<rect width="{width}" height="20" rx="4" fill="#12211f"/>'
    '<path d="M{split} 0H{cut}a4 4 0 0 1 4 4v12a4 4 0 0 1-4 4H{split}z" fill="{colour}"/>'
    '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">'
    '<text x="{name_x}" y="14" textLength="{name_length}">{name}</text>'
    '<text x="{words_x}" y="14" textLength="{words_length}">{words}</text></g></svg>'
)


@require_safe
def badge(request: HttpRequest, address: str) -> HttpResponse:
    """The badge of a node, by the latest ranking and its live tier and status."""
    try:
        figures = _figures(normalize(address))
    except ProtocolError as error:
        return HttpResponse(
            f"{error.detail}\n", status=error.status, content_type="text/plain; charset=utf-8"
        )
    response = HttpResponse(draw(figures), content_type="image/svg+xml")
    response["Cache-Control"] = f"public, max-age={CACHE_SECONDS}"
    # It is made to be shown elsewhere, and has neither script nor style of its own.
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def draw(figures: NodeFigures) -> str:
    """The SVG of a badge: name, then status in words."""
    name, words = plain(figures.name[:NAME_LENGTH]), " · ".join(_status_words(figures))
    left, right = (SIGN_WIDTH * len(text) + 2 * PADDING for text in (name, words))
    return SVG.format(
        width=left + right,
        split=left,
        cut=left + right - 4,
        colour=COLOURS[figures.status],
        label=escape(f"InfraMind node {name}: {words}"),
        name=escape(name),
        words=escape(words),
        name_x=left // 2,
        words_x=left + right // 2,
        name_length=left - 2 * PADDING,
        words_length=right - 2 * PADDING,
    )


def _status_words(figures: NodeFigures) -> list[str]:
    if figures.status != "active":
        return [f"tier {figures.tier}", figures.status]
    rank = [f"rank {figures.rank}"] if figures.rank is not None else []
    sla = (
        [f"SLA {figures.sla_bps // 100}.{figures.sla_bps % 100:02d} %"] if figures.sla_bps is not None else []
    )
    return [f"tier {figures.tier}", *rank, *sla]


def _figures(address: str) -> NodeFigures:
    number, epoch = node_id(address), open_epoch()
    assert epoch is not None, "nodes are registered in an epoch"
    (figures,) = read_figures([number], epoch=epoch, ranking=latest_id())
    return figures
