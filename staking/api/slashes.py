"""Slashes as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from chain.selectors import EpochAnchor, anchors_of
from protocol.amounts import BPS
from protocol.parameters import OFFENCE_NAMES
from staking.api.epoch_schemas import AnchorSchema
from staking.models import Slash
from staking.selectors import slashes
from web.api import filters
from web.api.fields import ADDRESS, AddressField, AmountField, MomentField
from web.api.pagination import CURSOR_PARAMETERS, cursor, cursor_page, page_of

FILTERS = [
    OpenApiParameter("node", ADDRESS, description="Only slashes of this node."),
    OpenApiParameter("status", enum=list(Slash.Status.values)),
    OpenApiParameter("offence", enum=list(OFFENCE_NAMES)),
    OpenApiParameter("epoch", {"type": "integer", "minimum": 1}, description="The epoch of the offence."),
]


class SlashShape(serializers.Serializer[Any]):
    """A slash. Rates, bases and windows are fixed at its creation; amounts and split are 0 until it is executed."""

    id = serializers.IntegerField()
    node = AddressField(source="node.address")
    offence = serializers.ChoiceField(OFFENCE_NAMES)
    epoch = serializers.IntegerField(help_text="The epoch of the offence.")
    status = serializers.ChoiceField(Slash.Status.values)
    self_bps = serializers.IntegerField()
    delegated_bps = serializers.IntegerField()
    base_self = AmountField()
    base_delegated = AmountField()
    self_at_stake = serializers.SerializerMethodField(help_text="The rate on the base.")
    delegated_at_stake = serializers.SerializerMethodField(help_text="The rate on the base.")
    strike = serializers.BooleanField()
    ban = serializers.BooleanField()
    cooldown_until_epoch = serializers.SerializerMethodField(help_text="null: it imposes no cooldown.")
    tier = serializers.IntegerField(help_text="The settlement tier, by whose severity it was judged.")
    created_at = MomentField()
    disputable_until_epoch = serializers.IntegerField()
    due_epoch = serializers.IntegerField(help_text="The epoch in whose settlement it is decided.")
    resolved_at = MomentField(allow_null=True)
    resolved_epoch = serializers.IntegerField(allow_null=True)
    self_slashed = AmountField()
    delegated_slashed = AmountField()
    slashed = AmountField()
    burned = AmountField()
    honest = AmountField(help_text="With what of it went to the treasury.")
    honest_to_treasury = AmountField()
    returned = AmountField()
    evidence = serializers.ListField(child=serializers.CharField(), help_text="Job ids of the receipts.")
    measured = serializers.DictField(help_text="The figures that the offence was found by.")
    anchor = serializers.SerializerMethodField(
        help_text="Of the epoch whose report has the slash; null until it is executed, and when it took nothing."
    )

    def get_self_at_stake(self, slash: Slash) -> str:
        return AmountField().to_representation(slash.self_bps * slash.base_self // BPS)

    def get_delegated_at_stake(self, slash: Slash) -> str:
        return AmountField().to_representation(slash.delegated_bps * slash.base_delegated // BPS)

    def get_cooldown_until_epoch(self, slash: Slash) -> int | None:
        return slash.cooldown_until or None

    @extend_schema_field(AnchorSchema(allow_null=True))
    def get_anchor(self, slash: Slash) -> dict[str, Any] | None:
        anchor = self.context["anchors"].get(slash.resolved_epoch) if slash.slashed else None
        return None if anchor is None else dict(AnchorSchema(anchor).data)


def slash_page(request: Request, rows: QuerySet[Slash]) -> Response:
    """A page of slashes, the newest first; the rows are in that order, each with its node."""
    limit, after = cursor(request)
    shown = list((rows if after is None else rows.filter(id__lt=after))[: limit + 1])
    context = {"anchors": _anchors(shown)}
    return cursor_page(
        request,
        shown,
        limit=limit,
        number=lambda row: row.pk,
        render=lambda row: dict(SlashShape(row, context=context).data),
    )


def _anchors(rows: Sequence[Slash]) -> dict[int, EpochAnchor]:
    """The anchors of the epochs whose reports have these slashes; no query for none."""
    epochs = {row.resolved_epoch for row in rows if row.slashed and row.resolved_epoch is not None}
    return anchors_of(epochs) if epochs else {}


@extend_schema(
    tags=["slashes"],
    operation_id="slashes_list",
    parameters=[*FILTERS, *CURSOR_PARAMETERS],
    responses=page_of(SlashShape),
)
@api_view(["GET"])
def slash_list(request: Request) -> Response:
    """Slashes, the newest first."""
    rows = slashes.slashes(
        node=filters.address(request, "node"),
        status=filters.choice(request, "status", Slash.Status.values),
        offence=filters.choice(request, "offence", OFFENCE_NAMES),
        epoch=filters.epoch(request),
    )
    return slash_page(request, rows)


@extend_schema(tags=["slashes"], operation_id="slashes_read", responses=SlashShape)
@api_view(["GET"])
def one_slash(request: Request, number: int) -> Response:
    """A slash: evidence, amounts at stake, windows, outcome."""
    slash = slashes.slash(number)
    return Response(SlashShape(slash, context={"anchors": _anchors([slash])}).data)
