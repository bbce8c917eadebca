"""`/proposals/new/`: form with the effect of the entered values, review, confirmation."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from governance.pages.confirm import Review, is_confirmation, run_confirmed, show_review
from governance.pages.dispute import open_epoch_or_404
from governance.pages.parameter_labels import GROUPS, Value, rules_of, show, title, value_of
from governance.pages.proposal_form import Draft, read_draft
from governance.selectors.replays import effect_of
from governance.services.proposals import propose
from protocol.errors import ProtocolError
from protocol.parameters import apply_changes, numbers_of, to_json
from staking.selectors.voting_power import voting_power
from staking.services import clock
from staking.services.epochs import OpenEpoch
from web.current_user import wallet_required
from web.form_idempotency import dry_run
from web.formatting import grouped_int
from web.templatetags.components import icon


@require_http_methods(["GET", "HEAD", "POST"])
@wallet_required
def new(request: HttpRequest, wallet: str) -> HttpResponse:
    """GET: the form with the effect of the entered values. POST: the review, or the proposal when confirmed."""
    epoch = open_epoch_or_404()
    draft = read_draft(request.POST if request.method == "POST" else request.GET, epoch.params)
    if request.method == "POST":
        return _review_or_propose(request, wallet, draft, epoch)
    if draft.changes:
        try:
            draft.effect = effect_of(apply_changes(epoch.params, draft.changes), wallet)
        except ProtocolError as refusal:
            draft.refusal = refusal
    return _form(request, wallet, draft, epoch)


def _review_or_propose(request: HttpRequest, wallet: str, draft: Draft, epoch: OpenEpoch) -> HttpResponse:
    def run() -> tuple[str, str]:
        proposal = propose(
            title=draft.title, body=draft.body, changes=draft.changes, wallet=wallet, now=clock.now()
        )
        message = gettext("Proposal %(id)s is open to votes until the end of epoch %(n)s.")
        location = reverse("proposal", args=[proposal.pk])
        return location, message % {"id": proposal.pk, "n": grouped_int(proposal.closes_epoch)}

    try:
        if is_confirmation(request):
            return run_confirmed(request, wallet, action="propose", fields=draft.fields, run=run)
        dry_run(run)
    except ProtocolError as refusal:
        draft.refusal = refusal
        return _form(request, wallet, draft, epoch, status=refusal.status)
    draft.effect = effect_of(apply_changes(epoch.params, draft.changes), wallet)
    return show_review(request, _review(draft, epoch), effect=draft.effect)


def _form(
    request: HttpRequest, wallet: str, draft: Draft, epoch: OpenEpoch, status: int = 200
) -> HttpResponse:
    values = to_json(epoch.params)
    power = voting_power(wallet, epoch=epoch.number)
    context = {
        "draft": draft,
        "groups": [(str(group.title), _inputs(group.names, values, draft)) for group in GROUPS],
        "tables": _tables(values, draft),
        "error_key": _error_key(draft),
        "effect": draft.effect,
        "epoch": epoch,
        "power": power,
        "threshold": epoch.params.proposal_threshold,
        "closes_epoch": epoch.number + epoch.params.proposal_voting_epochs,
    }
    template = "governance/propose.html"
    if request.headers.get("HX-Request"):
        template += "#effect"
    return render(request, template, context, status=status)


def _inputs(names: tuple[str, ...], values: dict[str, Any], draft: Draft) -> list[tuple[Value, str, str]]:
    """Return (parameter, entered text, joint bound) for each name."""
    return [
        (value, draft.entered.get(name, value.text), rules_of(name))
        for name, value in ((name, value_of(name, values[name])) for name in names)
    ]


def _tables(values: dict[str, Any], draft: Draft) -> list[tuple[str, list[tuple[Value, str, str]]]]:
    labels = {"tiers": gettext("Tiers"), "offences": gettext("Offences")}
    tables = []
    for table, label in labels.items():
        cells = [value_of(key, value) for key, value in numbers_of({table: values[table]})]
        tables.append((label, [(cell, draft.entered.get(cell.key, cell.text), "") for cell in cells]))
    return tables


def _error_key(draft: Draft) -> str:
    """Return the key of the field of the error; an error of a table is shown at the top."""
    return draft.refusal.field or "" if draft.refusal else ""


def _review(draft: Draft, epoch: OpenEpoch) -> Review:
    current = dict(numbers_of(to_json(epoch.params)))
    rows: list[tuple[str, str | SafeString]] = [
        (gettext("Title"), draft.title),
        (gettext("Reasons"), draft.body or "–"),
    ]
    rows += [
        (title(key), _old_and_new(show(key, current[key]), show(key, v)))
        for key, v in numbers_of(draft.changes)
    ]
    closes = epoch.number + epoch.params.proposal_voting_epochs
    executes = closes + epoch.params.timelock_epochs
    rows += [
        (gettext("Vote until the end of"), gettext("epoch %s") % grouped_int(closes)),
        (gettext("If it passes, in force from"), gettext("epoch %s") % grouped_int(executes + 1)),
    ]
    return Review(
        title=gettext("Propose “%s”") % draft.title,
        rows=rows,
        warning=gettext("A proposal is public and linked to your address. You cannot change or withdraw it."),
        button=gettext("Propose"),
        fields=draft.fields,
        back=f"{reverse('proposal-new')}?{_query(draft)}",
    )


def _query(draft: Draft) -> str:
    query = QueryDict(mutable=True)
    query.update(draft.fields)
    return query.urlencode()


def _old_and_new(old: str, new: str) -> SafeString:
    return format_html(
        '<span class="im-was">{}</span>{}<span class="visually-hidden"> {} </span>{}',
        old, icon("arrow-right", "im-arrow"), gettext("becomes"), new,
    )  # fmt: skip
