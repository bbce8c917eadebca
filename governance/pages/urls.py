"""Governance's pages."""

from __future__ import annotations

from django.urls import path

from governance.pages import (
    dispute,
    dispute_forms,
    overview,
    parameters,
    proposals,
    proposing,
    representatives,
    slashes,
    voting,
)

urlpatterns = [
    path("governance/", overview.governance, name="governance"),
    path("disputes/<int:dispute>/", dispute.dispute, name="dispute"),
    path("disputes/<int:dispute>/vote/", voting.vote_on_dispute, name="dispute-vote"),
    path("disputes/<int:dispute>/evidence/", dispute_forms.evidence, name="dispute-evidence"),
    path("slashes/", slashes.ledger, name="slashes"),
    path("slashes/<int:slash>/", slashes.slash, name="slash"),
    path("slashes/<int:slash>/dispute/", dispute_forms.dispute, name="slash-dispute"),
    path("proposals/", proposals.proposal_list, name="proposals"),
    path("proposals/new/", proposing.new, name="proposal-new"),
    path("proposals/<int:proposal>/", proposals.proposal, name="proposal"),
    path("proposals/<int:proposal>/vote/", voting.vote_on_proposal, name="proposal-vote"),
    path("representatives/", representatives.representatives, name="representatives"),
    path("parameters/", parameters.parameters, name="parameters"),
]
