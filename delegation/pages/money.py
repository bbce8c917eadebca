"""Money in three steps: enter → review → done.

Nothing is sent before the review's button. The review rehearses the act, shows what it would change, and mints the
key under which its form acts once, however often it is sent.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from delegation.pages.action_context import Situation, situation_of
from delegation.pages.action_form import Wish, plain, read_wish
from delegation.pages.action_preview import review_of
from delegation.pages.actions import ACTS, Act, Done, command, perform
from delegation.pages.preview_rows import Review
from protocol.errors import ProtocolError
from staking.measurement.live import open_epoch
from staking.selectors.nodes import NodeQuery, find_nodes
from staking.services import clock
from staking.services.epochs import OpenEpoch
from web.current_user import wallet_required
from web.form_idempotency import answer_of, dry_run, is_key, new_key, run_once
from web.formatting import amount_digits

TARGETS = 40


@require_safe
@wallet_required
def enter(request: HttpRequest, wallet: str, name: str) -> HttpResponse:
    """The form; with an amount in the address also what it would change, which htmx asks for while one types."""
    act = _act(name)
    wish = read_wish(name, wallet, request.GET)
    situation = _situation(act, wish)
    if not act.takes_amount:
        return HttpResponseRedirect(f"{reverse('money-review', args=[name])}?{wish.query}")
    review, refusal = (None, None) if not wish.text else _try(act, wish, situation)
    part = bool(request.headers.get("HX-Request"))
    template = "delegation/amount_form.html#preview" if part else "delegation/enter.html"
    return render(request, template, form_of(act, wish, situation, review, refusal))


@require_http_methods(["GET", "HEAD", "POST"])
@wallet_required
def review(request: HttpRequest, wallet: str, name: str) -> HttpResponse:
    """GET: what the act would do, with the button that does it, or what it did. POST: do it, once per key."""
    act = _act(name)
    if request.method == "POST":
        return _confirm(request, act, wallet)
    wish = read_wish(name, wallet, request.GET)
    key = request.GET.get("key", "")
    if is_key(key) and answer_of(wallet=wallet, key=key) is not None:
        return HttpResponseRedirect(reverse("money-done", args=[key]))
    situation = _situation(act, wish)
    found, refusal = _try(act, wish, situation)
    if found is None:
        return _refused(request, act, wish, situation, refusal)
    if not is_key(key):
        # The key stays in the address, so that who comes back to it finds the act done, not a new one.
        return HttpResponseRedirect(f"?{wish.query}&key={new_key()}")
    return render(request, "delegation/review.html", _review(act, wish, situation, found, key))


@require_safe
@wallet_required
def done(request: HttpRequest, wallet: str, key: str) -> HttpResponse:
    """What came of a form, for as long as one likes to look: after a lost connection too."""
    answer = answer_of(wallet=wallet, key=key)
    # Forms of the DAO have keys too, and pages of their own to lead to.
    if answer is None or "act" not in answer:
        raise Http404
    act = _act(answer["act"])
    matures = answer["matures_at"]
    context = {
        **answer,
        "title": _said(act.done, answer["amount"], answer["node_name"], answer["to_name"]),
        "next_step": act.next_step,
        "matures": datetime.fromisoformat(matures) if matures else None,
    }
    return render(request, "delegation/done.html", context)


def _confirm(request: HttpRequest, act: Act, wallet: str) -> HttpResponse:
    wish = read_wish(act.name, wallet, request.POST)
    now = clock.now()
    key = request.POST.get("key", "")
    try:
        run_once(
            wallet=wallet,
            key=key,
            action=act.name,
            body=dict(wish.fields),
            now=now,
            run=lambda: _answer(act, wish, perform(act, wish, now), open_epoch()),
        )
    except ProtocolError as refusal:
        return _refused(request, act, wish, _situation(act, wish), refusal)
    return HttpResponseRedirect(reverse("money-done", args=[key]), status=303)


def _refused(
    request: HttpRequest, act: Act, wish: Wish, situation: Situation, refusal: ProtocolError | None
) -> HttpResponse:
    """The form again with the refusal at its field; an act without a form has a page that says why not."""
    template = "delegation/enter.html" if act.takes_amount else "delegation/refused.html"
    status = refusal.status if refusal else 400
    return render(request, template, form_of(act, wish, situation, None, refusal), status=status)


def _act(name: str) -> Act:
    if name not in ACTS:
        raise Http404
    return ACTS[name]


def _situation(act: Act, wish: Wish) -> Situation:
    if ("node" in act.needs and not wish.node) or ("entry" in act.needs and not wish.entry):
        raise Http404
    return situation_of(wish, clock.now())


def _try(act: Act, wish: Wish, situation: Situation) -> tuple[Review | None, ProtocolError | None]:
    try:
        outcome: Done = dry_run(lambda: perform(act, wish, situation.now))
    except ProtocolError as refusal:
        return None, refusal
    return review_of(wish, situation, outcome), None


def form_of(
    act: Act,
    wish: Wish,
    situation: Situation,
    review: Review | None = None,
    refusal: ProtocolError | None = None,
) -> dict[str, Any]:
    """What templates/delegation/amount_form.html is given; other pages show the same form."""
    return {
        "act": act,
        "wish": wish,
        "situation": situation,
        "heading": _said(act.heading, None, _name(situation.node), _name(situation.to)),
        "most": situation.most(act.name),
        "fill": plain(situation.most(act.name)),
        "least": None if act.leaves else situation.epoch.params.min_amount,
        "reach": None if act.leaves else situation.next_tier(act.name),
        "review": review,
        "refusal": refusal,
        "targets": _targets(wish) if "to" in act.needs else (),
    }


def _review(act: Act, wish: Wish, situation: Situation, found: Review, key: str) -> dict[str, Any]:
    return {
        "act": act,
        "wish": wish,
        "situation": situation,
        "review": found,
        "title": _said(act.title, found.amount, _name(situation.node), _name(situation.to)),
        "fields": (*wish.fields, ("key", key)),
        "command": command(act, wish),
        "back": f"{reverse('money', args=[act.name])}?{wish.query}"
        if act.takes_amount
        else reverse("portfolio"),
    }


def _said(sentence: str, amount: int | None, node: str, to: str) -> str:
    return str(sentence).format(amount="" if amount is None else amount_digits(amount), node=node, to=to)


def _name(node: Any) -> str:
    return node.name or node.address if node is not None else ""


def _targets(wish: Wish) -> list[Any]:
    """Nodes that take delegations, best first, to choose from."""
    open_ones = find_nodes(NodeQuery(open_only=True), limit=TARGETS, offset=0)
    return [node for node in open_ones if node.address != wish.node and node.operator != wish.wallet]


def _answer(act: Act, wish: Wish, outcome: Done, epoch: OpenEpoch | None) -> dict[str, Any]:
    """What is kept of an act and shown as its result."""
    moved = outcome.redelegation
    entry = outcome.unbonding
    return {
        "act": act.name,
        "amount": outcome.amount,
        "epoch": epoch.number if epoch else None,
        "transaction": outcome.transaction,
        "node": outcome.node.address if outcome.node else "",
        "node_name": _name(outcome.node),
        "to": wish.to,
        "to_name": _name(moved.target) if moved else "",
        "entry": entry.pk if entry else None,
        "matures_at": entry.matures_at.isoformat() if entry and entry.status == "open" else None,
        "claimed": [[_name(one.node), one.amount] for one in outcome.claimed],
    }
