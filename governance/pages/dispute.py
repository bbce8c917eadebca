"""`/disputes/ID/`: the dispute, its votes, the cost of the slash, and the vote form."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from chain.selectors import EpochAnchor, anchor_of
from governance.models import Dispute
from governance.pages import labels, offence_texts
from governance.pages.defence import slash_rows
from governance.pages.forms import EvidenceForm, VoteForm
from governance.pages.lifecycle import slash_lifecycle
from governance.pages.offence_chart import offence_chart
from governance.pages.slash_breakdown import SlashBreakdown, breakdown_of
from governance.pages.tally import tally_of
from governance.pages.vote_list import vote_list
from governance.pages.vote_panel import Choice, VotePanel, accepts_votes, power_of
from governance.selectors.disputes import dispute_figures
from governance.selectors.evidence import epochs_around, former_signing_keys, receipts_of
from governance.selectors.slashes import outcomes_of, similar_disputes
from postgres.batched_reads import batched_reads
from protocol.errors import NotFound
from protocol.parameters import Parameters
from protocol.votes import DISPUTE_CHOICES
from staking.models import Epoch, Slash
from staking.selectors.slash_groups import SlashGroup, group_of
from staking.services import clock
from staking.services.epochs import OpenEpoch, open_epoch, parameters_of
from web import query_params
from web.current_user import signed_in_wallet
from web.formatting import amount_digits
from web.listing import Pager, address_of

RECEIPTS = 10


class ReceiptPager(Pager):
    """Pager of the receipts: its parameter is `receipts`, because the page also lists votes."""

    __slots__ = ()

    def _href(self, number: int) -> str:
        return address_of(self.query, receipts="" if number == 1 else str(number)) + "#evidence"


@require_safe
def dispute(request: HttpRequest, dispute: int) -> HttpResponse:
    return render(request, "governance/dispute.html", dispute_context(request, dispute))


def dispute_context(request: HttpRequest, dispute: int) -> dict[str, Any]:
    """Return the context of the page of a dispute. Raises: Http404."""
    try:
        figures = dispute_figures(dispute, votes=0)
    except NotFound:
        raise Http404 from None
    now, epoch, wallet = clock.now(), open_epoch_or_404(), signed_in_wallet(request)
    row = figures.dispute
    context = slash_context(request, figures.slash, row, now)
    panel = VotePanel(
        action=reverse("dispute-vote", args=[dispute]),
        question=gettext("Should the slash be executed?"),
        choices=_choices(figures.slash, context["group"], context["breakdown"]),
        accepts_votes=accepts_votes(row, epoch, now),
        closes_at=figures.count.closes_at,
        power=power_of(row, wallet, epoch) if wallet else None,
        notice=_own_stake_notice(context["breakdown"]),
    )
    return {
        **context,
        "figures": figures,
        "dispute": row,
        "tally": tally_of(row, figures.count),
        "panel": panel,
        "vote_form": VoteForm(choices=panel.choices),
        "votes": vote_list(request, row, DISPUTE_CHOICES),
        "evidence_form": EvidenceForm() if wallet == row.operator and panel.accepts_votes else None,
    }


def slash_context(
    request: HttpRequest, slash: Slash, dispute: Dispute | None, now: datetime
) -> dict[str, Any]:
    """Return what the pages of a dispute and of a slash have in common."""
    wallet, number = signed_in_wallet(request), query_params.page(request.GET, "receipts")
    with batched_reads() as reads:
        opened = reads.submit(open_epoch_or_404)
        breakdown = reads.submit(_breakdown, slash, wallet)
        created_under = reads.submit(params_of, slash)
        lifecycle = reads.submit(slash_lifecycle, slash, dispute, now)
        receipts = reads.submit(receipts_of, slash, limit=RECEIPTS, offset=(number - 1) * RECEIPTS)
        former_keys = reads.submit(former_signing_keys, slash)
        around = reads.submit(epochs_around, slash)
        of_group = reads.submit(group_of, slash)
        similar = reads.submit(similar_disputes, slash)
        outcomes = reads.submit(outcomes_of, slash.offence)
        anchor = reads.submit(_anchor, slash)
    params, group = opened.result().params, of_group.result()
    return {
        "now_at": now,
        "slash": slash,
        "node": slash.node,
        "facts": offence_texts.facts(slash),
        "rule": offence_texts.rule(slash.offence, created_under.result()),
        "rates": labels.rates(slash),
        "lifecycle": lifecycle.result(),
        "receipts": receipts.result(),
        "former_keys": former_keys.result(),
        "receipts_pager": ReceiptPager(number, RECEIPTS, len(slash.evidence)),
        "hardware": _hardware(slash),
        "chart": offence_chart(slash, around.result()),
        "breakdown": breakdown.result(),
        "split_bps": (params.slash_burn_bps, params.slash_honest_bps, params.slash_delegators_bps),
        "group": group,
        "group_rows": slash_rows(group, slash),
        "similar": similar.result(),
        "outcomes": outcomes.result(),
        "anchor": anchor.result(),
    }


def _anchor(slash: Slash) -> EpochAnchor | None:
    return anchor_of(slash.resolved_epoch) if slash.slashed and slash.resolved_epoch else None


def _breakdown(slash: Slash, wallet: str | None) -> SlashBreakdown | None:
    return breakdown_of(slash, open_epoch_or_404().params, wallet)


def open_epoch_or_404() -> OpenEpoch:
    """Return the open epoch. Raises: Http404 before the first start of the network."""
    epoch = open_epoch()
    if epoch is None:
        raise Http404
    return epoch


def params_of(slash: Slash) -> Parameters:
    """Return the parameters under which the slash was created."""
    return parameters_of(Epoch.objects.values_list("parameters__digest", flat=True).get(number=slash.epoch))


def _hardware(slash: Slash) -> list[tuple[str, Any, Any]]:
    """Return (name, declared, measured) of the hardware that the oracle compared, shortfalls first."""
    declared, measured = slash.measured.get("declared", {}), slash.measured.get("measured", {})
    short = slash.measured.get("shortfalls", [])
    names = sorted(declared, key=lambda name: (name not in short, name))
    return [(name, declared[name], measured.get(name)) for name in names]


def _choices(slash: Slash, group: SlashGroup, breakdown: SlashBreakdown | None) -> list[Choice]:
    """Return (value, label, effect) of each choice of the vote."""
    slashed = amount_digits(breakdown.slashed, 2) if breakdown else "0.00"
    return [
        ("overturn", gettext("Overturn"), _effect_of_overturning(slash, group)),
        (
            "uphold",
            gettext("Uphold"),
            gettext("%s IFM is slashed; the deposit goes to the treasury") % slashed,
        ),
        ("abstain", gettext("Abstain"), gettext("Counts for the quorum only")),
    ]


def _effect_of_overturning(slash: Slash, group: SlashGroup) -> str:
    if slash not in group.unresolved:
        return gettext("Nothing is slashed; the deposit is returned")
    rest = group.loss.total - group.saved_without(slash).total
    if rest:
        sentence = gettext("Other slashes of the epoch still take %s IFM; the deposit is returned")
        if len(group.unresolved) > 1:
            sentence = gettext("Other slashes of the epoch can still take %s IFM; the deposit is returned")
        return sentence % amount_digits(rest, 2)
    return gettext("Nothing is slashed; the deposit is returned")


def _own_stake_notice(breakdown: SlashBreakdown | None) -> str:
    """Return a sentence about the signed-in wallet's own loss, "" when it has nothing at stake."""
    if breakdown is None or breakdown.mine is None or not breakdown.mine.exposed:
        return ""
    amount = amount_digits(breakdown.mine.net, 2)
    return gettext("You have a stake in the outcome: you lose %s IFM if the slash is upheld.") % amount
