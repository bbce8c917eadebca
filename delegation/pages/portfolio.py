"""`/portfolio/`, and `/wallets/ADDR/`, which is public and read-only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from delegation.charts.rewards import rewards
from delegation.pages.redelegation_notes import blocked_because, cancelled_if
from delegation.pages.value_history import ValueCard, value_card
from delegation.selectors.losses import SlashLoss
from delegation.selectors.portfolio import EPOCHS, Holding, Portfolio, portfolio_of
from delegation.selectors.redelegations import RedelegationFigures
from delegation.selectors.unbondings import UnbondingFigures
from protocol.addresses import normalize
from protocol.amounts import BPS
from protocol.errors import AddressInvalid
from staking.pages.leaderboard_rows import state_of
from staking.services import clock, faucet
from staking.services.epochs import OpenEpoch
from staking.services.exits import has_token
from staking.templatetags.node_cells import region_name
from web.charts import Chart
from web.current_user import signed_in_wallet, wallet_required
from web.formatting import percentages
from web.templatetags.identity import short

CONCENTRATED_BPS = 5_000
LISTED = 6
LOSSES = 20


@dataclass(frozen=True, slots=True)
class HoldingRow:
    """A delegation in the table, and what is possible with it now.

    `blocked`: why it cannot be redelegated; `note`: what would cancel a redelegation.
    """

    holding: Holding
    state: str
    can_claim: bool
    can_redelegate: bool
    can_undelegate: bool
    blocked: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An unbonding entry; `done_bps`: how much of its period has passed; `at_risk`: µIFM that a slash could take."""

    entry: UnbondingFigures
    done_bps: int
    mature: bool
    at_risk: int


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a wallet's delegations at one operator or in one region."""

    label: str
    amount: int
    bps: int


@dataclass(frozen=True, slots=True)
class PortfolioPage:
    """Amounts in µIFM, ratios in bps. `mine`: the reader's own, with actions."""

    portfolio: Portfolio
    mine: bool
    holdings: tuple[HoldingRow, ...]
    entries: tuple[EntryRow, ...]
    moving: tuple[RedelegationFigures, ...]
    operators: tuple[Part, ...]
    regions: tuple[Part, ...]
    losses: tuple[SlashLoss, ...]
    chart: Chart | None
    value: ValueCard | None
    earned: int
    delegated_earned: int

    @property
    def total(self) -> int:
        """The wallet's total, with its claimable earnings."""
        return self.portfolio.wallet.total + self.portfolio.wallet.claimable

    @property
    def is_empty(self) -> bool:
        """True if the wallet never had anything to show."""
        return not self.total and not self.holdings and not self.portfolio.own

    @property
    def concentrated(self) -> str:
        """The operator or region with more than half, when there are several delegations; "" else."""
        for part in (*self.operators[:1], *self.regions[:1]):
            if part.bps > CONCENTRATED_BPS and len(self.holdings) > 1:
                return part.label
        return ""


@require_safe
@wallet_required
def portfolio(request: HttpRequest, wallet: str) -> HttpResponse:
    return _render(request, wallet, mine=True)


@require_safe
def wallet(request: HttpRequest, address: str) -> HttpResponse:
    """The portfolio of any wallet, without actions."""
    try:
        return _render(request, normalize(address), mine=False)
    except AddressInvalid:
        raise Http404 from None


def _render(request: HttpRequest, address: str, *, mine: bool) -> HttpResponse:
    now = clock.now()
    portfolio = portfolio_of(address, now=now)
    if portfolio is None:
        raise Http404
    context: dict[str, Any] = {
        "page": _page(portfolio, now, mine=mine),
        "yours": signed_in_wallet(request) == address,
        "has_token": has_token(),
        "faucet_open": faucet.is_open(),
    }
    return render(request, "delegation/portfolio.html", context)


def _page(portfolio: Portfolio, now: datetime, *, mine: bool) -> PortfolioPage:
    last = portfolio.epoch.number - 1
    first = max(last - EPOCHS + 1, 1)
    return PortfolioPage(
        portfolio=portfolio,
        mine=mine,
        holdings=tuple(_holding(holding, portfolio.epoch, now) for holding in portfolio.holdings),
        entries=tuple(_entry(entry, portfolio, now) for entry in portfolio.unbondings),
        moving=portfolio.moving,
        operators=_parts((short(h.node.operator), h.position.value) for h in portfolio.holdings),
        regions=_parts((region_name(h.node.region), h.position.value) for h in portfolio.holdings),
        losses=portfolio.losses[: -LOSSES - 1 : -1],
        chart=rewards(portfolio.earned, portfolio.losses, first=first, last=last) if last else None,
        value=value_card(portfolio.history),
        earned=sum(row.amount for row in portfolio.earned),
        delegated_earned=sum(holding.earned for holding in portfolio.holdings),
    )


def _holding(holding: Holding, epoch: OpenEpoch, now: datetime) -> HoldingRow:
    position = holding.position
    recorded = sum(move.amount for move in holding.moving)
    blocked = blocked_because(position, holding.node, recorded=recorded, params=epoch.params, now=now)
    return HoldingRow(
        holding=holding,
        state=state_of(holding.node),
        can_claim=position.claimable > 0,
        can_redelegate=position.value > 0 and not blocked,
        can_undelegate=position.value > 0,
        blocked=blocked if position.value > 0 else "",
        note="" if blocked else cancelled_if(position),
    )


def _entry(entry: UnbondingFigures, portfolio: Portfolio, now: datetime) -> EntryRow:
    whole = entry.matures_at - entry.created_at
    gone = min(max(now - entry.created_at, whole * 0), whole)
    rates = [
        slashes.rates_bps[entry.kind]
        for slashes in portfolio.undecided_slashes
        if slashes.node.id == entry.node_id and slashes.epoch <= entry.epoch
    ]
    return EntryRow(
        entry=entry,
        done_bps=gone * BPS // whole if whole else BPS,
        mature=entry.is_mature(now),
        at_risk=entry.amount * max(rates, default=0) // BPS,
    )


def _parts(amounts: Iterable[tuple[str, int]]) -> tuple[Part, ...]:
    """The largest first; the rest of a long list is one part. Their percentages add to 100."""
    sums: dict[str, int] = defaultdict(int)
    for label, amount in amounts:
        sums[label] += amount
    ordered = sorted(
        ((amount, label) for label, amount in sums.items() if amount), key=lambda one: (-one[0], one[1])
    )
    shown = [(label, amount) for amount, label in ordered[:LISTED]]
    rest = sum(amount for amount, _ in ordered[LISTED:])
    if rest:
        shown.append((gettext("others"), rest))
    ratios = percentages([amount for _, amount in shown])
    return tuple(Part(label, amount, bps) for (label, amount), bps in zip(shown, ratios, strict=True))
