"""`/money/ACTION/`: the three steps of an action: enter, review, done."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from delegation.pages.actions.base import Action, Outcome, Preview, node_name
from delegation.pages.actions.context import ActionContext, context_from
from delegation.pages.actions.forms import ActionForm, RedelegateForm
from delegation.pages.actions.registry import ACTIONS
from delegation.pages.targets import targets
from protocol.errors import ProtocolError
from staking.services import clock
from web.confirmation import Confirmation, Result, Review, respond, stored_result
from web.current_user import wallet_required
from web.form_idempotency import dry_run


@require_safe
@wallet_required
def enter(request: HttpRequest, wallet: str, name: str) -> HttpResponse:
    """The form; with an amount in the address also its preview, which htmx requests while one types."""
    action, context = _action(name), context_from(request.GET, wallet=wallet, now=clock.now())
    form = _form(action, request.GET, context)
    if not action.has_amount:
        address = reverse("money-review", args=[name])
        return HttpResponseRedirect(f"{address}?{request.GET.urlencode()}")
    preview = _preview(action, form) if form.is_bound else None
    template = "delegation/enter.html"
    if request.headers.get("HX-Request"):
        target = request.headers.get("HX-Target", "")
        template = "delegation/" + ("targets.html" if "targets" in target else "amount_form.html#preview")
    search = request.GET.get("q", "")
    return render(request, template, form_context(action, form, preview, search=search))


@require_http_methods(["GET", "HEAD", "POST"])
@wallet_required
def review(request: HttpRequest, wallet: str, name: str) -> HttpResponse:
    """GET: the review, or the result when its key was used. POST: run the action, once per key."""
    data = request.POST if request.method == "POST" else request.GET
    action, context = _action(name), context_from(data, wallet=wallet, now=clock.now())
    form = _form(action, {"amount": "", **data.dict()}, context)
    if not form.is_valid():
        return _refused(request, action, form)
    try:
        return respond(request, _confirmation(action, form))
    except ProtocolError as refusal:
        form.add_refusal(refusal)
        return _refused(request, action, form)


@require_safe
@wallet_required
def done(request: HttpRequest, wallet: str, key: str) -> HttpResponse:
    """The result of a confirmed action, also after a lost connection."""
    answer = stored_result(wallet=wallet, key=key)
    # Votes have keys too, and lead to other pages.
    if answer is None or "action" not in answer:
        raise Http404
    action, matures = ACTIONS[answer["action"]], answer["matures_at"]
    context = {
        **answer,
        "next_step": action.next_step,
        "matures": datetime.fromisoformat(matures) if matures else None,
    }
    return render(request, "delegation/done.html", context)


def form_context(
    action: Action[Any], form: ActionForm, preview: Preview | None = None, *, search: str = ""
) -> dict[str, Any]:
    """Context of templates/delegation/amount_form.html, for every page that shows the form."""
    context = form.context
    label, balance = action.balance(context)
    return {
        "action": action,
        "form": form,
        "context": context,
        "heading": action.text(action.heading, node=context.node),
        "balance_label": label,
        "balance": balance,
        "shortcuts": action.shortcuts(context),
        "preview": preview,
        "targets": targets(form, search) if isinstance(form, RedelegateForm) else None,
    }


def _action(name: str) -> Action[Any]:
    if name not in ACTIONS:
        raise Http404
    return ACTIONS[name]


def _form(action: Action[Any], data: Any, context: ActionContext) -> ActionForm:
    """The form. Raises: Http404 without the node or the entry that the action needs."""
    if (action.needs == "node" and context.node is None) or (
        action.needs == "entry" and context.entry is None
    ):
        raise Http404
    form: ActionForm = action.form(data, context)
    return form


def _preview(action: Action[Any], form: ActionForm) -> Preview | None:
    """The preview of the form's action; None when it is refused, with the reason in the form."""
    if not form.is_valid():
        return None
    try:
        return action.preview(form, dry_run(lambda: _run(action, form)))
    except ProtocolError as refusal:
        form.add_refusal(refusal)
        return None


def _confirmation(action: Action[Any], form: ActionForm) -> Confirmation[Outcome]:
    context = form.context
    return Confirmation(
        wallet=context.wallet, name=action.name, fields=form.fields_to_send(), now=context.now,
        run=lambda: _run(action, form),
        review=lambda outcome: _review(action, form, outcome),
        result=lambda outcome, key: _result(action, form, outcome, key),
        template="delegation/review.html",
    )  # fmt: skip


def _run(action: Action[Any], form: ActionForm) -> Outcome:
    """Run the action. What the service did not read of the node, and does not change, is taken from the context."""
    context = form.context
    outcome: Outcome = action.run(form, context.now)
    if outcome.node is not None and context.node is not None and outcome.node.pk == context.node.pk:
        for name in outcome.node.get_deferred_fields():
            setattr(outcome.node, name, getattr(context.node, name))
    return outcome


def _review(action: Action[Any], form: ActionForm, outcome: Outcome) -> Review:
    preview = action.preview(form, outcome)
    title = action.text(action.title, amount=outcome.amount, node=form.context.node, to=_target_name(form))
    return Review(
        title=title, rows=preview.rows, warning=preview.warning, button=title, back=_back(action, form),
        command=action.command(form), danger=action.danger, harmless=preview.harmless,
        more={"costs": preview.costs},
    )  # fmt: skip


def _back(action: Action[Any], form: ActionForm) -> str:
    if not action.has_amount:
        return reverse("portfolio")
    return reverse("money", args=[action.name], query=form.fields_to_send())


def _result(action: Action[Any], form: ActionForm, outcome: Outcome, key: str) -> Result:
    """The data stored with the form's key and shown as the result."""
    entry, context = outcome.unbonding, form.context
    data = {
        "action": action.name,
        "title": action.text(action.done, amount=outcome.amount, node=outcome.node, to=_target_name(form)),
        "amount": outcome.amount,
        "epoch": context.epoch.number,
        "transaction": outcome.transaction,
        "node": outcome.node.address if outcome.node else "",
        "node_name": node_name(outcome.node),
        "entry": entry.pk if entry else None,
        "matures_at": entry.matures_at.isoformat() if entry and entry.status == "open" else None,
        "claimed": [[node_name(one.node), one.amount] for one in outcome.claimed],
    }
    return Result(reverse("money-done", args=[key]), data=data)


def _refused(request: HttpRequest, action: Action[Any], form: ActionForm) -> HttpResponse:
    """The form with its errors; an action without a form has a page that says why it is not possible."""
    template = "delegation/enter.html" if action.has_amount else "delegation/refused.html"
    return render(request, template, form_context(action, form), status=form.status)


def _target_name(form: ActionForm) -> str:
    return node_name(form.target) if isinstance(form, RedelegateForm) else ""
