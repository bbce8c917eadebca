"""The test suite: a devnet on servers of its own, tasks run where they are called."""

import os

from .devnet import *

SECRET_KEY = "only-for-tests-" + "x" * 50
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}

# Tests that commit are cleaned by TRUNCATE, which the ledger refuses to everybody else.
DATABASES["default"]["OPTIONS"].pop("pool", None)
DATABASES["default"]["OPTIONS"]["options"] = "-c inframind.allow_truncate=on"
DATABASES["default"]["TEST"] = {"NAME": f"test_inframind_{os.getpid()}"}

VERSION_SECONDS = 0

# Workers of one run count apart from each other.
REDIS_LOCKS_URL = redis_database(3 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]))

CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
