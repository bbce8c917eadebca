"""URLs of governance, relative to /api/v1/; inframind adds `slashes/ID/dispute`."""

from __future__ import annotations

from django.urls import path

from governance.api import disputes, proposals, representatives

urlpatterns = [
    path("disputes", disputes.dispute_list),
    path("disputes/<int:dispute>", disputes.dispute_detail),
    path("disputes/<int:dispute>/vote", disputes.dispute_vote),
    path("disputes/<int:dispute>/votes", disputes.dispute_votes),
    path("disputes/<int:dispute>/evidence", disputes.dispute_evidence),
    path("proposals", proposals.proposal_list),
    path("proposals/preview", proposals.preview),
    path("proposals/<int:proposal>", proposals.proposal_detail),
    path("proposals/<int:proposal>/effect", proposals.proposal_effect),
    path("proposals/<int:proposal>/vote", proposals.proposal_vote),
    path("proposals/<int:proposal>/votes", proposals.proposal_votes),
    path("representatives", representatives.name),
    path("wallets/<str:address>/representatives", representatives.of_wallet),
]
