"""Settings of every network; devnet, production and test override them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

import environ

from inframind import database_limits
from inframind.archive_storage import archive_storage
from inframind.environment import PROJECT_ROOT, load
from inframind.logs import logging_config
from inframind.supervisor import paths

BASE_DIR = PROJECT_ROOT
ENV = load()
NETWORK: str = ENV["INFRAMIND_NETWORK"]
DATA_DIR = ENV["INFRAMIND_DATA_DIR"]

INFRAMIND_NETWORK: str = NETWORK
INFRAMIND_CHAIN_ID: int = ENV["INFRAMIND_CHAIN_ID"]
INFRAMIND_CHAIN_EMBEDDED: bool = ENV["INFRAMIND_CHAIN_EMBEDDED"]
INFRAMIND_CHAIN_RPC: tuple[str, ...] = ENV["INFRAMIND_CHAIN_RPC"]
INFRAMIND_CHAIN_SETTLEMENT: str = ENV["INFRAMIND_CHAIN_SETTLEMENT"]
INFRAMIND_CHAIN_TOKEN: str = ENV["INFRAMIND_CHAIN_TOKEN"]
INFRAMIND_CHAIN_ORACLE_KEYSTORE = ENV["INFRAMIND_CHAIN_ORACLE_KEYSTORE"]
INFRAMIND_CHAIN_ORACLE_PASSWORD: str = ENV["INFRAMIND_CHAIN_ORACLE_PASSWORD"]
INFRAMIND_CHAIN_ORACLE_KEY: bytes = ENV["INFRAMIND_CHAIN_ORACLE_KEY"]
INFRAMIND_CHAIN_ORACLE_PASSWORD_FILE = ENV["INFRAMIND_CHAIN_ORACLE_PASSWORD_FILE"]
INFRAMIND_CHAIN_START_BLOCK: int = ENV["INFRAMIND_CHAIN_START_BLOCK"]
INFRAMIND_CHAIN_CONFIRMATIONS: int = ENV["INFRAMIND_CHAIN_CONFIRMATIONS"]
INFRAMIND_CHAIN_MAX_FEE: int = ENV["INFRAMIND_CHAIN_MAX_FEE"]
INFRAMIND_ARCHIVE: str = ENV["INFRAMIND_ARCHIVE"]
INFRAMIND_KEEP_RECEIPTS: int = ENV["INFRAMIND_KEEP_RECEIPTS"]
INFRAMIND_KEEP_RANKINGS: int = ENV["INFRAMIND_KEEP_RANKINGS"]
INFRAMIND_KEEP_EVENTS: int = ENV["INFRAMIND_KEEP_EVENTS"]
INFRAMIND_KEEP_INPUTS: int = ENV["INFRAMIND_KEEP_INPUTS"]
INFRAMIND_PARAMETERS: dict[str, Any] = ENV["INFRAMIND_PARAMETERS"]
INFRAMIND_DEMO_LIVE: bool = ENV["INFRAMIND_DEMO_LIVE"]
INFRAMIND_RATE_LIMITS: bool = ENV["INFRAMIND_RATE_LIMITS"]
INFRAMIND_PROXIES: int = ENV["INFRAMIND_PROXIES"]
INFRAMIND_WEB_THREADS: int = ENV["INFRAMIND_WEB_THREADS"]
INFRAMIND_PREPARED_STATEMENTS: bool = ENV["INFRAMIND_PREPARED_STATEMENTS"]
INFRAMIND_WEB_WORKERS: int = ENV["INFRAMIND_WEB_WORKERS"]
INFRAMIND_HOST: str = ENV["INFRAMIND_HOST"]
INFRAMIND_PORT: int = ENV["PORT"]
INFRAMIND_SECURITY_CONTACT: str = ENV["INFRAMIND_SECURITY_CONTACT"]
INFRAMIND_METRICS_PORT: int = ENV["INFRAMIND_METRICS_PORT"]
INFRAMIND_METRICS_TOKEN: str = ENV["INFRAMIND_METRICS_TOKEN"]

DEBUG = False
ROOT_URLCONF = "inframind.urls"
WSGI_APPLICATION = "inframind.wsgi.application"
AUTH_USER_MODEL = "identity.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "template_partials",
    "corsheaders",
    "csp",
    "inframind",
    "identity",
    "notifications",
    "ledger",
    "web",
    "staking",
    "delegation",
    "governance",
    "chain",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "inframind.request_log.RequestLog",
    "inframind.etag.ConditionalReads",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "web.preferences.Preferences",
    "web.unavailable.Busy",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "identity.idempotency.Idempotency",
    "web.unavailable.Unavailable",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "inframind.page_context.chrome",
            ],
            "builtins": ["template_partials.templatetags.partials"],
        },
    }
]

# How long a process trusts what it knows of the version of lists and the scheduler before it looks again.
VERSION_SECONDS = 0.005

# Production has refused to start without these; a devnet falls back on its embedded servers.
DATABASE_URL: str = ENV["DATABASE_URL"] or paths.database_url(DATA_DIR)
REDIS_URL: str = ENV["REDIS_URL"] or paths.redis_url(DATA_DIR)

DATABASES: dict[str, dict[str, Any]] = {"default": environ.Env.db_url_config(DATABASE_URL)}
DATABASES["default"]["ENGINE"] = "postgres.backend"
DATABASES["default"]["ATOMIC_REQUESTS"] = False
# A cursor that outlives its transaction would be in another session of the pooler.
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = not INFRAMIND_PREPARED_STATEMENTS
DATABASE_OPTIONS: dict[str, Any] = DATABASES["default"].setdefault("OPTIONS", {})
DATABASE_OPTIONS["pool"] = {"min_size": 1, "max_size": max(8, INFRAMIND_WEB_THREADS + 2), "timeout": 10}
# A server that vanished without a word is noticed within seconds, not after the kernel's quarter of an hour.
DATABASE_OPTIONS |= {
    "connect_timeout": 5,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
DATABASE_OPTIONS |= {"tcp_user_timeout": 20_000, "application_name": f"inframind-{database_limits.kind()}"}
if INFRAMIND_PREPARED_STATEMENTS:
    # A pooler in transaction mode refuses start-up options; the role has the limits then (deploy/roles.sql).
    limits = database_limits.current().options
    DATABASE_OPTIONS["options"] = f"{limits} {DATABASE_OPTIONS.get('options', '')}".strip()
# After a restart of the server each kept connection is dead: it is tried before it is used.
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True


def redis_database(offset: int) -> str:
    """REDIS_URL with its database number moved: +0 the broker, +1 the cache, +2 locks and counters."""
    parts = urlsplit(REDIS_URL)
    number = int(parts.path.strip("/") or 0) + offset
    return urlunsplit(parts._replace(path=f"/{number}"))


REDIS_LOCKS_URL = redis_database(2)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": redis_database(1),
        "KEY_PREFIX": "inframind",
        "TIMEOUT": 300,
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
}

# Not in the cache as well: who is signed in stays so without it, and who signed out stays out when it comes back.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
LOGIN_URL = "signin"
LOGIN_REDIRECT_URL = "portfolio"
SESSION_COOKIE_AGE = 7 * 86_400
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = False

CELERY_BROKER_URL = redis_database(0)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Longer than the longest task, else it would run twice; swept often, so that work of a killed
    # worker comes back.
    "visibility_timeout": 600,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 30,
}
# Shorter than the visibility timeout: a task that hangs is ended before the broker delivers it again.
CELERY_TASK_SOFT_TIME_LIMIT = 480
CELERY_TASK_TIME_LIMIT = 540
CELERY_TASK_DEFAULT_QUEUE = "celery"
CELERY_TASK_ROUTES = {
    "inframind.tasks.pulse": {"queue": "pulse"},
    "inframind.tasks.epoch_tick": {"queue": "settlement"},
    "inframind.tasks.ranking_tick": {"queue": "settlement"},
    "inframind.tasks.release_tick": {"queue": "settlement"},
}
# The schedule is code and ticks are short, so beat keeps nothing between two runs and needs no folder to write to.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

EMAIL_CONFIG = environ.Env.email_url_config(ENV["EMAIL_URL"])
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENV["INFRAMIND_EMAIL_FROM"]
EMAIL_SUBJECT_PREFIX = "[InfraMind] "
ADMINS = [("Operations", address) for address in ENV["INFRAMIND_ADMINS"]]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LANGUAGE_COOKIE_NAME = "language"
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [folder for folder in (BASE_DIR / "static",) if folder.is_dir()]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "inframind.static_storage.HashedStatic"},
    "archive": archive_storage(ENV["INFRAMIND_ARCHIVE"] or str(DATA_DIR / "archive")),
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "identity.authentication.TokenAuthentication",
        "identity.authentication.PageSession",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["web.api.permissions.WalletWrites"],
    "DEFAULT_THROTTLE_CLASSES": ["identity.throttles.Throttle"],
    "DEFAULT_PARSER_CLASSES": ["web.api.parsing.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "web.api.parsing.JSONAlways",
    "DEFAULT_SCHEMA_CLASS": "inframind.api_schema.Schema",
    "EXCEPTION_HANDLER": "web.api.problems.handle",
    "URL_FORMAT_OVERRIDE": None,
}
API_DESCRIPTION = """Everything that the pages can do, for programs.

Amounts are decimal strings in IFM with six digits, ratios integers in bps, times RFC 3339 in UTC. Lists are paged:
follow `next`. Reading is public; writing needs `Authorization: Bearer TOKEN`. A POST may carry an `Idempotency-Key`.
Refusals are `application/problem+json` with a stable `code`; `/api/v1/problems` says what each means.
Reads answer with an `ETag`, and with 304 to an `If-None-Match` that still holds."""
TOKEN_SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "description": "A wallet's token (scope read or write) from `auth/verify` or the page of tokens, or an oracle's.",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "InfraMind staking",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENABLE_DJANGO_DEPLOY_CHECK": False,
    "APPEND_COMPONENTS": {"securitySchemes": {"token": TOKEN_SCHEME}},
    "ENUM_NAME_OVERRIDES": {
        "DisputeStatus": "governance.api.serializers.DISPUTE_STATUSES",
        "ProposalStatus": "governance.api.serializers.PROPOSAL_STATUSES",
    },
    "DESCRIPTION": API_DESCRIPTION,
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "tryItOutEnabled": True, "defaultModelsExpandDepth": 0},
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "style-src": ["'self'"],
        "script-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}
# Which requests: inframind.cors. No path is open by its address alone.
CORS_URLS_REGEX = r"(?!)"
CORS_ALLOW_ALL_ORIGINS = True
CORS_ALLOW_METHODS = ["GET", "HEAD", "OPTIONS"]
CORS_ALLOW_HEADERS = ["accept", "content-type", "if-none-match"]
CORS_EXPOSE_HEADERS = ["etag", "retry-after", "x-request-id"]

X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"

LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = logging_config(level=ENV["INFRAMIND_LOG_LEVEL"], as_json=NETWORK == "production")
