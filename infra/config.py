"""The configuration file: the network in use, and a sign-in for each network."""

from __future__ import annotations

import json
import os
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import typer

from infra import private_files
from infra.refusals import Refused

DEFAULT_URL = "http://127.0.0.1:8000"


@dataclass(frozen=True)
class SignIn:
    token: str
    address: str = ""
    expires_at: str = ""


@dataclass
class Configuration:
    url: str | None = None
    # By network: a token is never sent to another address than the one that gave it.
    sign_ins: dict[str, SignIn] = field(default_factory=dict)


def location() -> Path:
    """`$XDG_CONFIG_HOME/infra/config.toml`, by default `~/.config/infra/config.toml`."""
    home = os.environ.get("XDG_CONFIG_HOME") or ""
    base = Path(home) if os.path.isabs(home) else Path.home() / ".config"
    return base / "infra" / "config.toml"


def load() -> Configuration:
    """Read the configuration file; an absent file is an empty configuration.

    Raises `config_unsafe` when others can read it, `config_invalid` when it cannot be understood.
    """
    path = location()
    if not path.exists():
        return Configuration()
    text = private_files.read(path, code="config_unsafe", what="The configuration file")
    try:
        data = tomllib.loads(text)
        sign_ins = {url: SignIn(**entry) for url, entry in data.get("sign_in", {}).items()}
    except (tomllib.TOMLDecodeError, TypeError, AttributeError) as error:
        raise Refused("config_invalid", f"{path} cannot be read as configuration: {error}.") from None
    return Configuration(url=data.get("url"), sign_ins=sign_ins)


def save(configuration: Configuration) -> None:
    """Write the file anew, closed to others."""
    lines = ["# Written by `infra login`. It holds tokens: keep it to yourself."]
    if configuration.url:
        lines.append(f"url = {_quoted(configuration.url)}")
    for url, sign_in in configuration.sign_ins.items():
        lines += ["", f"[sign_in.{_quoted(url)}]"]
        lines += [f"{name} = {_quoted(value)}" for name, value in vars(sign_in).items() if value]
    private_files.write(location(), "\n".join(lines) + "\n")


def network_url(typed: str) -> str:
    """The address of a network in one form: no trailing slash, without `/api/v1`."""
    parts = urlsplit(typed)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise typer.BadParameter(f"{typed!r} is not an address such as {DEFAULT_URL}", param_hint="--url")
    return re.sub(r"(/api/v1)?/*$", "", f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/"))


def _quoted(text: str) -> str:
    # JSON's string is a TOML basic string too, once nothing outside the printable is in it.
    if not text.isprintable():
        raise Refused("config_invalid", "A value with unprintable characters cannot be kept.")
    return json.dumps(text, ensure_ascii=False)
