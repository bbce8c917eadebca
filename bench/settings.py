"""The settings of a devnet with the floor beside it; static files keep their names, so that none need be collected."""

from inframind.settings import *  # noqa: F403
from inframind.settings import STORAGES

ROOT_URLCONF = "bench.urls"
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
