"""Settings of a devnet: embedded servers, a stored secret, the devnet's commands."""

from inframind.supervisor import paths

from .base import *

SECRET_KEY = ENV["SECRET_KEY"] or paths.stored_secret(DATA_DIR)
ALLOWED_HOSTS = [*(ENV["ALLOWED_HOSTS"] or ("127.0.0.1", "localhost", "[::1]", "testserver"))]
INSTALLED_APPS = [*INSTALLED_APPS, "inframind.devnet"]

# Pages of the site as it is loaded are in the reader's language and theme.
MIDDLEWARE = [*MIDDLEWARE]
MIDDLEWARE.insert(
    MIDDLEWARE.index("web.preferences.Preferences") + 1, "inframind.demo.loading_page.LoadingPage"
)
