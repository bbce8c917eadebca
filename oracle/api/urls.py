"""The oracle's endpoints, under oracle/."""

from __future__ import annotations

from django.urls import path

from oracle.api import views

urlpatterns = [
    path("receipts", views.Receipts.as_view()),
    path("heartbeats", views.Heartbeats.as_view()),
    path("attestations", views.Attestations.as_view()),
]
