"""Commitments of operators, and announced changes of the delegator share."""

from __future__ import annotations

from django.db import models

from postgres.fields import AddressField
from staking.models.node import Node


class Commitment(models.Model):
    """Promises of an operator to the delegators of a node in the epochs [from_epoch, ends_epoch).

    Terms that are not promised are None. Whether they were kept is read from the records, not stored here.
    `notice_epochs`: between the announcement of a lower delegator share and the epoch in which it applies.
    `maximum_delegated`: µIFM in the pool. `signature`: of the operator's wallet over the terms (EIP-191); None when the
    commitment was made in a signed-in session or with a token.
    """

    node = models.ForeignKey(Node, models.PROTECT, related_name="commitments", db_index=False)
    operator = AddressField()
    minimum_share_bps = models.IntegerField(null=True)
    notice_epochs = models.IntegerField(null=True)
    maximum_delegated = models.BigIntegerField(null=True)
    made_at = models.DateTimeField()
    from_epoch = models.IntegerField()
    ends_epoch = models.IntegerField(null=True)
    signature = models.BinaryField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="staking_commitment_current", fields=["node"], condition=models.Q(ends_epoch=None)
            ),
            models.CheckConstraint(
                name="staking_commitment_some",
                condition=models.Q(minimum_share_bps__isnull=False)
                | models.Q(notice_epochs__isnull=False)
                | models.Q(maximum_delegated__isnull=False),
            ),
            models.CheckConstraint(
                name="staking_commitment_terms",
                condition=(
                    models.Q(minimum_share_bps=None) | models.Q(minimum_share_bps__range=(5000, 10000))
                )
                & (models.Q(notice_epochs=None) | models.Q(notice_epochs__gte=1))
                & (models.Q(maximum_delegated=None) | models.Q(maximum_delegated__gte=1)),
            ),
            models.CheckConstraint(
                name="staking_commitment_span",
                condition=models.Q(ends_epoch=None) | models.Q(ends_epoch__gt=models.F("from_epoch")),
            ),
        ]
        indexes = [models.Index(fields=["node", "from_epoch"], name="staking_commitment_node")]

    def __str__(self) -> str:
        return f"commitment {self.pk} of {self.node_id}"


class ShareAnnouncement(models.Model):
    """A lower delegator share that an operator announced in `epoch` for `from_epoch` or later. Append-only."""

    node = models.ForeignKey(Node, models.PROTECT, related_name="share_announcements", db_index=False)
    share_bps = models.IntegerField()
    from_epoch = models.IntegerField()
    epoch = models.IntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="staking_shareannouncement_ahead",
                condition=models.Q(from_epoch__gt=models.F("epoch"), share_bps__range=(5000, 10000)),
            ),
        ]
        indexes = [models.Index(fields=["node", "epoch"], name="staking_announcement_node")]

    def __str__(self) -> str:
        return f"{self.share_bps} from {self.from_epoch} on"
