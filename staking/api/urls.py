"""Endpoints of staking under /api/v1/."""

from __future__ import annotations

from django.urls import path

from staking.api import (
    commitments,
    epochs,
    ledger,
    node_history,
    nodes,
    parameters,
    rankings,
    scheduler,
    slashes,
)

# Django tries the patterns in order, so the one with the most requests is first.
urlpatterns = [
    path("scheduler/nodes", scheduler.scheduler_nodes),
    path("nodes", nodes.node_list),
    path("nodes/<str:address>", nodes.OneNode.as_view()),
    path("nodes/<str:address>/epochs", node_history.node_epochs),
    path("nodes/<str:address>/slashes", node_history.node_slashes),
    path("nodes/<str:address>/rankings", node_history.node_rankings),
    path("nodes/<str:address>/commitments", commitments.node_commitments),
    path("nodes/<str:address>/commitments/text", commitments.commitment_text),
    path("nodes/<str:address>/announcements", commitments.announce),
    path("epochs", epochs.epoch_list),
    path("epochs/<int:number>", epochs.one_epoch),
    path("epochs/<int:number>/nodes", epochs.epoch_nodes),
    path("epochs/<int:number>/inputs", epochs.epoch_inputs),
    path("epochs/<int:number>/receipts", epochs.epoch_receipts),
    path("epochs/<int:number>/proof/<str:address>", epochs.epoch_proof),
    path("rankings", rankings.ranking_list),
    path("rankings/latest", rankings.latest_ranking),
    path("rankings/<int:number>", rankings.one_ranking),
    path("slashes", slashes.slash_list),
    path("slashes/<int:number>", slashes.one_slash),
    path("parameters", parameters.parameters),
    path("ledger/transactions", ledger.transactions),
    path("ledger/transactions/<int:transaction>", ledger.one_transaction, name="api-transaction"),
    path("ledger/accounts/<str:name>", ledger.account, name="api-account"),
    path("scheduler/assignments", scheduler.Assignments.as_view()),
    path("scheduler/quorums", scheduler.Quorums.as_view()),
]
