"""Representatives: name the wallet that votes with another wallet's power, and store that power at the count (R57).

Beyond the ORM: an update of many rows from the sums of a query.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import connection, transaction

from governance.models import Representative
from governance.selectors.representation import DISPUTE_VOTES, PROPOSAL_VOTES, represented_sql
from protocol.errors import Invalid
from staking.services import events
from staking.services.epochs import OpenEpoch, lock_open_epoch

LOCK = "SELECT pg_advisory_xact_lock(hashtext('governance_representative'), hashtext(%s))"
STORE = """
UPDATE governance_vote v SET represented = r.power, represented_wallets = r.wallets
FROM ({represented}) r WHERE v.{column} = r.ballot AND v.wallet = r.representative
"""


def name_representatives(*, wallet: str, named: Mapping[str, str | None], now: datetime) -> None:
    """Name the representative of a wallet for each kind in `named`, None to have none (R57).

    Applies to votes opened from the next epoch on. Safe to repeat. Raises: `invalid`.
    """
    for kind, representative in named.items():
        if representative == wallet:
            raise Invalid("Enter another wallet: a wallet cannot represent itself.", field=kind)
    with transaction.atomic():
        epoch = lock_open_epoch()
        with connection.cursor() as cursor:
            cursor.execute(LOCK, [wallet])
        for kind, representative in named.items():
            _name(wallet, kind, representative, epoch, now)


def store_represented(*, disputes: Iterable[int] = (), proposals: Iterable[int] = ()) -> None:
    """Store the power that each vote on these ballots represents; called when they are counted, once."""
    for source, column, ballots in (
        (DISPUTE_VOTES, "dispute_id", list(disputes)),
        (PROPOSAL_VOTES, "proposal_id", list(proposals)),
    ):
        if ballots:
            with connection.cursor() as cursor:
                statement = STORE.format(represented=represented_sql(source, column), column=column)
                cursor.execute(statement, {"ballots": ballots})


def _name(wallet: str, kind: str, representative: str | None, epoch: OpenEpoch, now: datetime) -> None:
    start = epoch.number + 1
    rows = Representative.objects.filter(wallet=wallet, kind=kind)
    current = rows.filter(until_epoch=None).first()
    if representative == (current.representative if current else None):
        return
    # What was named in this epoch has not applied to any vote yet.
    rows.filter(from_epoch=start).delete()
    rows.filter(from_epoch__lt=start, until_epoch=None).update(until_epoch=start)
    if representative is None:
        return
    # Naming the representative that ends with this epoch again goes on with its row.
    resumed = rows.filter(until_epoch=start, representative=representative).update(until_epoch=None)
    if not resumed:
        Representative.objects.create(
            wallet=wallet, kind=kind, representative=representative, from_epoch=start, named_at=now
        )
    events.record(
        "representative_named",
        at=now,
        epoch=epoch.number,
        wallet=representative,
        represented=wallet,
        votes=kind,
        from_epoch=start,
    )
