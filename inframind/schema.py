"""The OpenAPI description: what every door has in common is said here once."""

from __future__ import annotations

from drf_spectacular.openapi import AutoSchema


class Schema(AutoSchema):
    """DRF-spectacular's reading of a view, with the refusals that any door may give."""
