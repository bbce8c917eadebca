"""A web server that webhooks call, and confirmed e-mail addresses."""

from __future__ import annotations

import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from django.core import mail

from notifications import subscriptions

ALL = ["slash_pending", "share_cut", "vote_closing"]


class Target:
    """A web server that a webhook calls; it answers with `status`."""

    def __init__(self) -> None:
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        target = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                target.calls.append((dict(self.headers), body))
                self.send_response(target.status)
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?a=1"
        threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True).start()


def confirmed(address: str, email: str, kinds: list[str]) -> None:
    subscriptions.set_email(wallet=address, email=email, kinds=kinds, link="https://site/confirm/")
    token = re.search(r"confirm/(\S+)/", mail.outbox.pop().body)
    assert token
    subscriptions.confirm_email(token.group(1))
