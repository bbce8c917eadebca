"""Signing in with a wallet: a challenge, and the proof that its key signed it (EIP-4361).

All times here are the wall clock's, never the network's: the message is made and shown by wallets that
know no other, and moving a devnet's clock must not end anybody's sign-in.
"""

from __future__ import annotations

import secrets
import string
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog
from django.conf import settings

from chain.contract_wallets import SignatureFault, signature_fault
from identity import siwe
from identity.models import Nonce, User
from protocol.errors import Unauthenticated
from protocol.wallet_signatures import parse_signature

log = structlog.get_logger(__name__)

LIFETIME = timedelta(minutes=10)
# Clocks of wallets go a little wrong.
SKEW = timedelta(minutes=1)
NOT_THE_WALLETS = "The signature is not this wallet's."
NO_CHAIN = (
    "This network is not connected to a chain, where a contract wallet's signature is checked: "
    "sign in with a wallet that has a key."
)
NO_ANSWER = (
    "The chain did not answer, where a contract wallet's signature is checked: "
    "ask for a new message and try again."
)
SIGNATURE_FAULTS = {
    SignatureFault.NOT_THE_WALLETS: NOT_THE_WALLETS,
    SignatureFault.NO_CHAIN: NO_CHAIN,
    SignatureFault.NO_ANSWER: NO_ANSWER,
}
_SIGNS = string.ascii_letters + string.digits


def challenge(*, address: str, domain: str, scheme: str, now: datetime) -> tuple[str, str]:
    """A new nonce for a wallet and the message to sign with it; good once, for ten minutes."""
    # The database keeps what the message shows: whole milliseconds.
    issued = now.replace(microsecond=now.microsecond // 1000 * 1000)
    nonce = "".join(secrets.choice(_SIGNS) for _ in range(24))
    expires = issued + LIFETIME
    Nonce.objects.create(nonce=nonce, address=address, issued_at=issued, expires_at=expires)
    message = siwe.compose(
        domain=domain,
        scheme=scheme,
        address=address,
        chain_id=settings.INFRAMIND_CHAIN_ID,
        nonce=nonce,
        issued_at=issued,
        expires_at=expires,
    )
    return nonce, message


def verify(*, text: str, signature: str, domain: str, now: datetime) -> str:
    """The canonical wallet that signed this message for this site.

    Its nonce is used up by this call, also when it is refused, and of two at once only one gets it.
    Raises: `invalid` for what is no such message or signature, else `unauthenticated` with the reason.
    """
    message = siwe.parse(text)
    signed = parse_signature(signature)
    known = _use_up(message.nonce, now)
    if known is None:
        fault: str | None = "The nonce is unknown, used or too old: ask for a new message."
    else:
        fault = _fault(message, known, domain, now) or _signature_fault(text, signed, message.address)
    if fault:
        log.warning("signin_refused", address=message.address, reason=fault)
        raise Unauthenticated(fault)
    log.info("signed_in", address=message.address)
    return message.address


def user_of(address: str) -> User:
    """The user of a verified wallet, created at its first sign-in. Raises: `unauthenticated`."""
    user, _ = User.objects.get_or_create(address=address)
    if not user.is_active:
        raise Unauthenticated("This wallet may not sign in here.")
    return user


def _use_up(nonce: str, now: datetime) -> Nonce | None:
    """Mark the nonce as used; only the first caller succeeds, and none with an expired nonce."""
    fresh = Nonce.objects.filter(nonce=nonce, used_at=None, expires_at__gt=now)
    return Nonce.objects.get(nonce=nonce) if fresh.update(used_at=now) else None


def _fault(message: siwe.Message, known: Nonce, domain: str, now: datetime) -> str | None:
    """Return the reason for which a message of the wallet is refused here and now; None when it is accepted."""
    faults = [
        (message.address != known.address, "The nonce was given to another wallet."),
        (message.domain.lower() != domain.lower(), f"The message signs in at {message.domain}, not here."),
        (not _at_home(message, domain), "The URI of the message is another site's."),
        (message.chain_id != settings.INFRAMIND_CHAIN_ID, "The message is for another chain."),
        (message.issued_at < known.issued_at - SKEW, "The message is older than its nonce."),
        (message.issued_at > now + SKEW, "The message was issued in the future: check the clock."),
        (message.expires_at is not None and message.expires_at <= now, "The message has expired."),
        (message.not_before is not None and message.not_before > now, "The message is not valid yet."),
    ]
    return next((reason for wrong, reason in faults if wrong), None)


def _at_home(message: siwe.Message, domain: str) -> bool:
    uri = urlsplit(message.uri)
    same_scheme = message.scheme is None or message.scheme.lower() == uri.scheme
    return uri.scheme in ("http", "https") and uri.netloc.lower() == domain.lower() and same_scheme


def _signature_fault(text: str, signature: bytes, address: str) -> str | None:
    """Return the fault of a signature; None when the wallet's key or its contract made it."""
    fault = signature_fault(wallet=address, text=text, signature=signature)
    return None if fault is None else SIGNATURE_FAULTS[fault]
