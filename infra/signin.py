"""EIP-4361 sign-in with a key on this machine, or with a signature made elsewhere."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from urllib.parse import urlsplit

from infra import keys
from infra.client import LOOPBACK, Api, Row
from infra.refusals import Refused

GREETING = " wants you to sign in with your Ethereum account:"


def sign_in(api: Api, address: str, sign: Callable[[str], str], domain: str | None) -> Row:
    """Fetch a message for the address, check it, have it signed, and return `{token, address, expires_at}`."""
    challenge = api.post("auth/nonce", {"address": address}, str(uuid.uuid4()))
    message: str = challenge["message"]
    check_message(message, address=address, nonce=challenge["nonce"], url=api.url, domain=domain)
    body = {"message": message, "signature": sign(message)}
    answer: Row = api.post("auth/verify", body, str(uuid.uuid4()))
    return answer


def sign_in_with_key(api: Api, key: bytes, domain: str | None) -> Row:
    """Sign in with a private key, which stays on this machine."""
    return sign_in(api, keys.address_of(key), lambda message: keys.sign(key, message), domain)


def check_message(message: str, *, address: str, nonce: str, url: str, domain: str | None) -> None:
    """Refuse to sign for somebody else: a server in between could pass on another network's message.

    Raises `message_suspect`.
    """
    lines = message.splitlines()
    if len(lines) < 2 or not lines[0].endswith(GREETING):
        raise Refused("message_suspect", "The message is not a sign-in (EIP-4361). Nothing was signed.")
    named_host = lines[0].removesuffix(GREETING).rpartition("://")[2]
    if not _same_place(named_host, domain or urlsplit(url).netloc):
        raise Refused(
            "message_suspect",
            f"The message signs in at {named_host}, not at {urlsplit(url).netloc}. Nothing was signed. "
            f"If that is right, say --domain {named_host}.",
        )
    if lines[1].lower() != address.lower() or f"Nonce: {nonce}" not in lines:
        raise Refused("message_suspect", "The message is for another wallet or nonce. Nothing was signed.")


def _same_place(named_host: str, expected: str) -> bool:
    """Same host, and same port where the message names one; on this machine any port."""
    theirs, ours = urlsplit(f"//{named_host.lower()}"), urlsplit(f"//{expected.lower()}")
    if theirs.hostname in LOOPBACK and ours.hostname in LOOPBACK:
        return True
    return theirs.hostname == ours.hostname and theirs.port in (None, ours.port)
