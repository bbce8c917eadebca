"""The audit of section 14: the checks of all packages, one set-based statement each.

Figure: audit of 20 nodes, statements prepared
"""

from __future__ import annotations

from typing import Final

from chain.audit import CHECKS as CHAIN
from delegation.audit import CHECKS as DELEGATION
from governance.audit import CHECKS as GOVERNANCE
from ledger.numbering import journal_head
from postgres.prepared import Prepared
from staking.audit import CHECKS as STAKING
from staking.models import Epoch
from staking.selectors.archive import first_epoch_with_receipts
from staking.services.epochs import open_epoch

CHECKS: dict[str, str] = {**STAKING, **DELEGATION, **GOVERNANCE, **CHAIN}
_PREPARED: Final = {name: Prepared(check) for name, check in CHECKS.items()}


def audit(*, since: int | None = None) -> list[str]:
    """Every fault, with the number of its rule and the row; empty when there is none.

    Checks that read an epoch's receipts and transactions again do so from epoch `since` on, by default for the last
    settled one; receipts that were archived and dropped are not among them.
    """
    epoch = open_epoch()
    number = 1 if epoch is None else epoch.number
    since = number - 1 if since is None else since
    former = Epoch.objects.filter(number=since - 1).values_list("journal_last", flat=True).first()
    head = journal_head(up_to=former or 0)
    values = {
        "open": number,
        "since": since,
        "receipts_since": max(since, first_epoch_with_receipts()),
        "number": head.number,
        "transaction": head.transaction,
    }
    return [f"{name}: {fault}" for name, check in _PREPARED.items() for (fault,) in check.rows(**values)]
