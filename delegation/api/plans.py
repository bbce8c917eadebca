"""`GET plan`: how to spread an amount over nodes. Anyone may ask."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from delegation.selectors.plans import PlanFigures, Replay, plan_for
from protocol.addresses import checksum, normalize
from protocol.amounts import BPS, format_amount, parse_amount
from protocol.errors import AmountTooSmall, Invalid, NotFound
from protocol.plans import Plan
from staking.services.epochs import OpenEpoch, open_epoch
from web.api.fields import AddressField, AmountField

DEFAULT_RISK_BPS = 1_500
PARAMETERS = [
    OpenApiParameter("amount", required=True, description="IFM to spread."),
    OpenApiParameter(
        "risk_bps", int, default=DEFAULT_RISK_BPS,
        description="The most that one event may cost, in bps of the amount: the largest penalty on all nodes of one"
        " operator, or a dropout of all nodes of one region, net of what returns. What the wallet has there already is"
        " not counted. 1 to 10000.",
    ),
    OpenApiParameter("wallet", description="Its delegations count as already there; its own nodes are left out."),
]  # fmt: skip


class PlanPartSerializer(serializers.Serializer[Any]):
    node = AddressField()
    name = serializers.CharField()
    operator = AddressField()
    region = serializers.CharField()
    amount = AmountField()
    expected_per_epoch = AmountField()
    expected_apr_bps = serializers.IntegerField(allow_null=True)
    operator_unbonding = serializers.BooleanField(
        help_text="The operator's own stake is unbonding: half the jobs, and no redelegation from the node."
    )


class WorstEventSerializer(serializers.Serializer[Any]):
    """The largest cost of one event: `kind` operator or region, its address or code, and the loss."""

    kind = serializers.ChoiceField(choices=["operator", "region"])
    name = serializers.CharField()
    loss = AmountField()


class ReplaySerializer(serializers.Serializer[Any]):
    """Rewards and losses that the plan would have had in the last settled epochs, at most 30."""

    epochs = serializers.IntegerField()
    earned = AmountField()
    lost = AmountField()


class SpreadSerializer(serializers.Serializer[Any]):
    """Parts by address; `left`: what the limits, caps and the least amount leave in the wallet."""

    parts = PlanPartSerializer(many=True)
    left = AmountField()
    expected_per_epoch = AmountField()
    expected_apr_bps = serializers.IntegerField(allow_null=True)
    worst_event = WorstEventSerializer(allow_null=True)
    replay = ReplaySerializer()


class PlanSerializer(SpreadSerializer):
    """The plan, and `all_on_first`: as much as possible on the first node of the ranking that accepts delegations."""

    amount = AmountField()
    risk_bps = serializers.IntegerField()
    all_on_first = SpreadSerializer(allow_null=True)


@extend_schema(tags=["wallets"], parameters=PARAMETERS, responses=PlanSerializer)
@api_view(["GET"])
def plan(request: Request) -> Response:
    """The spread of an amount over at most five nodes that is expected to earn most under a limit of risk."""
    epoch = open_epoch()
    if epoch is None:
        raise NotFound("The network has not started yet.")
    amount, risk_bps = _amount(request, epoch), _risk(request)
    wallet = request.query_params.get("wallet", "")
    figures = plan_for(amount, risk_bps=risk_bps, wallet=normalize(wallet) if wallet else "", epoch=epoch)
    first = None
    if figures.first is not None and figures.first_replay is not None:
        first = _spread(figures, figures.first, figures.first_replay)
    spread = _spread(figures, figures.plan, figures.replay)
    return Response({"amount": format_amount(amount), "risk_bps": risk_bps, **spread, "all_on_first": first})


def _amount(request: Request, epoch: OpenEpoch) -> int:
    amount = parse_amount(request.query_params.get("amount", ""))
    if amount < epoch.params.min_amount:
        least = format_amount(epoch.params.min_amount)
        raise AmountTooSmall(f"Enter at least {least} IFM, the smallest delegation.", field="amount")
    return amount


def _risk(request: Request) -> int:
    text = request.query_params.get("risk_bps", str(DEFAULT_RISK_BPS))
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) <= BPS):
        raise Invalid("Enter a risk limit from 1 to 10000 bps.", field="risk_bps")
    return int(text)


def _spread(figures: PlanFigures, made: Plan, replayed: Replay) -> dict[str, Any]:
    worst = made.worst
    return {
        "parts": [
            {
                "node": checksum(part.node.address),
                "name": figures.nodes[part.node.address].name,
                "operator": checksum(part.node.operator),
                "region": part.node.region,
                "amount": format_amount(part.amount),
                "expected_per_epoch": format_amount(part.per_epoch),
                "expected_apr_bps": figures.apr_bps(part.per_epoch, part.amount),
                "operator_unbonding": figures.nodes[part.node.address].unbonding,
            }
            for part in made.parts
        ],
        "left": format_amount(made.left),
        "expected_per_epoch": format_amount(made.per_epoch),
        "expected_apr_bps": figures.apr_bps(made.per_epoch, made.spread),
        "worst_event": worst
        and {
            "kind": worst.kind,
            "name": checksum(worst.name) if worst.kind == "operator" else worst.name,
            "loss": format_amount(worst.loss),
        },
        "replay": {
            "epochs": len(replayed.epochs),
            "earned": format_amount(replayed.earned),
            "lost": format_amount(replayed.lost),
        },
    }
