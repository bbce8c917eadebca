"""Every address of the site, by room."""

from __future__ import annotations

from django.urls import include, path

from . import admin, health

handler400 = "inframind.api.bad_request"
handler404 = "inframind.api.not_found"
handler500 = "inframind.api.fault"

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics_view, name="metrics"),
    path("admin/", admin.site.urls),
    path("api/v1/", include("inframind.api")),
    path("", include("identity.urls")),
    path("", include("notifications.urls")),
    path("", include("inframind.feeds.urls")),
    path("", include("delegation.pages.urls")),
    path("", include("governance.pages.urls")),
    path("", include("chain_sync.pages.urls")),
    path("", include("staking.pages.urls")),
]
