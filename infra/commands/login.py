"""`infra login` and `infra logout`."""

from __future__ import annotations

import getpass
import re
import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from infra import config, output
from infra.client import LOOPBACK, Api, Row
from infra.command import command
from infra.config import SignIn
from infra.refusals import Refused
from infra.session import Session

_HEX = re.compile(r"(0x)?([0-9a-fA-F]{2})+")
_FILE = {"exists": True, "dir_okay": False, "readable": True}


@command("login")
def login(
    session: Session,
    *,
    key: Annotated[
        Path | None, typer.Option("--key", help="Key file: 64 hex digits, or an Ethereum keystore.", **_FILE)
    ] = None,
    password_file: Annotated[
        Path | None, typer.Option("--password-file", help="The keystore's password, in a file.", **_FILE)
    ] = None,
    address: Annotated[
        str | None,
        typer.Option(
            "--address", help="Print the message for this wallet to sign elsewhere; read the signature."
        ),
    ] = None,
    token: Annotated[str | None, typer.Option("--token", help="An API token made elsewhere.")] = None,
    domain: Annotated[
        str | None, typer.Option("--domain", help="The name the network signs in for, if not the URL's host.")
    ] = None,
) -> None:
    """Sign in and store the token for this network.

    With --key the network's sign-in message (EIP-4361) is signed on this machine; the key never leaves it.
    With --address the message is printed for a hardware wallet, an HSM or a contract wallet to sign, and the
    signature is read from standard input. Without any of them the token is read from standard input, so that no
    process list shows it.
    """
    if sum(option is not None for option in (key, address, token)) > 1:
        raise typer.BadParameter("use one of --key, --address and --token")
    if password_file and not key:
        raise typer.BadParameter("use --password-file with --key")
    configuration = session.configuration
    if key or address:
        answer = (
            _sign_in_with_key(session, key, password_file, domain)
            if key
            else _sign_in_elsewhere(session, str(address), domain)
        )
        sign_in = SignIn(answer["token"], answer["address"], answer.get("expires_at") or "")
    else:
        sign_in, answer = _check_token(session, token or _read_token())
    configuration.url = session.url
    configuration.sign_ins[session.url] = sign_in
    config.save(configuration)
    _report(session, sign_in, answer)


@command("logout")
def logout(session: Session) -> None:
    """Delete the stored token of this network; it stays valid on the server until it expires."""
    forgotten = session.configuration.sign_ins.pop(session.url, None)
    if forgotten:
        config.save(session.configuration)
    if session.as_json:
        output.say_json({"url": session.url, "forgotten": forgotten is not None})
    else:
        output.say(f"Signed out of {session.url}." if forgotten else f"Not signed in to {session.url}.")


def _sign_in_with_key(session: Session, key: Path, password_file: Path | None, domain: str | None) -> Row:
    from infra import keys, signin

    secret = keys.read_key(key, lambda: _password(password_file))
    return signin.sign_in_with_key(Api(session.url, None), secret, domain)


def _sign_in_elsewhere(session: Session, address: str, domain: str | None) -> Row:
    from infra import signin

    return signin.sign_in(Api(session.url, None), address, _read_signature, domain)


def _read_signature(message: str) -> str:
    """Read the signature of the message, which is printed to standard error unchanged."""
    print(output.clean(message), file=sys.stderr)
    if sys.stdin.isatty():
        print(
            "\nSign the message above with personal_sign (EIP-191) and paste the signature:", file=sys.stderr
        )
    signature = sys.stdin.readline().strip()
    if not _HEX.fullmatch(signature):
        raise Refused("signature_invalid", "The signature is 0x and hex digits. Nothing was sent.")
    return signature if signature.startswith("0x") else f"0x{signature}"


def _check_token(session: Session, token: str) -> tuple[SignIn, Row]:
    """The sign-in of a token that the network accepts."""
    wallet = Api(session.url, token).me()
    return SignIn(token, wallet["address"]), wallet


def _password(file: Path | None) -> str:
    from infra import private_files

    if file:
        return private_files.read(file, code="key_unsafe", what="The password file").rstrip("\r\n")
    return _ask("Password of the keystore: ")


def _read_token() -> str:
    token = _ask("Token: ").strip()
    if not token or not token.isprintable() or " " in token:
        raise typer.BadParameter("give --key FILE or --token TOKEN, or a token on standard input")
    return token


def _ask(prompt: str) -> str:
    """A secret, typed unseen on a terminal, or one line of standard input."""
    return getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")


def _report(session: Session, sign_in: SignIn, answer: Row) -> None:
    if urlsplit(session.url).scheme == "http" and urlsplit(session.url).hostname not in LOOPBACK:
        output.warn(f"{session.url} is not encrypted: others on the way can read the token.")
    if session.as_json:
        output.say_json(answer)
        return
    until = f" until {output.moment(sign_in.expires_at)}" if sign_in.expires_at else ""
    output.say(f"Signed in to {session.url} as {sign_in.address}{until}.")
