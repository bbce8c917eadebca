"""Doors of identity: sign-in and the caller's own wallet."""

from __future__ import annotations

from typing import Any

urlpatterns: list[Any] = []
