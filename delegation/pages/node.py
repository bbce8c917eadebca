"""`/nodes/ADDR/`: staking's page of a node, with the reader's position and the way to delegate beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from delegation.pages.actions.context import ActionContext, action_context, node_by_address
from delegation.pages.actions.registry import ACTIONS
from delegation.pages.estimate_form import EstimateForm
from delegation.pages.money import form_context
from delegation.pages.redelegation_notes import blocked_because, cancelled_if
from delegation.pages.what_if import WhatIfForm
from delegation.selectors.estimates import (
    OffenceCost,
    offence_costs,
    recent_cut,
)
from delegation.selectors.movable import movable_positions
from delegation.selectors.positions import PositionFigures
from delegation.selectors.returns import Returns, returns_of
from delegation.selectors.unbondings import UnbondingFigures, operator_unbonds_until, unbondings_of_wallet
from delegation.selectors.undecided_slashes import UndecidedSlashes, undecided_slashes, unresolved_slashes
from postgres.batched_reads import batched_reads
from protocol.addresses import checksum
from protocol.amounts import MICRO
from protocol.projection import Projection, project
from staking.models import Node, ShareChange
from staking.pages import node as staking_page
from staking.selectors.estimates import pasts_of
from staking.selectors.node_history import share_changes
from staking.selectors.nodes import NodeFigures
from staking.selectors.watchlist import is_watched
from staking.services.epochs import OpenEpoch, open_epoch
from web.current_user import signed_in_wallet
from web.number_input import canonical_number

EXAMPLE = 1_000 * MICRO
MOVABLE = 5


@dataclass(frozen=True, slots=True)
class Estimate:
    """Expected rewards and risks of an amount on the node, whether or not the reader has it; µIFM.

    `review`: the address of the review of delegating it, where a reader continues after signing in.
    """

    amount: int
    review: str
    now: Projection | None
    then: Projection | None
    costs: tuple[OffenceCost, ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """The reader's part of a node's page. `entries`: the reader's unbonding entries; `undecided_slashes`: pending ones;
    `cut`: a recent reduction of the share; `costs`: of `costs_of` µIFM; `unbonds_until`: when the operator's own
    unbonding ends; `stars`: where stars are stored; `what_if`: the form of a replay,
    None before two epochs are settled; `blocked`: why the delegation cannot be redelegated; `note`: what would cancel
    a redelegation of it."""

    wallet: str | None
    runs_it: bool
    context: ActionContext | None
    entries: tuple[UnbondingFigures, ...]
    undecided_slashes: tuple[UndecidedSlashes, ...]
    returns: Returns
    shares: tuple[ShareChange, ...]
    cut: ShareChange | None
    costs: tuple[OffenceCost, ...]
    costs_of: int
    open: bool
    blocked: str = ""
    note: str = ""
    elsewhere: tuple[PositionFigures, ...] = ()
    estimate: Estimate | None = None
    estimate_form: EstimateForm | None = None
    unbonds_until: datetime | None = None
    watched: bool = False
    what_if: WhatIfForm | None = None

    @property
    def stars(self) -> str:
        return "wallet" if self.wallet else "browser"


@require_safe
def node_view(request: HttpRequest, address: str) -> HttpResponse:
    context = staking_page.context(request, address, beside=partial(_beside, request))
    beside: Beside = context["beside"]
    if beside.context is not None:
        form = ACTIONS["delegate"].form({}, beside.context)
        amount = request.GET.get("amount", "")
        if amount:
            form.initial["amount"] = amount
        context |= form_context(ACTIONS["delegate"], form)
    return render(request, "delegation/node.html", context)


@require_safe
def estimate_view(request: HttpRequest, address: str) -> HttpResponse:
    """The estimate alone, which htmx requests while one types; without signing in."""
    node = node_by_address(address)
    if node is None:
        raise Http404
    epoch = open_epoch()
    assert epoch is not None
    form, estimate = _estimate(node.id, epoch, request)
    context = {"estimate": estimate, "estimate_form": form, "node": node}
    return render(request, "delegation/estimate.html", context)


def _beside(request: HttpRequest, figures: NodeFigures, epoch: OpenEpoch, now: datetime) -> Beside:
    wallet, id_ = signed_in_wallet(request), figures.id
    with batched_reads() as reads:
        node_read = reads.submit(Node.objects.select_related("pool").get, id=id_)
        returns_read = reads.submit(returns_of, [id_])
        shares_read = reads.submit(share_changes, id_)
        unresolved = reads.submit(unresolved_slashes, [id_])
        unbonds_until = reads.submit(operator_unbonds_until, id_)
        estimated = None if wallet else reads.submit(_estimate, id_, epoch, request)
        own = reads.submit(_of_wallet, wallet, figures, now)
    node, returns, shares = node_read.result(), returns_read.result()[id_], shares_read.result()
    context, entries, elsewhere, watched = own.result()
    held = context.delegated if context else 0
    form, estimate = estimated.result() if estimated else (None, None)
    return Beside(
        wallet=wallet,
        runs_it=wallet == figures.operator,
        context=context,
        entries=tuple(entry for entry in entries if entry.kind == "delegated"),
        undecided_slashes=tuple(
            undecided_slashes(
                unresolved.result(),
                {id_: figures},
                held={id_: held},
                staked={},
                entries=[entry for entry in entries if entry.kind == "delegated"],
            )
        ),
        returns=returns,
        shares=tuple(shares),
        cut=recent_cut(shares, epoch=epoch.number),
        costs=tuple(_costs(epoch, node, held or EXAMPLE, held)),
        costs_of=held or EXAMPLE,
        open=figures.can_delegate,
        blocked=_blocked(context, figures),
        note=cancelled_if(context.position) if context and context.position else "",
        elsewhere=elsewhere if figures.can_delegate else (),
        estimate=estimate,
        estimate_form=form,
        unbonds_until=unbonds_until.result() if figures.operator_unbonding else None,
        watched=watched,
        what_if=WhatIfForm.with_example() if returns.settled > 1 else None,
    )


def _blocked(context: ActionContext | None, figures: NodeFigures) -> str:
    """Why the reader's delegation here cannot be redelegated now; "" when it can be, or there is none."""
    if context is None or context.position is None:
        return ""
    return blocked_because(
        context.position, figures, recorded=context.redelegating, params=context.epoch.params, now=context.now
    )


def _of_wallet(
    wallet: str | None, figures: NodeFigures, now: datetime
) -> tuple[ActionContext | None, list[UnbondingFigures], tuple[PositionFigures, ...], bool]:
    """The reader's stake here, its unbonding entries, its delegations elsewhere, and whether it watches the node."""
    if wallet is None:
        return None, [], (), False
    with batched_reads() as reads:
        context = reads.submit(action_context, wallet, figures.address, now=now)
        entries = reads.submit(unbondings_of_wallet, wallet, now=now, status="open", node_id=figures.id)
        elsewhere = reads.submit(_elsewhere, wallet, figures, now)
        watched = reads.submit(is_watched, wallet, figures.id)
    return context.result(), entries.result(), elsewhere.result(), watched.result()


def _elsewhere(wallet: str, figures: NodeFigures, now: datetime) -> tuple[PositionFigures, ...]:
    """The reader's largest delegations to other nodes that could move here without unbonding (R19)."""
    epoch = open_epoch()
    if wallet == figures.operator or epoch is None:
        return ()
    others = [
        position
        for position in movable_positions(wallet, epoch=epoch, now=now)
        if position.node_id != figures.id
    ]
    return tuple(others[:MOVABLE])


def _costs(epoch: OpenEpoch, node: Node, mine: int, held: int) -> list[OffenceCost]:
    """The costs for `mine`, which is in the pool already when it is what the reader holds."""
    pool = node.pool.tokens + (0 if held else mine)
    return offence_costs(
        epoch.params, self_stake=node.self_stake, pool=pool, mine=mine, custodial=node.custodial
    )


def _estimate(node_id: int, epoch: OpenEpoch, request: HttpRequest) -> tuple[EstimateForm, Estimate | None]:
    form = EstimateForm(request.GET if request.GET.get("amount") else None, auto_id="%s")
    if not form.is_valid() or not form.cleaned_data["amount"]:
        return form, None
    amount = form.cleaned_data["amount"]
    with batched_reads() as reads:
        node = reads.submit(Node.objects.select_related("pool").get, id=node_id)
        pasts = reads.submit(pasts_of, [node_id], epoch=epoch.number)
    past = pasts.result().get(node_id)
    now = then = None
    if past is not None:
        now = project(epoch.params, past, held=0, amount=0)
        then = project(epoch.params, past, held=0, amount=amount)
    costs = tuple(_costs(epoch, node.result(), amount, 0))
    return form, Estimate(amount, _review(node.result().address, amount), now, then, costs)


def _review(address: str, amount: int) -> str:
    query = urlencode({"node": checksum(address), "amount": canonical_number(amount, 6)})
    return f"{reverse('money-review', args=['delegate'])}?{query}"
