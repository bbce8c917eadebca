"""The session of a command: network, signed-in wallet, and requests."""

from __future__ import annotations

import os
import sys
import uuid
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import typer

from infra import addresses, config, output
from infra.client import Api, Row
from infra.config import Configuration
from infra.refusals import Refused


@dataclass
class Session:
    """One run of `infra`. Files and connections are opened on first use."""

    typed_url: str | None = None
    as_json: bool = False
    yes: bool = False
    dry_run: bool = False
    key: str = field(default_factory=lambda: str(uuid.uuid4()))

    @cached_property
    def configuration(self) -> Configuration:
        return config.load()

    @cached_property
    def url(self) -> str:
        typed = self.typed_url or os.environ.get("INFRA_URL")
        return config.network_url(typed or self.configuration.url or config.DEFAULT_URL)

    @cached_property
    def token(self) -> str | None:
        return os.environ.get("INFRA_TOKEN") or self._stored_token()

    @cached_property
    def api(self) -> Api:
        return Api(self.url, self.token)

    def me(self) -> Row:
        """The caller's wallet. Raises `unauthenticated` when nobody is signed in here."""
        self.require_sign_in()
        return self.api.me()

    def node(self, typed: str) -> str:
        """The whole address of a node typed as a prefix."""
        return addresses.complete(self.api, typed)

    def require_sign_in(self) -> None:
        if not self.token:
            raise Refused("unauthenticated", f"Not signed in to {self.url}: run `infra login --key FILE`.")

    def submit(self, where: str, body: Row, *, question: str | None) -> Any:
        """Confirm, then POST; None on a dry run. Without a question nothing is confirmed."""
        if self.dry_run:
            self.show_requests(self.request(where, body))
            return None
        self.require_sign_in()
        if question:
            self.confirm(question)
        return self.api.post(where, body, self.key)

    def confirm(self, question: str) -> None:
        """Ask for confirmation on a terminal; a script is not asked. Raises `cancelled`."""
        if self.yes or not sys.stdin.isatty():
            return
        if not typer.confirm(output.clean(question), err=True):
            raise Refused("cancelled", "Nothing was sent.")

    def request(self, where: str, body: Row) -> Row:
        """The request that a dry run shows."""
        return {"method": "POST", "url": self.api.address(where), "idempotency_key": self.key, "body": body}

    def show_requests(self, shown: Row | list[Row]) -> None:
        """One request, or a list of them; nothing is sent."""
        if self.as_json:
            output.say_json(shown)
            return
        for request in shown if isinstance(shown, list) else [shown]:
            body = ", ".join(f"{name}={value}" for name, value in request["body"].items())
            output.facts(
                [
                    ("would send", f"{request['method']} {request['url']}"),
                    ("body", body or "(empty)"),
                    ("idempotency key", request["idempotency_key"]),
                ]
            )

    def _stored_token(self) -> str | None:
        sign_in = self.configuration.sign_ins.get(self.url)
        return sign_in.token if sign_in else None
