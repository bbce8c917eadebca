"""`/disputes/ID/`: the case, how it stands, what it costs, and the vote."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from governance.models import Dispute
from governance.pages import labels
from governance.pages.lifecycle import course_of_slash
from governance.pages.offence_chart import trace
from governance.pages.slash_breakdown import SlashMoney, money_of
from governance.pages.tally import tally_of
from governance.pages.vote_list import vote_list
from governance.pages.voting_power import power_of
from governance.selectors.disputes import DisputeFigures, dispute_figures
from governance.selectors.evidence import course_of, receipts_of
from governance.selectors.slashes import outcomes_of, similar_cases
from governance.voting_periods import is_before_end
from protocol.errors import NotFound
from protocol.parameters import Parameters
from protocol.votes import DISPUTE_CHOICES
from staking.measurement.live import open_epoch
from staking.models import Epoch, Slash
from staking.services import clock
from staking.services.epochs import OpenEpoch, parameters_of
from web import query_params
from web.current_user import signed_in_wallet
from web.formatting import amount_digits
from web.listing import Pager, address_of

RECEIPTS = 10


class ReceiptPager(Pager):
    """The page has another list with pages of its own."""

    __slots__ = ()

    def _href(self, number: int) -> str:
        return address_of(self.query, receipts="" if number == 1 else str(number)) + "#evidence"


@require_safe
def dispute(request: HttpRequest, dispute: int) -> HttpResponse:
    return render(request, "governance/dispute.html", dispute_context(request, dispute))


def dispute_context(request: HttpRequest, dispute: int) -> dict[str, Any]:
    """What the case page is given. Raises: Http404."""
    try:
        figures = dispute_figures(dispute, votes=0)
    except NotFound:
        raise Http404 from None
    now, epoch, wallet = clock.now(), running_epoch(), signed_in_wallet(request)
    context = slash_context(request, figures.slash, figures.dispute, now)
    return {
        **context,
        "figures": figures,
        "dispute": figures.dispute,
        "tally": tally_of(figures.dispute, figures.count),
        "power": power_of(figures.dispute, wallet, epoch) if wallet else None,
        "open": is_open(figures, epoch, now),
        "choices": _choices(context["money"]),
        "votes": vote_list(request, figures.dispute, DISPUTE_CHOICES),
        "stake_in_it": _stake_in_it(context["money"]),
        "evidence_form": wallet == figures.dispute.operator,
    }


def is_open(figures: DisputeFigures, epoch: OpenEpoch, now: datetime) -> bool:
    """Whether votes and evidence are still taken."""
    running = figures.dispute.status == Dispute.Status.VOTING
    return running and is_before_end(figures.dispute.closes_epoch, epoch, now)


def slash_context(
    request: HttpRequest, slash: Slash, dispute: Dispute | None, now: datetime
) -> dict[str, Any]:
    """What the pages of a case and of a slash have in common."""
    epoch, wallet = running_epoch(), signed_in_wallet(request)
    number = query_params.page(request.GET, "receipts")
    pager = ReceiptPager(number, RECEIPTS, len(slash.evidence))
    receipts = receipts_of(slash, limit=RECEIPTS, offset=(number - 1) * RECEIPTS)
    return {
        "now_at": now,
        "slash": slash,
        "node": slash.node,
        "charge": labels.charge(slash),
        "rule": labels.rule(slash.offence, params_of(slash)),
        "rates": labels.rates(slash),
        "course": course_of_slash(slash, dispute, now),
        "receipts": receipts,
        "receipts_pager": pager,
        "hardware": _hardware(slash),
        "chart": trace(slash, course_of(slash)),
        "money": money_of(slash, epoch.params, wallet),
        "split_bps": (
            epoch.params.slash_burn_bps,
            epoch.params.slash_honest_bps,
            epoch.params.slash_delegators_bps,
        ),
        "similar": similar_cases(slash),
        "outcomes": outcomes_of(slash.offence),
    }


def running_epoch() -> OpenEpoch:
    """The open epoch. Raises: Http404 before the network's first start."""
    epoch = open_epoch()
    if epoch is None:
        raise Http404
    return epoch


def params_of(slash: Slash) -> Parameters:
    """The parameters of the epoch that created it: the rule as it was then."""
    return parameters_of(Epoch.objects.values_list("parameters__digest", flat=True).get(number=slash.epoch))


def _hardware(slash: Slash) -> list[tuple[str, Any, Any]]:
    """Declared and measured values that the oracle compared, those that fall short first."""
    declared, measured = slash.measured.get("declared", {}), slash.measured.get("measured", {})
    short = slash.measured.get("shortfalls", [])
    names = sorted(declared, key=lambda name: (name not in short, name))
    return [(name, declared[name], measured.get(name)) for name in names]


def _choices(money: SlashMoney | None) -> list[tuple[str, str, str]]:
    """The choices of the vote with what each brings about."""
    slashed = amount_digits(money.slashed) if money else "0.00"
    return [
        ("overturn", gettext("Overturn"), gettext("Nothing is slashed, the deposit returns")),
        ("uphold", gettext("Uphold"), gettext("%s IFM slashed, the deposit goes to the treasury") % slashed),
        ("abstain", gettext("Abstain"), gettext("Counts for the quorum only")),
    ]


def _stake_in_it(money: SlashMoney | None) -> str:
    """That the reader loses by the outcome, in words; "" when nothing of theirs is at stake."""
    if money is None or money.mine is None or not money.mine.exposed:
        return ""
    return gettext("You have a stake in the outcome: %s IFM if it is upheld.") % amount_digits(money.mine.net)
