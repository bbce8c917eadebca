"""Delegation's addresses, relative to /api/v1/."""

from __future__ import annotations

from django.urls import path

from delegation.api import exits, money, nodes, plans, wallets

urlpatterns = [
    path("nodes/<str:address>/stake", money.stake),
    path("nodes/<str:address>/unstake", money.unstake),
    path("nodes/<str:address>/delegate", money.delegate),
    path("nodes/<str:address>/undelegate", money.undelegate),
    path("nodes/<str:address>/redelegate", money.redelegate),
    path("nodes/<str:address>/claim", money.claim),
    path("nodes/<str:address>/compound", money.compound),
    path("nodes/<str:address>/delegations", nodes.delegations),
    path("unbondings/<int:unbonding>/cancel", money.cancel),
    path("unbondings/<int:unbonding>/withdraw", money.withdraw),
    path("plan", plans.plan),
    path("exits", exits.request),
    path("wallets/<str:address>/exits", exits.wallet_exits),
    path("wallets/<str:address>", wallets.wallet),
    path("wallets/<str:address>/delegations", wallets.delegations),
    path("wallets/<str:address>/unbondings", wallets.wallet_unbondings),
    path("wallets/<str:address>/redelegations", wallets.wallet_redelegations),
    path("wallets/<str:address>/rewards", wallets.rewards, name="api-rewards"),
    path("wallets/<str:address>/statement", wallets.wallet_statement, name="api-statement"),
]
