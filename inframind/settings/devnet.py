"""A network on one's own machine: embedded servers, a kept secret, the devnet's commands."""

from inframind.supervisor import paths

from .base import *

SECRET_KEY = ENV["SECRET_KEY"] or paths.kept_secret(DATA_DIR)
ALLOWED_HOSTS = [*(ENV["ALLOWED_HOSTS"] or ("127.0.0.1", "localhost", "[::1]", "testserver"))]
INSTALLED_APPS = [*INSTALLED_APPS, "inframind.devnet"]
