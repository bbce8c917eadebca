"""The account that submits epochs. Its key is never logged and in no message."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from chain.configuration import ChainConfiguration, development_oracle_key
from chain.keystore import KeystoreError, read_key
from chain.problems import Problem
from protocol.signatures import address_of_private_key


class OracleAccount:
    """An address and its private key."""

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.address = address_of_private_key(key)

    def __repr__(self) -> str:
        return self.address


def oracle_account(configuration: ChainConfiguration) -> OracleAccount | None:
    """The configured account; None when this site only reads the chain. Raises: Problem `keystore`."""
    if configuration.embedded:
        return OracleAccount(development_oracle_key())
    if settings.INFRAMIND_CHAIN_ORACLE_KEY:
        return OracleAccount(settings.INFRAMIND_CHAIN_ORACLE_KEY)
    path: Path | None = settings.INFRAMIND_CHAIN_ORACLE_KEYSTORE
    if path is None:
        return None
    try:
        return _unlocked(path, path.stat().st_mtime_ns, _password())
    except OSError as error:
        raise Problem("keystore", detail=f"{error.filename} cannot be read: {error.strerror}.") from None
    except KeystoreError as error:
        raise Problem("keystore", detail=error) from None


def _password() -> str:
    path: Path | None = settings.INFRAMIND_CHAIN_ORACLE_PASSWORD_FILE
    if path is None:
        return str(settings.INFRAMIND_CHAIN_ORACLE_PASSWORD)
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except ValueError:
        raise KeystoreError(f"{path} is no password file: it is not text in UTF-8.") from None


@lru_cache(maxsize=1)
def _unlocked(path: Path, version: int, password: str) -> OracleAccount:
    # The key derivation takes a second and a quarter of a GB: once for each content of the file.
    return OracleAccount(read_key(path, password))
