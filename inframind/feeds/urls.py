from __future__ import annotations

from django.urls import path
from django.views.decorators.http import require_safe

from .atom import NewestFeed
from .badge import badge
from .calendar import votes_calendar, wallet_calendar

urlpatterns = [
    path("nodes/<str:address>/badge.svg", badge, name="badge"),
    path("wallets/<str:address>/calendar.ics", wallet_calendar, name="wallet-calendar"),
    path("governance/calendar.ics", votes_calendar, name="votes-calendar"),
    path("feed.atom", require_safe(NewestFeed()), name="feed"),
]
