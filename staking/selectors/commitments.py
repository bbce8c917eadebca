"""Commitments of operators and their breaches, from the records: share changes, announcements, settled epochs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from postgres.batched_reads import batched_reads
from staking.models import Commitment, ShareAnnouncement
from staking.models.commitment_sql import BREACHES, SERVED_EPOCH

MAX_ANNOUNCEMENTS = 30
ANNOUNCEMENTS = f"""
SELECT a.*, {SERVED_EPOCH} AS served_epoch FROM staking_shareannouncement a
WHERE a.node_id = %(node)s ORDER BY a.id DESC LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Breach:
    """A term that was broken in `epoch`. `value`: the share in bps, or the greatest amount delegated in µIFM."""

    term: str
    epoch: int
    value: int


@dataclass(frozen=True, slots=True)
class CommitmentRecord:
    """A commitment with its breaches, oldest first; `in_force` in the epoch that was asked for."""

    commitment: Commitment
    breaches: tuple[Breach, ...]
    in_force: bool

    @property
    def is_kept(self) -> bool:
        return not self.breaches


@dataclass(frozen=True, slots=True)
class AnnouncementRecord:
    """An announcement, and the epoch of the reduction that it served; None for one that is not used yet."""

    announcement: ShareAnnouncement
    served_epoch: int | None


@dataclass(frozen=True, slots=True)
class Commitments:
    """All commitments of a node and its latest announcements of lower shares, both newest first."""

    records: tuple[CommitmentRecord, ...]
    announcements: tuple[AnnouncementRecord, ...] = ()

    @property
    def in_force(self) -> tuple[CommitmentRecord, ...]:
        return tuple(record for record in self.records if record.in_force)

    @property
    def current(self) -> CommitmentRecord | None:
        """The commitment that has not been replaced or withdrawn."""
        return next((record for record in self.records if record.commitment.ends_epoch is None), None)

    @property
    def are_kept(self) -> bool:
        """True if a commitment is in force and none was ever broken."""
        return bool(self.in_force) and all(record.is_kept for record in self.records)


def commitments_of(node_id: int, *, epoch: int) -> Commitments:
    """Return the commitments of a node, seen in this epoch; three queries."""
    with batched_reads() as reads:
        rows = reads.submit(
            list, Commitment.objects.filter(node_id=node_id).select_related("node").order_by("-pk")
        )
        breaches = reads.submit(_breaches, node_id)
        announcements = reads.submit(_announcements, node_id)
    return Commitments(
        records=tuple(
            CommitmentRecord(
                row,
                tuple(breaches.result().get(row.pk, ())),
                row.ends_epoch is None or row.ends_epoch > epoch,
            )
            for row in rows.result()
        ),
        announcements=announcements.result(),
    )


def _announcements(node_id: int) -> tuple[AnnouncementRecord, ...]:
    rows: Iterable[Any] = ShareAnnouncement.objects.raw(
        ANNOUNCEMENTS, {"node": node_id, "most": MAX_ANNOUNCEMENTS}
    )
    return tuple(AnnouncementRecord(row, row.served_epoch) for row in rows)


def _breaches(node_id: int) -> dict[int, Sequence[Breach]]:
    breaches: dict[int, list[Breach]] = {}
    values: dict[str, Any] = {"node": node_id}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT commitment, term, epoch, value FROM ({BREACHES}) b WHERE node_id = %(node)s ORDER BY epoch, term",
            values,
        )
        for commitment, term, epoch, value in cursor.fetchall():
            breaches.setdefault(commitment, []).append(Breach(term, epoch, int(value)))
    return {commitment: tuple(rows) for commitment, rows in breaches.items()}
