"""The audit of section 14: every house's checks, one set-based statement each."""

from __future__ import annotations

from django.db import connection

from delegation.audit import CHECKS as DELEGATION
from governance.audit import CHECKS as GOVERNANCE
from staking.audit import CHECKS as STAKING
from staking.models import Epoch

CHECKS: dict[str, str] = {**STAKING, **DELEGATION, **GOVERNANCE}


def audit(*, since: int | None = None) -> list[str]:
    """Each fault by the number of its rule and the row that is off; empty when all holds.

    Receipts are recounted for epochs from `since` on; by default for the last settled one.
    """
    if since is None:
        since = (
            Epoch.objects.filter(status="settled")
            .order_by("-number")
            .values_list("number", flat=True)
            .first()
        ) or 0
    faults = []
    with connection.cursor() as cursor:
        for name, check in CHECKS.items():
            cursor.execute(check.replace("%s", "%%s"), {"since": since})
            faults += [f"{name}: {fault}" for (fault,) in cursor.fetchall()]
    return faults
