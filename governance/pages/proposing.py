"""`/proposals/new/`: choose parameters, enter values, review, confirm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.forms import BoundField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from governance.models import Proposal
from governance.pages.dispute import open_epoch_or_404
from governance.pages.parameter_labels import GROUPS, TABLE_LABELS, Value, show, title, value_of
from governance.pages.proposal_form import ProposalForm, api_changes, chosen_keys
from governance.selectors.competition import open_proposals
from governance.selectors.replays import Effect, effect_of
from governance.services.proposals import propose
from protocol.errors import ParameterOutOfBounds, ProtocolError
from protocol.parameters import apply_changes, numbers_of, to_json
from staking.selectors.voting_power import voting_power
from staking.services import clock
from staking.services.epochs import OpenEpoch
from web import query_params
from web.confirmation import (
    KEY,
    Confirmation,
    Result,
    Review,
    is_confirmation,
    is_edit,
    respond,
    stored_result,
)
from web.current_user import wallet_required
from web.formatting import grouped_int
from web.templatetags.components import icon

EFFECT, EDIT_VALUES, SEARCH = "effect", "values", "q"
# Beyond so many changed parameters only the effect of all together is shown.
MAX_SINGLE_EFFECTS = 6


@dataclass(frozen=True, slots=True)
class Row:
    """A parameter in the form: its field, value in force and bounds, other open proposals that change it, and the
    effect of its change alone."""

    field: BoundField
    value: Value
    competing: tuple[tuple[Proposal, str], ...]
    effect: Effect | None

    @property
    def element(self) -> str:
        """The id of the element that shows the effect."""
        return "effect-" + self.value.key.replace(".", "-")


@require_http_methods(["GET", "HEAD", "POST"])
@wallet_required
def new(request: HttpRequest, wallet: str) -> HttpResponse:
    """GET: choose parameters, or enter values for those chosen. POST: effect, review or proposal."""
    epoch = open_epoch_or_404()
    keys = chosen_keys(request, epoch.params)
    if request.method != "POST":
        if not keys or EDIT_VALUES not in request.GET:
            return _choose(request, wallet, keys, epoch)
        form = ProposalForm(keys=keys, params=epoch.params, version=epoch.version)
        return _enter(request, wallet, form, epoch)
    stored = stored_result(wallet=wallet, key=request.POST.get(KEY, "")) if is_confirmation(request) else None
    if stored is not None:
        # The values of a proposal that was made can be in force by now, so its form is not valid any more.
        return HttpResponseRedirect(stored["location"], status=303)
    form = ProposalForm(request.POST, keys=keys, params=epoch.params, version=epoch.version)
    if EFFECT in request.POST or is_edit(request):
        return _enter(request, wallet, form, epoch)
    return _review_or_propose(request, wallet, form, epoch)


def _choose(request: HttpRequest, wallet: str, keys: list[str], epoch: OpenEpoch) -> HttpResponse:
    search = query_params.search(request.GET, SEARCH)
    values = dict(numbers_of(to_json(epoch.params)))
    groups = [
        (label, [value for value in of_group if _matches(value, label, search, keys)])
        for label, of_group in _groups(values)
    ]
    context = {
        **_voting(wallet, epoch),
        "groups": [(label, of_group) for label, of_group in groups if of_group],
        "chosen": keys,
        "search": search,
    }
    template = "governance/choose_parameters.html" + ("#groups" if request.headers.get("HX-Request") else "")
    return render(request, template, context)


def _enter(request: HttpRequest, wallet: str, form: ProposalForm, epoch: OpenEpoch) -> HttpResponse:
    form.is_valid()
    # Asking for the effect is a reading: it answers whatever the values are.
    status = 200 if EFFECT in request.POST else form.status
    context = {
        **_voting(wallet, epoch),
        "form": form,
        "rows": _rows(form, wallet),
        "effect": _effect(form, form.keys, wallet) if form.is_bound else None,
        "version": epoch.version,
    }
    part = bool(request.headers.get("HX-Request"))
    context["part"] = part
    template = "governance/propose.html" + ("#effect" if part else "")
    return render(request, template, context, status=status)


def _review_or_propose(
    request: HttpRequest, wallet: str, form: ProposalForm, epoch: OpenEpoch
) -> HttpResponse:
    if not form.keys:
        return HttpResponseRedirect(reverse("proposal-new"), status=303)
    if form.is_valid():
        now, values, changes = clock.now(), form.cleaned_data, form.changes()
        confirmation = Confirmation(
            wallet=wallet, name="propose", fields=form.sent_fields(), now=now,
            run=lambda: propose(
                title=values["title"], body=values["body"], changes=changes, wallet=wallet, now=now
            ),
            review=lambda proposal: _review(proposal, form, wallet, epoch),
            result=lambda proposal, _: _result(proposal),
            template="governance/review_proposal.html",
        )  # fmt: skip
        try:
            return respond(request, confirmation)
        except ProtocolError as refusal:
            form.add_refusal(refusal)
    return _enter(request, wallet, form, epoch)


def _result(proposal: Proposal) -> Result:
    message = gettext("Proposal %(id)s is open to votes until the end of epoch %(n)s.")
    return Result(
        reverse("proposal", args=[proposal.pk]),
        message % {"id": proposal.pk, "n": grouped_int(proposal.closes_epoch)},
    )


def _review(proposal: Proposal, form: ProposalForm, wallet: str, epoch: OpenEpoch) -> Review:
    current = dict(numbers_of(to_json(epoch.params)))
    rows: list[tuple[str, str | SafeString]] = [
        (gettext("Title"), proposal.title),
        (gettext("Reasons"), proposal.body or "–"),
    ]
    rows += [
        (title(key), _old_and_new(show(key, current[key]), show(key, value)))
        for key, value in numbers_of(proposal.changes)
    ]
    executes = proposal.closes_epoch + proposal.timelock_epochs
    rows += [
        (gettext("Vote until the end of"), gettext("epoch %s") % grouped_int(proposal.closes_epoch)),
        (gettext("If it passes, in force from"), gettext("epoch %s") % grouped_int(executes + 1)),
    ]
    return Review(
        title=gettext("Propose “%s”") % proposal.title,
        rows=rows,
        warning=gettext("A proposal is public and linked to your address. You cannot change or withdraw it."),
        button=gettext("Propose"),
        more={"effect": effect_of(apply_changes(epoch.params, proposal.changes), wallet)},
    )


def _voting(wallet: str, epoch: OpenEpoch) -> dict[str, Any]:
    """Return what both steps show about the vote."""
    return {
        "epoch": epoch,
        "power": voting_power(wallet, epoch=epoch.number),
        "threshold": epoch.params.proposal_threshold,
        "closes_epoch": epoch.number + epoch.params.proposal_voting_epochs,
    }


def _groups(values: dict[str, Any]) -> list[tuple[str, list[Value]]]:
    groups = [(str(group.title), [value_of(key, values[key]) for key in group.names]) for group in GROUPS]
    for table, label in TABLE_LABELS.items():
        cells = [value_of(key, value) for key, value in values.items() if key.startswith(f"{table}.")]
        groups.append((str(label), cells))
    return groups


def _matches(value: Value, group: str, search: str, chosen: list[str]) -> bool:
    """Return whether a parameter is listed: it is chosen, or every word of the search is in its texts."""
    text = f"{group} {value.label} {value.help} {value.key}".casefold()
    return value.key in chosen or all(word in text for word in search.casefold().split())


def _rows(form: ProposalForm, wallet: str) -> list[Row]:
    values = dict(numbers_of(to_json(form.params)))
    others = list(open_proposals(sorted({key.partition(".")[0] for key in form.keys})))
    single = form.valid_changes() if form.is_bound and len(form.keys) <= MAX_SINGLE_EFFECTS else {}
    return [
        Row(
            field=form[key],
            value=value_of(key, values[key]),
            competing=tuple(
                (other, show(key, value))
                for other in others
                for other_key, value in numbers_of(other.changes)
                if other_key == key
            ),
            effect=_effect(form, [key], wallet) if key in single and len(form.keys) > 1 else None,
        )
        for key in form.keys
    ]


def _effect(form: ProposalForm, keys: Sequence[str], wallet: str) -> Effect | None:
    """Return the effect of the valid changes among `keys`; None when there is none or they do not fit together."""
    values = {key: form.cleaned_data[key] for key in keys if form.cleaned_data.get(key) is not None}
    if len(values) < len(keys) or not values:
        return None
    try:
        return effect_of(apply_changes(form.params, api_changes(values)), wallet)
    except ParameterOutOfBounds:
        return None


def _old_and_new(old: str, new: str) -> SafeString:
    return format_html(
        '<span class="im-was">{}</span>{}<span class="visually-hidden"> {} </span>{}',
        old, icon("arrow-right", "im-arrow"), gettext("becomes"), new,
    )  # fmt: skip
