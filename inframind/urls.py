"""URLs of the site."""

from __future__ import annotations

from django.urls import include, path

from . import admin, health, site_files

handler400 = "inframind.api.bad_request"
handler404 = "inframind.api.not_found"
handler500 = "inframind.api.fault"

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics_view, name="metrics"),
    path("robots.txt", site_files.robots, name="robots"),
    path("favicon.ico", site_files.favicon, name="favicon"),
    path(".well-known/security.txt", site_files.security, name="security"),
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
