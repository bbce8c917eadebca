"""Delegation's pages, relative to /."""

from __future__ import annotations

from django.urls import path

from delegation.pages import money, portfolio, statement

urlpatterns = [
    path("portfolio/", portfolio.portfolio, name="portfolio"),
    path("wallets/<str:address>/", portfolio.wallet, name="wallet"),
    path("wallets/<str:address>/statement/", statement.statement_view, name="statement"),
    path("money/<slug:name>/", money.enter, name="money"),
    path("money/<slug:name>/review/", money.review, name="money-review"),
    path("money/done/<slug:key>/", money.done, name="money-done"),
]
