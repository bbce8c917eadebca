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

MIDDLEWARE = ["tests.answer_validation.ValidateAnswers", *MIDDLEWARE]

VERSION_SECONDS = 0

# Each worker of a test run has databases of its own: tests empty them.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
CACHES["default"]["LOCATION"] = redis_database(1 + 2 * WORKER)
REDIS_LOCKS_URL = redis_database(2 + 2 * WORKER)

CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
