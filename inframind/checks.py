"""System checks of the house: what must hold before anything is served."""

from __future__ import annotations

import importlib.util
import os
from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

FAST_BACKEND = "CoinCurveECCBackend"
ADVICE = "Install coincurve; without it a signature takes a hundred times as long to verify."


def require_fast_curve() -> None:
    """Refuse to start where signatures would be verified in pure Python."""
    chosen = os.environ.get("ECC_BACKEND_CLASS", FAST_BACKEND)
    if importlib.util.find_spec("coincurve") is None:
        raise ImproperlyConfigured(f"The coincurve package is missing. {ADVICE}")
    if not chosen.endswith(FAST_BACKEND):
        raise ImproperlyConfigured(f"ECC_BACKEND_CLASS={chosen!r} is not coincurve's backend. Unset it.")


@register()
def fast_curve_in_use(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    from eth_keys.backends import get_default_backend_class

    backend = get_default_backend_class()
    if backend.endswith(FAST_BACKEND):
        return []
    return [Error(f"Signatures would be verified by {backend}.", hint=ADVICE, id="inframind.E001")]
