"""Commitments of a node's operator, and announcements of a lower delegator share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from protocol.addresses import normalize
from staking.models import Commitment, Node, ShareAnnouncement
from staking.selectors.commitments import Breach, CommitmentRecord, Commitments, commitments_of
from staking.selectors.nodes import node_id
from staking.services import clock
from staking.services.commitment_signatures import LONGEST_BYTES, text_to_sign, verify_signature
from staking.services.commitments import announce_share, make_commitment, withdraw_commitment
from staking.services.epochs import open_epoch
from web.api import fields

TERMS = ("minimum_share_bps", "notice_epochs", "maximum_delegated")


class BreachSchema(serializers.Serializer[Any]):
    """A broken term: the share, or the greatest amount delegated, and the epoch in which it was broken first."""

    term = serializers.ChoiceField(("minimum_share", "notice", "maximum_delegated"))
    epoch = serializers.IntegerField()
    share_bps = serializers.IntegerField(allow_null=True)
    delegated = fields.AmountField(allow_null=True)


class CommitmentSchema(serializers.Serializer[Any]):
    """Promises for the epochs from `from_epoch` up to, not including, `ends_epoch`; null promises nothing."""

    id = serializers.IntegerField()
    minimum_share_bps = serializers.IntegerField(allow_null=True)
    notice_epochs = serializers.IntegerField(
        allow_null=True,
        help_text="Between the announcement of a lower share and the epoch in which it applies.",
    )
    maximum_delegated = fields.AmountField(allow_null=True)
    made_at = fields.MomentField()
    from_epoch = serializers.IntegerField()
    ends_epoch = serializers.IntegerField(allow_null=True)
    in_force = serializers.BooleanField()
    kept = serializers.BooleanField()
    signature = serializers.CharField(
        allow_null=True,
        help_text="Of the operator's wallet over `signed_text` (EIP-191), in hex; null without one.",
    )
    signed_text = serializers.CharField(allow_null=True)
    breaches = BreachSchema(many=True)


class AnnouncementSchema(serializers.Serializer[Any]):
    """A lower delegator share that the operator announced."""

    delegator_share_bps = serializers.IntegerField(source="share_bps")
    from_epoch = serializers.IntegerField()
    epoch = serializers.IntegerField(help_text="The epoch of the announcement.")
    at = fields.MomentField()
    served_epoch = serializers.IntegerField(
        allow_null=True,
        help_text="The epoch of the reduction that it served, the first from `from_epoch` on; null while unused.",
    )


class CommitmentsSchema(serializers.Serializer[Any]):
    """The commitments of a node and its latest announcements, newest first. `kept`: one is in force, and none was ever
    broken."""

    kept = serializers.BooleanField()
    commitments = CommitmentSchema(many=True)
    announcements = AnnouncementSchema(many=True)


class CommitmentTerms(serializers.Serializer[Any]):
    """Terms to promise; what is null or left out is not promised."""

    minimum_share_bps = fields.IntegerField(required=False, allow_null=True)
    notice_epochs = fields.IntegerField(required=False, allow_null=True)
    maximum_delegated = fields.AmountField(required=False, allow_null=True)


class NewCommitment(CommitmentTerms):
    """Terms to promise, signed or not. What is null or left out is not promised; no term at all withdraws the
    commitment."""

    signature = fields.TextField(
        required=False,
        allow_null=True,
        max_length=2 * LONGEST_BYTES + 2,
        help_text="Of the operator's wallet over the text of these terms (EIP-191), in hex.",
    )


class CommitmentText(serializers.Serializer[Any]):
    """The text of terms that begin with the open epoch, for the operator's wallet to sign."""

    from_epoch = serializers.IntegerField()
    text = serializers.CharField()


class NewAnnouncement(serializers.Serializer[Any]):
    """A lower delegator share, and the first epoch in which it may apply."""

    delegator_share_bps = fields.IntegerField()
    from_epoch = fields.IntegerField()


@extend_schema(tags=["nodes"], operation_id="nodes_commitments", responses=CommitmentsSchema, methods=["GET"])
@extend_schema(
    tags=["nodes"],
    operation_id="nodes_commit",
    request=NewCommitment,
    responses=CommitmentsSchema,
    methods=["POST"],
)
@api_view(["GET", "POST"])
def node_commitments(request: Request, address: str) -> Response:
    """The operator's commitments, kept or broken. POST replaces or withdraws the one in force; the operator alone."""
    node = normalize(address)
    if request.method == "POST":
        body = fields.validated_body(NewCommitment, request.data)
        signature, terms = body.pop("signature", None), dict.fromkeys(TERMS) | body
        caller, now = request.user.address, clock.now()  # type: ignore[union-attr]
        if any(value is not None for value in terms.values()):
            signed = verify_signature(_unsigned(node, caller, terms), signature) if signature else None
            make_commitment(node=node, actor=caller, **terms, now=now, signed=signed)
        else:
            withdraw_commitment(node=node, actor=caller, now=now)
    return Response(commitments_json(node))


@extend_schema(
    tags=["nodes"], operation_id="nodes_commitment_text", request=CommitmentTerms, responses=CommitmentText
)
@api_view(["POST"])
def commitment_text(request: Request, address: str) -> Response:
    """The text for the caller's wallet to sign before it promises these terms. It changes nothing."""
    terms = dict.fromkeys(TERMS) | fields.validated_body(CommitmentTerms, request.data)
    commitment = _unsigned(normalize(address), request.user.address, terms)  # type: ignore[union-attr]
    return Response({"from_epoch": commitment.from_epoch, "text": text_to_sign(commitment)})


@extend_schema(
    tags=["nodes"],
    operation_id="nodes_announce",
    request=NewAnnouncement,
    responses={201: AnnouncementSchema},
)
@api_view(["POST"])
def announce(request: Request, address: str) -> Response:
    """Announce a lower delegator share; the operator alone. The share itself is changed with `PATCH nodes/ADDR`."""
    body = fields.validated_body(NewAnnouncement, request.data)
    made = announce_share(
        node=normalize(address),
        actor=request.user.address,  # type: ignore[union-attr]
        share_bps=body["delegator_share_bps"],
        from_epoch=body["from_epoch"],
        now=clock.now(),
    )
    return Response(_announcement_json(made, None), status=201)


def commitments_json(node: str) -> dict[str, Any]:
    """The answer of `GET nodes/ADDR/commitments`. Raises: `not_found`."""
    return _all_json(_commitments(node_id(node)))


def _unsigned(node: str, operator: str, terms: Mapping[str, int | None]) -> Commitment:
    """Return a commitment of the open epoch that is not stored. Raises: `not_found`."""
    epoch = open_epoch()
    row = Node(pk=node_id(node), address=node)
    return Commitment(node=row, operator=operator, from_epoch=epoch.number if epoch else 1, **terms)


def _commitments(id_: int) -> Commitments:
    epoch = open_epoch()
    return commitments_of(id_, epoch=epoch.number if epoch else 0)


def _all_json(commitments: Commitments) -> dict[str, Any]:
    return {
        "kept": commitments.are_kept,
        "commitments": [_commitment_json(record) for record in commitments.records],
        "announcements": [
            _announcement_json(record.announcement, record.served_epoch)
            for record in commitments.announcements
        ],
    }


def _commitment_json(record: CommitmentRecord) -> dict[str, Any]:
    row = record.commitment
    shown = {name: getattr(row, name) for name in (*TERMS, "made_at", "from_epoch", "ends_epoch", "id")}
    breaches = [_breach_json(breach) for breach in record.breaches]
    signature = None if row.signature is None else "0x" + bytes(row.signature).hex()
    shown |= {"signature": signature, "signed_text": text_to_sign(row) if signature else None}
    return dict(
        CommitmentSchema(
            {**shown, "in_force": record.in_force, "kept": record.is_kept, "breaches": breaches}
        ).data
    )


def _announcement_json(row: ShareAnnouncement, served_epoch: int | None) -> dict[str, Any]:
    names = ("share_bps", "from_epoch", "epoch", "at")
    return dict(
        AnnouncementSchema(
            {**{name: getattr(row, name) for name in names}, "served_epoch": served_epoch}
        ).data
    )


def _breach_json(breach: Breach) -> dict[str, Any]:
    is_amount = breach.term == "maximum_delegated"
    return {
        "term": breach.term,
        "epoch": breach.epoch,
        "share_bps": None if is_amount else breach.value,
        "delegated": breach.value if is_amount else None,
    }
