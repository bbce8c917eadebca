"""The oracle's doors, under oracle/."""

from __future__ import annotations

from django.urls import path

from staking.api import oracle

urlpatterns = [
    path("receipts", oracle.Receipts.as_view()),
    path("heartbeats", oracle.Heartbeats.as_view()),
    path("attestations", oracle.Attestations.as_view()),
]
