"""The HTTP server: JSON-RPC on the loopback interface, closed to the web sites that a browser visits."""

from __future__ import annotations

import re
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[bytes], bytes]

MAX_BODY = 1 << 20
# Seconds that a connection may be idle.
_TIMEOUT = 60

# A name that an attacker's DNS points to 127.0.0.1 is not among them.
_HOST = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?", re.IGNORECASE)
# Pages served on this machine, and wallets in the browser.
_ORIGIN = re.compile(
    r"https?://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?"
    r"|(?:chrome-extension|moz-extension|safari-web-extension)://[\w-]+",
    re.IGNORECASE,
)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "inframind-devnet"
    sys_version = ""
    timeout = _TIMEOUT
    server: Server

    def do_OPTIONS(self) -> None:
        if self._is_allowed():
            self._send(204)

    def do_POST(self) -> None:
        if not self._is_allowed():
            return
        body = self._body()
        if body is not None:
            answer = self.server.answer(body)
            self._send(200 if answer else 204, answer)

    def do_GET(self) -> None:
        self._refuse(405, "JSON-RPC is called with POST.")

    def _is_allowed(self) -> bool:
        origin = self.headers.get("Origin")
        if not _HOST.fullmatch(self.headers.get("Host", "")):
            self._refuse(403, "This node answers at 127.0.0.1 and localhost only.")
        elif origin is not None and not _ORIGIN.fullmatch(origin):
            self._refuse(403, "This node answers pages of this machine only.")
        else:
            return True
        return False

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or "Transfer-Encoding" in self.headers:
            self._refuse(411, "A Content-Length is needed.")
        elif int(length) > MAX_BODY:
            self._refuse(413, f"A request has at most {MAX_BODY} bytes.")
        else:
            body = self.rfile.read(int(length))
            if len(body) == int(length):
                return body
            self.close_connection = True
        return None

    def _refuse(self, status: int, sentence: str) -> None:
        # The rest of the connection may be a body that nobody reads.
        self.close_connection = True
        self._send(status, sentence.encode() + b"\n", "text/plain; charset=utf-8")

    def _send(self, status: int, body: bytes = b"", kind: str = "application/json") -> None:
        self.send_response(status)
        origin = self.headers.get("Origin")
        if origin is not None and _ORIGIN.fullmatch(origin):
            self.send_header("Access-Control-Allow-Origin", origin)
            self.send_header("Access-Control-Allow-Methods", "POST")
            self.send_header("Access-Control-Allow-Headers", "Content-Type")
            self.send_header("Access-Control-Allow-Private-Network", "true")
            self.send_header("Access-Control-Max-Age", "600")
        self.send_header("Vary", "Origin")
        if body:
            self.send_header("Content-Type", kind)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """Listens on 127.0.0.1; port 0 takes a free one."""

    daemon_threads = True

    request_queue_size = 64

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)

    def serve(self, answer: Answer, *, poll_seconds: float = 0.2) -> None:
        """Answer requests with this function of their body until `shutdown` is called, seen at the next poll."""
        self.answer = answer
        self.serve_forever(poll_interval=poll_seconds)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"
