"""Signed webhook calls to URLs that wallets chose; the URLs are treated as hostile.

A call goes to public addresses only, over TLS, to the very address that was checked, follows nothing and reads
nothing. On a devnet this machine may be called too, without TLS.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import ipaddress
import socket
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

import httpx
from django.conf import settings

from protocol.errors import Invalid

# Limit in seconds from the start of the connection to the response headers.
TIMEOUT_SECONDS = 5
LONGEST_URL = 500
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")


class NotDelivered(Exception):
    """The call did not reach its target or was not answered with 2xx; the text says why."""


def check_url(url: str) -> None:
    """Raises: `invalid` unless a call may go there: https, a host, no credentials."""
    try:
        parts = urlsplit(url)
        port = parts.port
        _plain_host(parts)
    except ValueError:
        raise Invalid("Enter a whole address, https://host/path.", field="webhook") from None
    plain = settings.INFRAMIND_NETWORK == "devnet" and parts.hostname in ("127.0.0.1", "localhost", "::1")
    if parts.scheme != "https" and not (plain and parts.scheme == "http"):
        raise Invalid("Enter an address that begins with https://.", field="webhook")
    if not parts.hostname or parts.username or parts.password or len(url) > LONGEST_URL or port == 0:
        raise Invalid("Enter an address with a host and without a password.", field="webhook")


def call(
    url: str, body: bytes, *, secret: str, headers: Mapping[str, str], at: int, message: str = "message"
) -> None:
    """POST a signed body (unix seconds `at`); `message` is its id in each attempt. Raises: NotDelivered."""
    try:
        parts = urlsplit(url)
        host = _plain_host(parts)
        address = _resolve(host, parts.port or (443 if parts.scheme == "https" else 80))
        sent = {
            **headers,
            "Host": _netloc(host, parts.port),
            "Content-Type": "application/json",
            "User-Agent": "InfraMind-Staking",
            "InfraMind-Signature": f"t={at},v1={signature(secret, at, body)}",
            "webhook-id": message,
            "webhook-timestamp": str(at),
            "webhook-signature": standard_signature(secret, message, at, body),
        }
        target = parts._replace(netloc=_netloc(address, parts.port)).geturl()
        status = asyncio.run(_post(target, host, body, sent))
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:
        raise NotDelivered(f"{type(error).__name__}: {error}"[:200]) from error
    if not 200 <= status < 300:
        raise NotDelivered(f"answered {status}")


async def _post(target: str, host: str, body: bytes, headers: Mapping[str, str]) -> int:
    """The status of the answer, whose body is not read; the certificate is checked for the host name."""
    async with (
        asyncio.timeout(TIMEOUT_SECONDS),
        httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False, follow_redirects=False) as client,
        client.stream(
            "POST", target, content=body, headers=headers, extensions={"sni_hostname": host}
        ) as answer,
    ):
        return answer.status_code


def signature(secret: str, at: int, body: bytes) -> str:
    """Hex HMAC-SHA256 over "UNIX_SECONDS.BODY": with the secret a receiver can verify sender, body and age."""
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def standard_signature(secret: str, message: str, at: int, body: bytes) -> str:
    """The header webhook-signature of the Standard Webhooks specification, version 1."""
    signed = f"{message}.{at}.".encode() + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def standard_secret(secret: str) -> str:
    """The secret in the form that libraries of Standard Webhooks read."""
    return f"whsec_{base64.b64encode(secret.encode()).decode()}"


def _plain_host(parts: SplitResult) -> str:
    """The host as it is written on the wire, a foreign name in its letters for machines. Raises: ValueError."""
    return (parts.hostname or "").encode("idna").decode()


def _netloc(host: str, port: int | None) -> str:
    named = f"[{host}]" if ":" in host else host
    return f"{named}:{port}" if port else named


def _resolve(host: str, port: int) -> str:
    """The address to call; every address the name stands for must be public."""
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise NotDelivered(f"{host} is not known: {error}"[:200]) from error
    addresses = [str(entry[4][0]) for entry in entries]
    for address in addresses:
        if not _may_call(ipaddress.ip_address(address.split("%")[0])):
            raise NotDelivered(f"{host} is no public address")
    return addresses[0]


def _may_call(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if settings.INFRAMIND_NETWORK == "devnet" and address.is_loopback:
        return True
    if isinstance(address, ipaddress.IPv6Address) and (
        address not in GLOBAL_UNICAST or address.sixtofour or address.teredo
    ):
        # An address of IPv4 in it leads to wherever that one does.
        return False
    return address.is_global and not address.is_multicast
