from __future__ import annotations

from django.urls import path

from notifications import pages

urlpatterns = [
    path("inbox/", pages.show, name="inbox"),
    path("inbox/read/", pages.read, name="inbox-read"),
    path("inbox/settings/", pages.choose, name="inbox-settings"),
    path("inbox/settings/email/", pages.save_email, name="inbox-email"),
    path("inbox/settings/webhook/", pages.save_webhook, name="inbox-webhook"),
    path("inbox/confirm/<str:token>/", pages.confirm, name="inbox-confirm"),
]
