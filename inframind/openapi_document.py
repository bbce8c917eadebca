"""The OpenAPI document of the API."""

from __future__ import annotations

import json
from functools import cache

from drf_spectacular.generators import SchemaGenerator


@cache
def document() -> bytes:
    """The OpenAPI document; it follows from the code, so it is made once a process."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    return json.dumps(schema, ensure_ascii=False).encode()
