"""`/nodes/ADDR/incidents/`: the timeline of a node, and each incident with its cause. The node page loads it later."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_safe

from protocol.addresses import normalize
from protocol.amounts import BPS
from protocol.errors import AddressInvalid
from staking.charts.node_timeline import timeline
from staking.models import Node
from staking.pages.incident_texts import incident_text, slash_texts
from staking.selectors.node_incidents import NodeHistory, node_history
from web import page_cache, query_params
from web.charts import Chart
from web.formatting import ifm_signed, rate, short_digits
from web.links import link
from web.theme import theme_of

RANGES = ("30", "90")
LISTED = 8
# Stake that moved is listed when it is at least this part of the node's stake.
LISTED_FLOW_BPS = 500


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence about an epoch, and the case it belongs to. tone: "", ok, warn, risk."""

    text: str
    tone: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class EpochLines:
    """The records of a node in an epoch, as sentences."""

    epoch: int
    lines: tuple[Line, ...]

    @property
    def tone(self) -> str:
        return next(
            (tone for tone in ("risk", "warn", "ok") if any(line.tone == tone for line in self.lines)), ""
        )


@dataclass(frozen=True, slots=True)
class IncidentsPage:
    """`recent` and `older`: the epochs in which something happened, newest first."""

    address: str
    name: str
    epochs: str
    ranges: tuple[str, ...]
    chart: Chart | None
    recent: tuple[EpochLines, ...]
    older: tuple[EpochLines, ...]


@require_safe
def node_incidents(request: HttpRequest, address: str) -> HttpResponse:
    epochs = query_params.choice(request.GET, "epochs", RANGES) or RANGES[0]
    part = "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers
    node = _node(address)

    def response() -> HttpResponse:
        template = "staking/node_incidents.html#incidents" if part else "staking/node_incidents.html"
        return render(request, template, {"page": _page(node, epochs)})

    if not page_cache.is_shared(request):
        return page_cache.private(response())
    key = ("incidents", node.address, epochs, theme_of(request), part)
    return page_cache.respond(request, key, response, query=f"?epochs={epochs}")


def _node(address: str) -> Node:
    try:
        node = Node.objects.filter(address=normalize(address)).first()
    except AddressInvalid:
        node = None
    if node is None:
        raise Http404
    return node


def _page(node: Node, epochs: str) -> IncidentsPage:
    history = node_history(node, epochs=int(epochs))
    happened = _happened(history)
    decided = {slash.epoch for slash in history.slashes} | {slash.resolved_epoch for slash in history.slashes}
    shown = [record.epoch for record in history.records]
    chart = timeline(
        history.records, history.flows, history.incidents, incident_text,
        slash_epochs=[epoch for epoch in shown if epoch in decided], summary=_summary(history),
    )  # fmt: skip
    return IncidentsPage(
        node.address, node.name, epochs, RANGES, chart, tuple(happened[:LISTED]), tuple(happened[LISTED:])
    )


def _summary(history: NodeHistory) -> str:
    epochs, incidents = len(history.records), len(history.incidents)
    taken = sum(record.own_slashed + record.pool_slashed for record in history.records)
    counted = ngettext("%(n)s incident in %(epochs)s epochs.", "%(n)s incidents in %(epochs)s epochs.", incidents) % {
        "n": incidents, "epochs": epochs,
    }  # fmt: skip
    if not taken:
        return counted
    return (
        counted
        + " "
        + gettext("Slashes took %s IFM of its stake, after what returned to its delegators.")
        % short_digits(taken)
    )


def _happened(history: NodeHistory) -> list[EpochLines]:
    """The epochs in which something happened, newest first."""
    lines: dict[int, list[Line]] = {record.epoch: [] for record in history.records}
    for slash in history.slashes:
        for epoch, tone, text in slash_texts(slash):
            lines.get(epoch, []).append(Line(text, tone, link("slash", slash.pk)))
    for incident in history.incidents:
        lines[incident.epoch].append(Line(incident_text(incident), "warn"))
    for change in history.share_changes:
        text = gettext("Delegator share changed from %(old)s to %(new)s.") % {
            "old": rate(change.old_bps), "new": rate(change.new_bps),
        }  # fmt: skip
        lines[change.from_epoch].append(Line(text, "warn" if change.new_bps < change.old_bps else ""))
    _add_flows(history, lines)
    return [EpochLines(epoch, tuple(lines[epoch])) for epoch in sorted(lines, reverse=True) if lines[epoch]]


def _add_flows(history: NodeHistory, lines: dict[int, list[Line]]) -> None:
    for record, flow in zip(history.records, history.flows, strict=True):
        whole = record.self_stake + record.pool_tokens
        texts = (
            (flow.own, gettext("Own stake %s IFM.")),
            (flow.delegated, gettext("Delegated stake %s IFM.")),
        )
        for amount, text in texts:
            if amount and abs(amount) * BPS >= whole * LISTED_FLOW_BPS:
                lines[record.epoch].append(Line(text % ifm_signed(amount)))
