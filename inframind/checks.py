"""Requirements that are checked before anything is served."""

from __future__ import annotations

import importlib.util
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

CONSOLE = "django.core.mail.backends.console.EmailBackend"


def require_fast_curve() -> None:
    """Refuse to start where signatures would be verified in pure Python."""
    if importlib.util.find_spec("coincurve") is None:
        raise ImproperlyConfigured(
            "The coincurve package is missing. Install it; without it a signature takes a hundred times "
            "as long to verify."
        )


def unmailed_alarms() -> str | None:
    """Return the reason for which alarms are mailed to nobody; None where they are mailed, and on a devnet."""
    if settings.INFRAMIND_NETWORK != "production":
        return None
    if not settings.ADMINS:
        return "INFRAMIND_ADMINS is empty: nobody gets an e-mail when settlement halts."
    if settings.EMAIL_CONFIG["EMAIL_BACKEND"] == CONSOLE:
        return "EMAIL_URL=consolemail:// writes e-mails to the log: nobody gets one when settlement halts."
    return None


@checks.register(deploy=True)
def check_alarms_are_mailed(**more: Any) -> list[checks.CheckMessage]:
    """`manage.py check --deploy`: alarms of production are mailed to somebody."""
    fault = unmailed_alarms()
    hint = "Set INFRAMIND_ADMINS and EMAIL_URL (docs/operations.md, First installation)."
    return [checks.Warning(fault, hint=hint, id="inframind.W001")] if fault else []
