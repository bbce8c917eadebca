"""A site with a chain, reached over HTTP."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chain.devnet.accounts import ORACLE
from chain.devnet.deployment import SETTLEMENT, TOKEN
from chain.keystore import encrypt
from chain.models import ChainStatus
from chain_sync.anchoring import anchor_due
from tests.chain.anchoring.network import CONTRACT
from tests.chain.devnet.client import Client

CHEAP = {"n": 2, "r": 8, "p": 1, "dklen": 32}
PASSWORD = "correct horse"


class Site:
    """A site whose settings name a chain that mines each transaction at once."""

    def __init__(self, client: Client, url: str, settings: Any, folder: Path) -> None:
        self.client, self.settings, self.now = client, settings, datetime.now(UTC)
        settings.INFRAMIND_CHAIN_RPC = (url,)
        settings.INFRAMIND_CHAIN_SETTLEMENT = SETTLEMENT
        settings.INFRAMIND_CHAIN_TOKEN = TOKEN
        settings.INFRAMIND_CHAIN_CONFIRMATIONS = 4
        settings.INFRAMIND_CHAIN_ORACLE_KEYSTORE = self.keystore = folder / "oracle.json"
        settings.INFRAMIND_CHAIN_ORACLE_PASSWORD = PASSWORD
        settings.ADMINS = [("Operations", "ops@example.org")]
        self.keystore.write_text(json.dumps(encrypt(ORACLE.key, PASSWORD, CHEAP)))

    def tick(self, *, later: int = 60) -> ChainStatus:
        """A tick when the next one is due at the latest."""
        self.now += timedelta(seconds=later)
        self.client("evm_mine")
        anchor_due(now=self.now)
        return ChainStatus.objects.get(id=1)

    def send(self, account: Any, function: str, *arguments: Any) -> None:
        self.client.send(account, SETTLEMENT, CONTRACT.call(function, *arguments))
