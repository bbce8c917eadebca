"""Parsers of environment variables: text to value, or ValueError with what the variable must be."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from protocol.addresses import normalize
from protocol.errors import AddressInvalid

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
PROJECT_ROOT = Path(__file__).resolve().parents[1]


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


def private_key(text: str) -> bytes:
    """A private key of secp256k1 as 64 hex digits, with or without 0x."""
    if not text:
        return b""
    digits = text.removeprefix("0x")
    if not re.fullmatch(r"[0-9a-fA-F]{64}", digits) or not 0 < int(digits, 16) < CURVE_ORDER:
        raise ValueError("must be a private key of 32 bytes as 64 hex digits")
    return bytes.fromhex(digits)


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


def address(text: str) -> str:
    if not text:
        return ""
    try:
        return normalize(text)
    except AddressInvalid:
        raise ValueError("must be an address, 0x and 40 hex digits") from None


def node_urls(text: str) -> tuple[str, ...]:
    """One or two URLs of Ethereum nodes."""
    urls = names(text)
    if len(urls) > 2:
        raise ValueError("must be one URL, or two separated by a comma")
    if len(set(urls)) < len(urls):
        raise ValueError("must be two different URLs: a node cannot confirm what it says itself")
    for one in urls:
        parts = urlsplit(one)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be URLs that start with http:// or https://")
    return urls


def file_path(text: str) -> Path | None:
    return (PROJECT_ROOT / Path(text).expanduser()).resolve() if text.strip() else None


def overrides(text: str) -> dict[str, Any]:
    try:
        values = json.loads(text or "{}")
    except json.JSONDecodeError as error:
        raise ValueError(f"must be a JSON object ({error})") from error
    if not isinstance(values, dict):
        raise ValueError("must be a JSON object of parameter names and values")
    return values


def archive(text: str) -> str:
    """A folder, made absolute, or the address of a bucket."""
    if not text or re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._/-]*)?", text):
        return text
    if "://" in text:
        raise ValueError("must be a folder, or s3://bucket/prefix")
    return str(folder(text))


def retention_epochs(least: int) -> Callable[[str], int]:
    """Parser of a number of epochs; 0 stands for all."""

    def parse(text: str) -> int:
        number = whole(0, 1_000_000)(text)
        if 0 < number < least:
            raise ValueError(f"must be 0 or at least {least}")
        return number

    return parse
