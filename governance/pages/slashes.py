"""`/slashes/` and `/slashes/ID/`: the list of slashes with their amounts, and one slash with its dispute form."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from governance.models import Dispute
from governance.pages import labels
from governance.pages.defence import defence_card
from governance.pages.dispute import open_epoch_or_404, slash_context
from governance.pages.forms import DisputeForm
from governance.selectors.defence import defence_of
from governance.selectors.slashes import SlashQuery, list_slashes, slash_rows, sums
from governance.voting_periods import is_before_end
from protocol.addresses import checksum, normalize
from protocol.amounts import format_amount
from protocol.errors import AddressInvalid, NotFound
from protocol.offences import order_of
from protocol.parameters import OFFENCE_NAMES
from staking.models import Slash
from staking.selectors import slashes
from staking.services import clock
from web import query_params
from web.current_user import signed_in_wallet
from web.listing import Option, Pager
from web.templatetags.components import STATES

ROWS = 25
STATUSES = tuple(value for value, _ in Slash.Status.choices)
COLUMNS = (
    "slash", "node", "offence", "epoch", "epoch_end", "status", "resolved_epoch", "resolved_epoch_end", "self_slashed",
    "delegated_slashed", "slashed", "burned", "honest", "of_it_treasury", "returned",
)  # fmt: skip


@require_safe
def ledger(request: HttpRequest) -> HttpResponse:
    """List the slashes with their amounts, and the sums over the executed ones."""
    query = _query(request)
    if query_params.choice(request.GET, "format", ("csv",)):
        return _csv(query)
    number = query_params.page(request.GET)
    rows, count = list_slashes(query, limit=ROWS, offset=(number - 1) * ROWS)
    if number > 1 and not rows:
        raise Http404
    state = (("status", query.status), ("offence", query.offence), ("node", query.node))
    context = {
        "rows": [(slash, getattr(slash, "dispute", None)) for slash in rows],
        "pager": Pager(number, ROWS, count, state),
        "statuses": _options(query.status, [(s, str(STATES[f"slash.{s}"][2])) for s in STATUSES]),
        "offences": _options(
            query.offence, [(o, labels.offence(o)) for o in OFFENCE_NAMES], gettext("All offences")
        ),
        "query": query,
        "sums": sums(),
    }
    return render(request, "governance/slashes.html", context)


@require_safe
def slash(request: HttpRequest, slash: int) -> HttpResponse:
    """Show a slash; a disputed one is redirected to its dispute."""
    try:
        row = slashes.slash(slash)
    except NotFound:
        raise Http404 from None
    dispute = Dispute.objects.filter(slash=row).values_list("pk", flat=True).first()
    if dispute is not None:
        return HttpResponseRedirect(reverse("dispute", args=[dispute]))
    return render(request, "governance/slash.html", slash_page(request, row))


def slash_page(request: HttpRequest, slash: Slash) -> dict[str, Any]:
    """Return the context of the page of a slash without a dispute."""
    now, epoch = clock.now(), open_epoch_or_404()
    deposit = epoch.params.dispute_deposit
    in_time = is_before_end(slash.disputable_until_epoch, epoch, now)
    disputable = slash.status == Slash.Status.PENDING and in_time
    is_operator = signed_in_wallet(request) == slash.node.operator
    context = slash_context(request, slash, None, now)
    group = context["group"]
    figures = defence_of(slash, group, deposit=deposit) if disputable and is_operator else None
    return {
        **context,
        "is_operator": is_operator,
        "disputable": disputable,
        "dispute_form": DisputeForm(),
        "deposit": deposit,
        "defence": defence_card(slash, group, figures) if figures else None,
    }


def _query(request: HttpRequest) -> SlashQuery:
    try:
        node = query_params.single(request.GET, "node")
        canonical = normalize(node) if node else ""
    except AddressInvalid:
        raise Http404 from None
    return SlashQuery(
        status=query_params.choice(request.GET, "status", STATUSES),
        offence=query_params.choice(request.GET, "offence", OFFENCE_NAMES),
        node=canonical,
    )


def _options(chosen: str, named: list[tuple[str, str]], all_label: str | None = None) -> list[Option]:
    choices = [
        ("", all_label or gettext("All states")),
        *sorted(named, key=lambda option: _position(option[0])),
    ]
    return [Option(value, label, value == chosen) for value, label in choices]


def _position(name: str) -> int:
    return order_of(name) if name in OFFENCE_NAMES else STATUSES.index(name)


def _csv(query: SlashQuery) -> HttpResponse:
    writer = csv.writer(_Echo())
    lines = (writer.writerow(row) for row in _csv_rows(query))
    # Not streamed: a slow client must not hold a database connection.
    response = HttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="slashes.csv"'
    return response


def _csv_rows(query: SlashQuery) -> Iterator[tuple[object, ...]]:
    yield COLUMNS
    for number, node, offence, epoch, end, status, resolved, resolved_end, *amounts in slash_rows(query):
        ends = [at and f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in (end, resolved_end)]
        parts = map(format_amount, amounts)
        yield number, checksum(node), offence, epoch, ends[0], status, resolved, ends[1], *parts


class _Echo:
    """A file whose `write` returns the line."""

    def write(self, line: str) -> str:
        return line
