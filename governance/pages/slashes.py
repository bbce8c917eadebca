"""`/slashes/` and `/slashes/ID/`: the list of slashes with their amounts, and one slash with its dispute form."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from django import forms
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
from governance.selectors.slashes import SlashQuery, list_slashes, newest_slash, slash_rows, sums
from governance.voting_periods import is_before_end
from protocol.addresses import checksum
from protocol.amounts import format_amount
from protocol.errors import NotFound
from protocol.offences import order_of
from protocol.parameters import OFFENCE_NAMES
from staking.models import Slash
from staking.selectors import slashes
from staking.services import clock
from web import query_params
from web.current_user import signed_in_wallet
from web.forms import AddressField, PageForm
from web.listing import Pager
from web.templatetags.components import STATES

ROWS = 25
STATUSES = tuple(value for value, _ in Slash.Status.choices)
COLUMNS = (
    "slash", "node", "offence", "epoch", "epoch_end", "status", "resolved_epoch", "resolved_epoch_end", "self_slashed",
    "delegated_slashed", "slashed", "burned", "honest", "of_it_treasury", "returned",
)  # fmt: skip


class SlashFilterForm(PageForm):
    """Filters of the list of slashes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)
        # "status" is an attribute of PageForm, and the name that the API has.
        self.fields |= {
            "status": _choices(
                gettext("State"),
                gettext("All states"),
                {name: STATES[f"slash.{name}"][2] for name in STATUSES},
            ),
            "offence": _choices(
                gettext("Offence"),
                gettext("All offences"),
                {name: labels.offence(name) for name in sorted(OFFENCE_NAMES, key=order_of)},
            ),
            "node": AddressField(label=gettext("Node"), required=False, widget=forms.HiddenInput),
        }

    @property
    def query(self) -> SlashQuery:
        """The filters that are valid."""
        self.full_clean()
        return SlashQuery(**{name: self.cleaned_data.get(name, "") for name in ("status", "offence", "node")})


@require_safe
def ledger(request: HttpRequest) -> HttpResponse:
    """List the slashes with their amounts, and the sums over the executed ones."""
    form = SlashFilterForm(request.GET)
    query = form.query
    if form.is_valid() and query_params.choice(request.GET, "format", ("csv",)):
        return _csv(query)
    number = query_params.page(request.GET)
    # Slashes that are created while a reader turns the pages do not move the rows.
    newest = query_params.number(request.GET, "newest") or newest_slash()
    rows, count = list_slashes(query, newest=newest, limit=ROWS, offset=(number - 1) * ROWS)
    if number > 1 and not rows:
        raise Http404
    state = (
        ("status", query.status), ("offence", query.offence), ("node", query.node), ("newest", str(newest))
    )  # fmt: skip
    context = {
        "rows": [(slash, getattr(slash, "dispute", None)) for slash in rows],
        "pager": Pager(number, ROWS, count, state),
        "form": form,
        "query": query,
        "sums": sums(),
    }
    return render(request, "governance/slashes.html", context, status=form.status)


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


def _choices(label: str, everything: str, names: dict[str, Any]) -> forms.ChoiceField:
    select = forms.Select(attrs={"class": "form-select"})
    return forms.ChoiceField(
        label=label, required=False, widget=select, choices=[("", everything), *names.items()]
    )


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
