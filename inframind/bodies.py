"""Bodies that come in chunks, without a length, are read and measured before the site sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
PIECE = 65_536


class MeasuredBodies:
    """WSGI knows a body by its length, and Django takes one without for empty; `limit` is in bytes.

    Of a longer body one byte more than the limit is read, which the site then refuses as too large.
    """

    def __init__(self, application: Application, limit: int) -> None:
        self.application = application
        self.limit = limit

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "") and not environ.get("CONTENT_LENGTH"):
            body = self._read(environ["wsgi.input"])
            environ = {**environ, "CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body)}
        return self.application(environ, start_response)

    def _read(self, stream: Any) -> bytes:
        body = bytearray()
        while len(body) <= self.limit:
            piece = stream.read(min(PIECE, self.limit + 1 - len(body)))
            if not piece:
                break
            body += piece
        return bytes(body)
