"""Environment variables, read strictly: each one has one parser and one default here."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from inframind.environment_parsers import PROJECT_ROOT as PROJECT_ROOT
from inframind.environment_parsers import (
    address,
    archive,
    choice,
    file_path,
    folder,
    names,
    node_urls,
    overrides,
    private_key,
    retention_epochs,
    switch,
    url,
    whole,
)

OWN_PREFIX = "INFRAMIND_"


class EnvironmentFault(ImproperlyConfigured):
    """A variable is unknown, missing or invalid; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: its parser gets the text and raises ValueError with a sentence."""

    name: str
    parse: Callable[[str], Any]
    default: str | None
    says: str
    # Its value may contain a password or a provider's key, and is in no error message.
    secret: bool = False


# A slash that can still be disputed and executed shows its receipts (R33).
MIN_RETENTION = 5

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
        "INFRAMIND_DEMO_LIVE", switch, "on", "devnet: `0` stops the heartbeats and jobs of the demo's nodes"
    ),
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
    Variable(
        "INFRAMIND_CHAIN_EMBEDDED",
        switch,
        "on",
        "devnet: `off` starts no development chain under `make run`",
    ),
    Variable(
        "INFRAMIND_CHAIN_RPC",
        node_urls,
        "",
        "URL of an Ethereum node on which epochs are anchored (docs/chain.md); a second one, after a comma, confirms "
        "what the first says is final",
        secret=True,
    ),
    Variable("INFRAMIND_CHAIN_SETTLEMENT", address, "", "address of the settlement contract on that chain"),
    Variable(
        "INFRAMIND_CHAIN_TOKEN",
        address,
        "",
        "address of the token contract; without one epochs are anchored only",
    ),
    Variable(
        "INFRAMIND_CHAIN_ORACLE_KEYSTORE",
        file_path,
        "",
        "keystore file (version 3) of the account that submits epochs; without one the chain is only read",
    ),
    Variable("INFRAMIND_CHAIN_ORACLE_PASSWORD", str, "", "password of the keystore", secret=True),
    Variable(
        "INFRAMIND_CHAIN_ORACLE_PASSWORD_FILE",
        file_path,
        "",
        "file with the password of the keystore, instead",
    ),
    Variable(
        "INFRAMIND_CHAIN_ORACLE_KEY",
        private_key,
        "",
        "private key of that account as 64 hex digits, instead of a keystore",
        secret=True,
    ),
    Variable(
        "INFRAMIND_CHAIN_START_BLOCK",
        whole(0, 2**63 - 1),
        "0",
        "the block in which the token was deployed: deposits are read from there on",
    ),
    Variable(
        "INFRAMIND_CHAIN_CONFIRMATIONS",
        whole(1, 1_000),
        "12",
        "blocks, its own included, after which a transaction counts as final",
    ),
    Variable(
        "INFRAMIND_CHAIN_MAX_FEE",
        whole(1, 1_000_000),
        "200",
        "the highest fee per gas that is paid to submit an epoch, in gwei; above it epochs wait",
    ),
    Variable(
        "INFRAMIND_ARCHIVE",
        archive,
        "",
        "folder, or `s3://bucket/prefix`, into which old receipts, rankings, events and inputs are archived before "
        "they are dropped; without one nothing is dropped. A bucket's keys come from the variables of the AWS SDK",
    ),
    Variable(
        "INFRAMIND_KEEP_RECEIPTS",
        retention_epochs(MIN_RETENTION),
        "30",
        "settled epochs whose receipts and heartbeats stay in the database, at least 5; `0` for all",
    ),
    Variable(
        "INFRAMIND_KEEP_RANKINGS",
        retention_epochs(MIN_RETENTION),
        "90",
        "settled epochs whose rankings stay in the database, at least 5; `0` for all",
    ),
    Variable(
        "INFRAMIND_KEEP_EVENTS",
        retention_epochs(MIN_RETENTION),
        "365",
        "settled epochs whose events stay in inboxes and on nodes' pages, at least 5; `0` for all",
    ),
    Variable(
        "INFRAMIND_KEEP_INPUTS",
        retention_epochs(MIN_RETENTION),
        "90",
        "settled epochs whose published inputs stay in the database, at least 5; `0` for all",
    ),
    Variable("INFRAMIND_WEB_WORKERS", whole(1, 64), "2", "web processes"),
    Variable(
        "INFRAMIND_WEB_THREADS",
        whole(1, 64),
        "2",
        "reads, and writes, that each web process works on at a time",
    ),
    Variable("INFRAMIND_TASK_WORKERS", whole(1, 64), "2", "task processes under `make run`"),
    Variable(
        "INFRAMIND_LOG_LEVEL",
        choice("DEBUG", "INFO", "WARNING", "ERROR"),
        "INFO",
        "lowest level that is logged",
    ),
    Variable(
        "INFRAMIND_PROXIES",
        whole(0, 10),
        "0",
        "your proxies that append to `X-Forwarded-For`; rate limits count callers by it. In production at least 1 "
        "unless `INFRAMIND_HTTPS=off`",
    ),
    Variable("INFRAMIND_HTTPS", switch, "on", "production: `off` only when no proxy terminates TLS"),
    Variable("INFRAMIND_ADMINS", names, "", "addresses that get alarms by e-mail, separated by commas"),
    Variable(
        "INFRAMIND_SECURITY_CONTACT",
        url("mailto", "https"),
        "",
        "where to report a vulnerability, `mailto:security@example.org` or an https:// address; shown in "
        "`/.well-known/security.txt`",
    ),
    Variable(
        "INFRAMIND_METRICS_TOKEN",
        str,
        "",
        "bearer token required at `/metrics`; in production `/metrics` is closed without one",
    ),
    Variable(
        "INFRAMIND_METRICS_PORT",
        whole(0, 65535),
        "0",
        "port on which a worker serves its own `/metrics`; `0` for none",
    ),
    Variable("INFRAMIND_HOST", str, "127.0.0.1", "address on which the site and a worker's metrics listen"),
    Variable("PORT", whole(1, 65535), "8000", "port of the site"),
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
        "mail server for notifications, smtp+tls://user:password@host:587; by default e-mails go to the worker's log",
    ),
    Variable("INFRAMIND_EMAIL_FROM", str, "InfraMind Staking <notices@localhost>", "sender of e-mails"),
    Variable(
        "SECRET_KEY", str, "", "production: at least 50 characters; on a devnet one is generated and stored"
    ),
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
    _require_whole_chain(values)
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
        shown = variable.name if variable.secret else f"{variable.name}={text!r}"
        raise EnvironmentFault(f"{shown}: {error}.") from error


def _require_whole_chain(values: Mapping[str, Any]) -> None:
    """Refuse settings of a chain that lack what they need."""
    prefix = "INFRAMIND_CHAIN_"
    needs = {
        "RPC": "SETTLEMENT",
        "SETTLEMENT": "RPC",
        "TOKEN": "SETTLEMENT",
        "ORACLE_KEYSTORE": "SETTLEMENT",
        "ORACLE_KEY": "SETTLEMENT",
        "ORACLE_PASSWORD": "ORACLE_KEYSTORE",
        "ORACLE_PASSWORD_FILE": "ORACLE_KEYSTORE",
    }
    for name, needed in needs.items():
        if values[prefix + name] and not values[prefix + needed]:
            raise EnvironmentFault(f"{prefix}{name} needs {prefix}{needed} to be set.")
    if values[f"{prefix}ORACLE_KEY"] and values[f"{prefix}ORACLE_KEYSTORE"]:
        raise EnvironmentFault(f"Set {prefix}ORACLE_KEY or {prefix}ORACLE_KEYSTORE, not both.")
    passwords = [values[f"{prefix}ORACLE_PASSWORD"], values[f"{prefix}ORACLE_PASSWORD_FILE"]]
    if values[f"{prefix}ORACLE_KEYSTORE"] and sum(map(bool, passwords)) != 1:
        raise EnvironmentFault(
            f"{prefix}ORACLE_KEYSTORE needs {prefix}ORACLE_PASSWORD or {prefix}ORACLE_PASSWORD_FILE, one of both."
        )


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
