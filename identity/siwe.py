"""Sign-in messages of EIP-4361: write and parse them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from protocol.addresses import checksum, normalize
from protocol.errors import Invalid, ProtocolError
from protocol.times import read_moment, write_moment

LONGEST = 4_000
STATEMENT = "Sign in to InfraMind staking. This moves no tokens and costs nothing."

_URI = r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*"
_DATE = r"[0-9T:.Zz+-]{20,35}"
_MESSAGE = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?P<domain>[A-Za-z0-9._~!$&'()*+,;=%:@\[\]-]+)"
    r" wants you to sign in with your Ethereum account:\n"
    r"(?P<address>0x[0-9a-fA-F]{40})\n\n"
    r"(?:(?P<statement>[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;= -]+)\n)?\n"
    rf"URI: (?P<uri>{_URI})\n"
    r"Version: (?P<version>1)\n"
    r"Chain ID: (?P<chain_id>[0-9]{1,19})\n"
    r"Nonce: (?P<nonce>[A-Za-z0-9]{8,32})\n"
    rf"Issued At: (?P<issued_at>{_DATE})"
    rf"(?:\nExpiration Time: (?P<expires_at>{_DATE}))?"
    rf"(?:\nNot Before: (?P<not_before>{_DATE}))?"
    r"(?:\nRequest ID: (?P<request_id>[A-Za-z0-9._~!$&'()*+,;=:@%-]*))?"
    rf"(?:\nResources:(?P<resources>(?:\n- {_URI})*))?"
)


@dataclass(frozen=True, slots=True)
class Message:
    """The fields of a sign-in message; the address is canonical, times are UTC."""

    domain: str
    address: str
    uri: str
    chain_id: int
    nonce: str
    issued_at: datetime
    scheme: str | None = None
    expires_at: datetime | None = None
    not_before: datetime | None = None


def compose(
    *,
    domain: str,
    scheme: str,
    address: str,
    chain_id: int,
    nonce: str,
    issued_at: datetime,
    expires_at: datetime,
) -> str:
    """The text that a wallet shows and signs."""
    return (
        f"{domain} wants you to sign in with your Ethereum account:\n{checksum(address)}\n\n{STATEMENT}\n\n"
        f"URI: {scheme}://{domain}/signin/\nVersion: 1\nChain ID: {chain_id}\nNonce: {nonce}\n"
        f"Issued At: {write_moment(issued_at)}\nExpiration Time: {write_moment(expires_at)}"
    )


def parse(text: str) -> Message:
    """The fields of a message, parsed by the whole grammar. Raises: `invalid`."""
    match = _MESSAGE.fullmatch(text) if len(text) <= LONGEST else None
    if match is None:
        raise Invalid(
            "Send the message of auth/nonce unchanged: this is no EIP-4361 sign-in.", field="message"
        )
    fields = match.groupdict()
    try:
        return Message(
            domain=fields["domain"],
            address=normalize(fields["address"]),
            uri=fields["uri"],
            chain_id=int(fields["chain_id"]),
            nonce=fields["nonce"],
            issued_at=read_moment(fields["issued_at"]),
            scheme=fields["scheme"],
            expires_at=_moment(fields["expires_at"]),
            not_before=_moment(fields["not_before"]),
        )
    except (ProtocolError, ValueError) as error:
        raise Invalid(f"The sign-in message is damaged: {error}.", field="message") from None


def _moment(text: str | None) -> datetime | None:
    return None if text is None else read_moment(text)
