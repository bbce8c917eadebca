"""Settings of a devnet with an empty view for comparison; static files keep their names and are not collected."""

from inframind.settings import *  # noqa: F403
from inframind.settings import STORAGES

ROOT_URLCONF = "bench.urls"
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
