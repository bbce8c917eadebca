"""Callers of the API."""

from tests.callers import anna, api, signed_in, token, toys  # noqa: F401
