"""Requirements that are checked before anything is served."""

from __future__ import annotations

import importlib.util

from django.core.exceptions import ImproperlyConfigured


def require_fast_curve() -> None:
    """Refuse to start where signatures would be verified in pure Python."""
    if importlib.util.find_spec("coincurve") is None:
        raise ImproperlyConfigured(
            "The coincurve package is missing. Install it; without it a signature takes a hundred times "
            "as long to verify."
        )
