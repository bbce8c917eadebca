"""Slashes: what nodes are charged with and what became of it (section 8)."""

from __future__ import annotations

from django.db.models import F, Func, IntegerField, JSONField, QuerySet, Value

from staking.models import Slash
from staking.protocol.errors import NotFound

FIRST_OF_EVIDENCE = 100
FIRST = f"$[0 to {FIRST_OF_EVIDENCE - 1}]"


def slashes(
    *,
    node: str | None = None,
    status: str | None = None,
    offence: str | None = None,
    epoch: int | None = None,
) -> QuerySet[Slash]:
    """Slashes with their nodes, the newest first; `node` is a canonical address, None asks for nothing.

    Of the evidence, which has all failed jobs of an epoch, come `first_evidence` and `evidence_count`.
    """
    asked = {"node__address": node, "status": status, "offence": offence, "epoch": epoch}
    given = {name: value for name, value in asked.items() if value is not None}
    found = Slash.objects.filter(**given).select_related("node").defer("evidence").order_by("-id")
    first = Func(F("evidence"), Value(FIRST), function="jsonb_path_query_array", output_field=JSONField())
    count = Func(F("evidence"), function="jsonb_array_length", output_field=IntegerField())
    return found.annotate(first_evidence=first, evidence_count=count)


def slash(number: int) -> Slash:
    """One slash with its node. Raises: `not_found`."""
    found = Slash.objects.filter(pk=number).select_related("node").first()
    if found is None:
        raise NotFound(f"There is no slash {number}.")
    return found


def evidence_of(slash: Slash) -> tuple[list[str], int]:
    """Job ids of what proves it, of one in a list the first hundred, and how many there are."""
    if "evidence" in slash.get_deferred_fields():
        return slash.first_evidence, slash.evidence_count  # type: ignore[attr-defined]
    return slash.evidence, len(slash.evidence)
