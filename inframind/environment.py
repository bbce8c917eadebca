"""The environment, read strictly: every variable is known here, has one parser and one default."""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

PROJECT_ROOT = Path(__file__).resolve().parents[1]
OWN_PREFIX = "INFRAMIND_"


class EnvironmentFault(ImproperlyConfigured):
    """A variable is unknown, missing or has a value that makes no sense; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: its parser gets the text and raises ValueError with a sentence."""

    name: str
    parse: Callable[[str], Any]
    default: str | None
    says: str


def choice(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return text

    return parse


def switch(text: str) -> bool:
    states = {"1": True, "on": True, "true": True, "0": False, "off": False, "false": False}
    if text.lower() not in states:
        raise ValueError("must be on or off (1 or 0)")
    return states[text.lower()]


def whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,18}", text) or not low <= int(text) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(text)

    return parse


def folder(text: str) -> Path:
    if not text.strip():
        raise ValueError("must name a folder")
    return (PROJECT_ROOT / Path(text).expanduser()).resolve()


def names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def url(*schemes: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text and urlsplit(text).scheme not in schemes:
            raise ValueError(f"must be a URL that starts with {' or '.join(f'{s}://' for s in schemes)}")
        return text

    return parse


def overrides(text: str) -> dict[str, Any]:
    try:
        values = json.loads(text or "{}")
    except json.JSONDecodeError as error:
        raise ValueError(f"must be a JSON object ({error})") from error
    if not isinstance(values, dict):
        raise ValueError("must be a JSON object of parameter names and values")
    return values


VARIABLES: tuple[Variable, ...] = (
    Variable(
        "INFRAMIND_NETWORK",
        choice("devnet", "production"),
        "devnet",
        "`production` refuses to start without its secrets and has no devnet commands or demo sign-in",
    ),
    Variable(
        "INFRAMIND_DATA_DIR",
        folder,
        ".data",
        "where the embedded servers, logs, collected static files and the devnet secret live",
    ),
    Variable("INFRAMIND_DEMO", switch, "on", "devnet: `0` starts with an empty network"),
    Variable(
        "INFRAMIND_PARAMETERS",
        overrides,
        "",
        "devnet: JSON, overrides protocol parameters at the first start",
    ),
    Variable("INFRAMIND_RATE_LIMITS", switch, "on", "devnet: `off` lifts the throttles, for tests"),
    Variable(
        "INFRAMIND_CHAIN_ID",
        whole(1, 2**63 - 1),
        "31337",
        "chain id in signed receipts and sign-ins; the first start writes it into the database, for good",
    ),
    Variable("INFRAMIND_WEB_WORKERS", whole(1, 64), "2", "web processes under `make run`"),
    Variable(
        "INFRAMIND_WEB_THREADS", whole(1, 64), "2", "requests that each web process has in hand at a time"
    ),
    Variable("INFRAMIND_TASK_WORKERS", whole(1, 64), "2", "task processes under `make run`"),
    Variable(
        "INFRAMIND_LOG_LEVEL", choice("DEBUG", "INFO", "WARNING", "ERROR"), "INFO", "what is worth a log line"
    ),
    Variable(
        "INFRAMIND_PROXIES",
        whole(0, 10),
        "0",
        "proxies of yours that append to `X-Forwarded-For`; rate limits count callers by it. In production at least 1 "
        "unless `INFRAMIND_HTTPS=off`",
    ),
    Variable("INFRAMIND_HTTPS", switch, "on", "production: `off` only when nothing in front speaks TLS"),
    Variable("INFRAMIND_ADMINS", names, "", "addresses that get alarms by e-mail, separated by commas"),
    Variable(
        "INFRAMIND_METRICS_TOKEN",
        str,
        "",
        "bearer token asked for at `/metrics`; in production `/metrics` is closed without one",
    ),
    Variable("PORT", whole(1, 65535), "8000", "port of the site under `make run`, on 127.0.0.1"),
    Variable(
        "DATABASE_URL", url("postgres", "postgresql"), "", "a PostgreSQL ≥ 15 instead of the embedded one"
    ),
    Variable(
        "INFRAMIND_PREPARED_STATEMENTS",
        switch,
        "on",
        "`off` behind a connection pooler in transaction mode, such as pgbouncer",
    ),
    Variable("REDIS_URL", url("redis", "rediss"), "", "a Redis ≥ 6.2 or Valkey instead of the embedded one"),
    Variable(
        "EMAIL_URL",
        url("smtp", "smtps", "smtp+tls", "smtp+ssl", "consolemail", "memorymail"),
        "consolemail://",
        "mail server for notices, smtp+tls://user:password@host:587; by default letters go to the worker's log",
    ),
    Variable("INFRAMIND_EMAIL_FROM", str, "InfraMind Staking <notices@localhost>", "sender of the letters"),
    Variable("SECRET_KEY", str, "", "production: at least 50 characters; on a devnet one is made and kept"),
    Variable(
        "SECRET_KEY_FALLBACKS",
        names,
        "",
        "former values of `SECRET_KEY`, separated by commas: sessions signed with them stay valid",
    ),
    Variable(
        "ALLOWED_HOSTS", names, "", "production: host names of the site, separated by commas; `*` is refused"
    ),
)

REQUIRED_IN_PRODUCTION = ("SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL")
SECRET_LENGTH = 50
SECRET_CHARACTERS = 16
# Hardhat and Anvil, Ganache and Geth in development mode.
DEVELOPMENT_CHAINS = (31337, 1337)


def load(environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Parse the whole environment at once.

    Returns every variable of VARIABLES by name. Raises EnvironmentFault naming the variable: an
    unknown INFRAMIND_* name, a bad value, or a secret that production lacks.
    """
    source = os.environ if environ is None else environ
    _refuse_unknown(source)
    values = {variable.name: _parsed(variable, source) for variable in VARIABLES}
    if values["INFRAMIND_NETWORK"] == "production":
        _require_secrets(values)
    return values


def _refuse_unknown(source: Mapping[str, str]) -> None:
    known = [variable.name for variable in VARIABLES]
    for name in sorted(source):
        if name.startswith(OWN_PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise EnvironmentFault(f"{name} is not a setting of this project.{hint}")


def _parsed(variable: Variable, source: Mapping[str, str]) -> Any:
    text = source.get(variable.name) or variable.default or ""
    try:
        return variable.parse(text)
    except ValueError as error:
        raise EnvironmentFault(f"{variable.name}={text!r}: {error}.") from error


def _require_secrets(values: Mapping[str, Any]) -> None:
    missing = [name for name in REQUIRED_IN_PRODUCTION if not values[name]]
    if missing:
        raise EnvironmentFault(f"INFRAMIND_NETWORK=production needs {', '.join(missing)} to be set.")
    for refused, sentence in _unsafe(values):
        if refused:
            raise EnvironmentFault(sentence)


def _unsafe(values: Mapping[str, Any]) -> Iterator[tuple[bool, str]]:
    """Values that suit a devnet and endanger a public network, each with the sentence that refuses it."""
    for name, secret in [
        ("SECRET_KEY", values["SECRET_KEY"]),
        *(("SECRET_KEY_FALLBACKS", former) for former in values["SECRET_KEY_FALLBACKS"]),
    ]:
        yield (
            len(secret) < SECRET_LENGTH or len(set(secret)) < SECRET_CHARACTERS,
            f"{name} must be random in production, with at least {SECRET_LENGTH} characters. Make one with: "
            'python -c "import secrets; print(secrets.token_urlsafe(50))"',
        )
    yield (
        "*" in values["ALLOWED_HOSTS"],
        "ALLOWED_HOSTS=* lets anyone choose the links in e-mails and the domain of sign-ins. "
        "Name the hosts of the site.",
    )
    yield (
        values["INFRAMIND_CHAIN_ID"] in DEVELOPMENT_CHAINS,
        f"INFRAMIND_CHAIN_ID={values['INFRAMIND_CHAIN_ID']} is the chain id of development nodes: receipts and "
        "sign-ins of any devnet would be valid here. Set the network's own.",
    )
    yield (
        values["INFRAMIND_HTTPS"] and not values["INFRAMIND_PROXIES"],
        "INFRAMIND_PROXIES=0 would count all callers as one, since a proxy in front speaks TLS. Set how many proxies "
        "append to X-Forwarded-For, or INFRAMIND_HTTPS=off when there is none.",
    )
    yield (
        bool(values["INFRAMIND_PARAMETERS"]),
        "INFRAMIND_PARAMETERS is for a devnet; production sets parameters at genesis and by proposal.",
    )
    yield not values["INFRAMIND_RATE_LIMITS"], "INFRAMIND_RATE_LIMITS=off is for a devnet."
