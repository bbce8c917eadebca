"""Genesis of a production network: the first balances, posted once with epoch 1."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.db import transaction

from ledger import accounts
from ledger.posting import post
from protocol.errors import Conflict, Invalid
from protocol.parameters import Parameters
from staking.services.epochs import open_network


def create_network(
    *,
    chain_id: int,
    start: datetime,
    params: Parameters,
    allocations: Mapping[str, int],
    treasury: int,
    digest: str,
    now: datetime,
) -> int:
    """Bind the database to this network, open epoch 1 at `start` and issue the allocations (µIFM).

    Returns the id of the ledger transaction. Raises: `invalid` outside production, for another chain id than the
    settings', and for a start that has passed; `conflict` when the database holds a network already.
    """
    if settings.INFRAMIND_NETWORK != "production":
        raise Invalid("Genesis is for production (INFRAMIND_NETWORK=production): a devnet starts by itself.")
    if chain_id != settings.INFRAMIND_CHAIN_ID:
        raise Invalid(
            f"The file names chain id {chain_id} and INFRAMIND_CHAIN_ID is {settings.INFRAMIND_CHAIN_ID}: correct one."
        )
    if start < now:
        raise Invalid(f"The start has passed: it is {now:%Y-%m-%d %H:%M:%S} UTC by the database's clock.")
    moves = {accounts.wallet(wallet): amount for wallet, amount in allocations.items()}
    moves |= {accounts.TREASURY: treasury} if treasury else {}
    with transaction.atomic():
        if not open_network(
            kind="production", chain_id=chain_id, params=params, start=start, now=now, genesis=digest
        ):
            raise Conflict("This database holds a network already: genesis is done once.")
        return post(
            kind="genesis",
            moves={accounts.ISSUANCE: -sum(moves.values()), **moves},
            at=now,
            epoch=1,
            reference=digest,
            key="genesis",
        )
