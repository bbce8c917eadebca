"""Delegation's pages, relative to /."""

from __future__ import annotations

from django.urls import path

from delegation.pages import (
    account,
    commitment_forms,
    compare,
    exits,
    money,
    node,
    node_forms,
    operator,
    plan,
    portfolio,
    prepared_action,
    standing_orders,
    statement,
    transaction,
    what_if,
)

urlpatterns = [
    path("orders/", standing_orders.standing_orders, name="standing-orders"),
    path("orders/prepared/", prepared_action.redirect_to_action, name="prepared-action"),
    path("orders/<int:order>/delete/", standing_orders.delete, name="standing-order-delete"),
    path("portfolio/", portfolio.portfolio, name="portfolio"),
    path("wallets/<str:address>/", portfolio.wallet, name="wallet"),
    path("wallets/<str:address>/statement/", statement.statement_view, name="statement"),
    path("wallets/<str:address>/exits/", exits.wallet_exits, name="exits"),
    path("accounts/<str:name>/", account.account_page, name="ledger-account"),
    path("transactions/<int:number>/", transaction.transaction_page, name="transaction"),
    path("journal/<int:number>/", transaction.by_number, name="journal"),
    path("nodes/<str:address>/", node.node_view, name="node"),
    path("nodes/<str:address>/estimate/", node.estimate_view, name="node-estimate"),
    path("nodes/<str:address>/what-if/", what_if.what_if, name="what-if"),
    path("plan/", plan.plan, name="plan"),
    path("plan/review/", plan.review, name="plan-review"),
    path("plan/done/<slug:key>/", plan.done, name="plan-done"),
    path("compare/", compare.compare, name="compare"),
    path("operator/", operator.console, name="operator"),
    path("operator/register/", node_forms.register, name="operator-register"),
    path("operator/<str:address>/", operator.console, name="operator-node"),
    path("operator/<str:address>/terms/", node_forms.save_terms, name="operator-terms"),
    path("operator/<str:address>/details/", node_forms.save_details, name="operator-details"),
    path("operator/<str:address>/commitments/", commitment_forms.commitments, name="operator-commitments"),
    path("operator/<str:address>/commitments/withdraw/", commitment_forms.withdraw, name="operator-withdraw"),
    path("operator/<str:address>/commitments/announce/", commitment_forms.announce, name="operator-announce"),
    path("operator/<str:address>/retire/", node_forms.retire, name="operator-retire"),
    path("money/<slug:name>/", money.enter, name="money"),
    path("money/<slug:name>/review/", money.review, name="money-review"),
    path("money/done/<slug:key>/", money.done, name="money-done"),
]
