"""`/plan/`: an amount and a limit of risk become a spread over nodes, with one review for all delegations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from delegation.charts.plan import replay_chart
from delegation.pages.actions.delegating import node_warning
from delegation.selectors.plans import PlanFigures, Replay, plan_for
from delegation.services.plans import PartOutcome, delegate_parts
from ledger import accounts
from ledger.selectors import balance
from postgres.batched_reads import batched_reads
from protocol.addresses import checksum, normalize
from protocol.amounts import BPS, MICRO, parse_amount
from protocol.errors import InsufficientBalance, Invalid, ProtocolError
from protocol.plan_offers import MAX_NODES
from protocol.plans import Plan
from staking.models import Node
from staking.services import clock
from staking.services.epochs import OpenEpoch, open_epoch
from staking.templatetags.node_cells import region_name
from web.charts import Chart
from web.confirmation import Confirmation, Result, Review, respond, stored_result
from web.current_user import signed_in_wallet, wallet_required
from web.formatting import amount_digits, ifm_unit, percent, percentages
from web.forms import AmountField, PageForm, PercentField
from web.number_input import canonical_number
from web.templatetags.identity import short
from web.templatetags.refusals import refusal_text

DEFAULT_RISK = 1_500
EXAMPLE = 1_000 * MICRO


class PlanForm(PageForm):
    """The amount to spread, and the most that one event may cost, in percent of it."""

    amount = AmountField(label=gettext_lazy("Amount"))
    risk = PercentField(
        label=gettext_lazy("Largest loss from one event, percent of the amount"),
        min_value=1,
        max_value=BPS,
        help_text=gettext_lazy(
            "An event: one operator’s nodes commit the offence with the largest penalty, or one region drops out."
        ),
    )

    def __init__(self, data: Any, *, epoch: OpenEpoch) -> None:
        super().__init__(data, auto_id="%s")
        field = self.fields["amount"]
        assert isinstance(field, AmountField)
        field.min_value = epoch.params.min_amount


@dataclass(frozen=True, slots=True)
class Spread:
    """A plan in the comparison: its replay, its APR estimate, and what its worst event is, in words.

    `shorter`: how many epochs the replay has when its nodes are younger than the window, in words; else "".
    """

    plan: Plan
    replay: Replay
    apr_bps: int | None
    event: str
    shorter: str


@dataclass(frozen=True, slots=True)
class PartRow:
    """A node of the plan; `share_bps`: its part of the amount; `unbonding`: its operator's own stake is unbonding."""

    address: str
    name: str
    region: str
    amount: int
    share_bps: int
    per_epoch: int
    apr_bps: int | None
    unbonding: bool


@dataclass(frozen=True, slots=True)
class PlanPage:
    """`left_bps`: the part of the amount that stays in the wallet; with those of the rows it adds to 100 %.

    `first_name` is "" when no ranked node accepts delegations; `window`: the number of settled epochs of the replays;
    `review`: the address of the review, "" without.
    """

    rows: tuple[PartRow, ...]
    left_bps: int
    spread: Spread
    first: Spread | None
    first_name: str
    window: int
    chart: Chart | None
    review: str

    @property
    def trails(self) -> bool:
        """True if the replay of the plan earned less, with losses, than that of all on the first."""
        spread, first = self.spread.replay, self.first.replay if self.first else None
        return first is not None and spread.earned - spread.lost < first.earned - first.lost


@require_safe
def plan(request: HttpRequest) -> HttpResponse:
    epoch = open_epoch()
    if epoch is None:
        raise Http404
    wallet = signed_in_wallet(request)
    available = balance(accounts.wallet(wallet)) if wallet else None
    form = PlanForm(_data(request, available, epoch), epoch=epoch)
    page = None
    if form.is_valid():
        page = _page(form, wallet or "", available, epoch, is_example="amount" not in request.GET)
    context = {"form": form, "page": page, "available": available, "most": MAX_NODES}
    # A first visit asked for nothing that could be refused.
    return render(request, "delegation/plan.html", context, status=form.status if request.GET else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@wallet_required
def review(request: HttpRequest, wallet: str) -> HttpResponse:
    """GET: the review of all delegations of a plan. POST: make them, once."""
    data, now = request.POST if request.method == "POST" else request.GET, clock.now()
    try:
        parts = _parts(data.get("parts", ""))
        return respond(request, _confirmation(wallet, parts, data.get("back", ""), now))
    except ProtocolError as refusal:
        messages.error(request, refusal_text(refusal))
        return HttpResponseRedirect(f"{reverse('plan')}?{_back_query(data.get('back', ''))}", status=303)


@require_safe
@wallet_required
def done(request: HttpRequest, wallet: str, key: str) -> HttpResponse:
    """The result of each delegation, also after a lost connection."""
    answer = stored_result(wallet=wallet, key=key)
    if answer is None or "outcomes" not in answer:
        raise Http404
    return render(request, "delegation/plan_done.html", answer)


def _data(request: HttpRequest, available: int | None, epoch: OpenEpoch) -> dict[str, str]:
    """The submitted values; on a first visit the wallet's balance, or an example."""
    typed = {name: request.GET[name] for name in ("amount", "risk") if name in request.GET}
    example = available if available and available >= epoch.params.min_amount else EXAMPLE
    return {"amount": canonical_number(example, 6), "risk": canonical_number(DEFAULT_RISK, 2)} | typed


def _page(
    form: PlanForm, wallet: str, available: int | None, epoch: OpenEpoch, *, is_example: bool
) -> PlanPage | None:
    """The plan of a valid form; None when none is possible. `is_example`: the reader has typed no amount."""
    amount, risk_bps = form.cleaned_data["amount"], form.cleaned_data["risk"]
    figures = plan_for(amount, risk_bps=risk_bps, wallet=wallet, epoch=epoch)
    if not figures.plan.parts:
        _refuse_empty(form, figures, epoch)
        return None
    short_of = available is not None and amount > available
    if short_of and not is_example:
        message = gettext("You have %(available)s IFM available.") % {
            "available": amount_digits(available or 0)
        }
        form.add_refusal(InsufficientBalance(message, field="amount"))
    first = None
    if figures.first is not None and figures.first_replay is not None and figures.first.parts:
        first = _spread(figures, figures.first, figures.first_replay)
    rows, left_bps = _rows(figures)
    return PlanPage(
        rows=rows,
        left_bps=left_bps,
        spread=_spread(figures, figures.plan, figures.replay),
        first=first,
        first_name=figures.nodes[first.plan.parts[0].node.address].name if first else "",
        window=len(figures.window),
        chart=replay_chart(figures.window, figures.replay, first.replay if first else None),
        review="" if short_of else _review_address(figures.plan, amount, risk_bps),
    )


def _refuse_empty(form: PlanForm, figures: PlanFigures, epoch: OpenEpoch) -> None:
    """Add an error to the field whose change would make a plan possible."""
    amount, least = figures.plan.amount, epoch.params.min_amount
    needed = -(-figures.least_rate_bps * least // amount)
    if figures.risk_bps < needed:
        message = gettext("The smallest delegation could lose more than that. Enter at least %(least)s.")
        form.add_refusal(Invalid(message % {"least": percent(needed)}, field="risk"))
    else:
        form.add_refusal(
            Invalid(gettext("No node that earns accepts delegations now. Try again after the epoch."))
        )


def _rows(figures: PlanFigures) -> tuple[tuple[PartRow, ...], int]:
    """The nodes of the plan, and the part of the amount that stays in the wallet (bps)."""
    *shares, left_bps = percentages([*(part.amount for part in figures.plan.parts), figures.plan.left])
    rows = tuple(
        PartRow(
            address=part.node.address,
            name=figures.nodes[part.node.address].name or short(part.node.address),
            region=region_name(part.node.region),
            amount=part.amount,
            share_bps=share_bps,
            per_epoch=part.per_epoch,
            apr_bps=figures.apr_bps(part.per_epoch, part.amount),
            unbonding=figures.nodes[part.node.address].unbonding,
        )
        for part, share_bps in zip(figures.plan.parts, shares, strict=True)
    )
    return rows, left_bps


def _spread(figures: PlanFigures, made: Plan, replay: Replay) -> Spread:
    event = ""
    if made.worst is not None:
        template = (
            gettext("largest penalty on all nodes of operator %(name)s")
            if made.worst.kind == "operator"
            else gettext("dropout of all nodes in %(name)s")
        )
        named = short(made.worst.name) if made.worst.kind == "operator" else region_name(made.worst.name)
        event = template % {"name": named}
    return Spread(
        made, replay, figures.apr_bps(made.per_epoch, made.spread), event, _shorter(figures, replay)
    )


def _shorter(figures: PlanFigures, replay: Replay) -> str:
    count = len(replay.epochs)
    if count == len(figures.window):
        return ""
    return ngettext("replayed over %d epoch", "replayed over %d epochs", count) % count


def _review_address(made: Plan, amount: int, risk_bps: int) -> str:
    parts = ",".join(
        f"{checksum(part.node.address)}:{canonical_number(part.amount, 6)}" for part in made.parts
    )
    back = f"{canonical_number(amount, 6)}:{canonical_number(risk_bps, 2)}"
    return f"{reverse('plan-review')}?{urlencode({'parts': parts, 'back': back})}"


def _parts(text: str) -> dict[str, int]:
    """µIFM by node address, from "ADDRESS:AMOUNT,…". Raises: `invalid` and what its parts raise."""
    pairs = [part.split(":") for part in text.split(",")]
    if not 0 < len(pairs) <= MAX_NODES or any(len(pair) != 2 for pair in pairs):
        raise Invalid(gettext("This plan is not complete. Open the plan again."))
    parts = {normalize(address): parse_amount(amount) for address, amount in pairs}
    if len(parts) != len(pairs):
        raise Invalid(gettext("This plan names a node twice. Open the plan again."))
    return parts


def _confirmation(
    wallet: str, parts: dict[str, int], back: str, now: datetime
) -> Confirmation[list[PartOutcome]]:
    nodes = {node.address: node for node in Node.objects.filter(address__in=parts)}
    names = {address: node.name for address, node in nodes.items()}
    text = ",".join(
        f"{checksum(node)}:{canonical_number(amount, 6)}" for node, amount in sorted(parts.items())
    )

    def run() -> list[PartOutcome]:
        outcomes = delegate_parts(parts=parts, wallet=wallet, now=now)
        refusals = [outcome.refusal for outcome in outcomes if outcome.refusal is not None]
        if len(refusals) == len(outcomes):
            raise refusals[0]
        return outcomes

    return Confirmation(
        wallet=wallet, name="plan", fields={"parts": text, "back": back}, now=now, run=run,
        review=lambda outcomes: _review(outcomes, nodes, back),
        result=lambda outcomes, key: _result(outcomes, names, key),
    )  # fmt: skip


def _review(outcomes: list[PartOutcome], nodes: dict[str, Node], back: str) -> Review:
    names = {address: node.name for address, node in nodes.items()}
    rows: list[tuple[str, Any]] = [(_name(one, names), _in_words(one)) for one in outcomes]
    total = sum(one.amount for one in outcomes if one.refusal is None)
    made = sum(1 for one in outcomes if one.refusal is None)
    title = ngettext(
        "Delegate %(amount)s IFM to %(n)d node", "Delegate %(amount)s IFM to %(n)d nodes", made
    ) % {"amount": amount_digits(total), "n": made}
    return Review(
        title=title,
        rows=[*rows, (gettext("Together"), ifm_unit(total))],
        warning=gettext(
            "Delegations are made one by one, so one can fail while the others succeed. Each is pending until the "
            "epoch ends. Slashes can take a part of it; undelegating takes time."
        )
        + _warnings(outcomes, nodes),
        button=title,
        back=f"{reverse('plan')}?{_back_query(back)}",
    )


def _warnings(outcomes: list[PartOutcome], nodes: dict[str, Node]) -> str:
    """What is to be known of the operators of the nodes, each with the name of its node; "" without anything."""
    epoch = open_epoch()
    assert epoch is not None
    with batched_reads() as reads:
        warnings = {
            one.node: reads.submit(node_warning, nodes[one.node], epoch=epoch.number)
            for one in outcomes
            if one.refusal is None
        }
    names = {address: node.name or short(address) for address, node in nodes.items()}
    return "".join(f" {names[node]}:{read.result()}" for node, read in warnings.items() if read.result())


def _result(outcomes: list[PartOutcome], names: dict[str, str], key: str) -> Result:
    listed = [
        {
            "node": checksum(one.node),
            "name": _name(one, names),
            "amount": one.amount,
            "transaction": one.transaction,
            "refusal": "" if one.refusal is None else refusal_text(one.refusal),
            "code": "" if one.refusal is None else one.refusal.code,
        }
        for one in outcomes
    ]
    total = sum(one.amount for one in outcomes if one.refusal is None)
    return Result(reverse("plan-done", args=[key]), data={"outcomes": listed, "total": total})


def _name(outcome: PartOutcome, names: dict[str, str]) -> str:
    return names.get(outcome.node) or short(outcome.node)


def _in_words(outcome: PartOutcome) -> str:
    if outcome.refusal is None:
        return str(ifm_unit(outcome.amount))
    refused = gettext("%(amount)s IFM refused: %(reason)s")
    return refused % {"amount": amount_digits(outcome.amount), "reason": refusal_text(outcome.refusal)}


def _back_query(back: str) -> str:
    amount, _, risk = back.partition(":")
    return urlencode({"amount": amount, "risk": risk} if risk else {})
