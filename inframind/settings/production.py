"""A public network: real servers, real secrets, TLS, no devnet commands."""

from .base import *

SECRET_KEY = ENV["SECRET_KEY"]
ALLOWED_HOSTS = [*ENV["ALLOWED_HOSTS"]]
CSRF_TRUSTED_ORIGINS = [f"https://{host.lstrip('.')}" for host in ALLOWED_HOSTS if host != "*"]

SECURE_SSL_REDIRECT = ENV["INFRAMIND_HTTPS"]
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV["INFRAMIND_HTTPS"] else None
SECURE_HSTS_SECONDS = 31_536_000 if ENV["INFRAMIND_HTTPS"] else 0
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENV["INFRAMIND_HTTPS"]
