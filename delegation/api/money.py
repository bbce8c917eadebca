"""The calls that move money: each reads its body, calls one service and answers with what it changed.

Body and amount are judged before anything is looked up (R12).
"""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from delegation.api import serializers as shapes
from delegation.api.wallets import wallet_json
from delegation.selectors import positions, redelegations, unbondings
from delegation.selectors.wallets import wallet_figures
from delegation.services import earnings
from delegation.services import positions as delegating
from delegation.services import redelegations as rerouting
from delegation.services.unbondings import cancel as cancel_unbonding
from protocol.addresses import normalize
from protocol.errors import NotFound
from staking.api import node_schemas
from staking.api.nodes import node_json
from staking.models import Node
from staking.selectors.nodes import node_figures
from staking.services import clock, stakes
from staking.services.unbondings import withdraw as withdraw_unbonding
from web.api.fields import AmountField

Serializer = type[serializers.Serializer[Any]]


def _answer(name: str, **parts: Any) -> Any:
    """The schema of a money answer: transaction, wallet and node, and what else the act made or changed."""
    return inline_serializer(
        name,
        {
            "transaction": serializers.IntegerField(allow_null=True, help_text="Its number in the ledger."),
            "wallet": shapes.WalletSerializer(),
            "node": node_schemas.Node(),
            **parts,
        },
    )


STAKED = _answer("Staked")
UNSTAKED = _answer("Unstaked", unbonding=shapes.UnbondingSerializer())
DELEGATED = _answer("Delegated", delegation=shapes.DelegationSerializer())
UNDELEGATED = _answer(
    "Undelegated",
    unbonding=shapes.UnbondingSerializer(allow_null=True),
    delegation=shapes.DelegationSerializer(),
)
REDELEGATED = _answer("Redelegated", redelegation=shapes.RedelegationSerializer())
CLAIMED = _answer("ClaimAnswer", amount=AmountField())
COMPOUNDED = _answer(
    "CompoundAnswer",
    amount=AmountField(),
    delegation=shapes.DelegationSerializer(required=False, help_text="A delegator's; an operator has none."),
)
UNBONDED = _answer("UnbondingClosed", unbonding=shapes.UnbondingSerializer())


@extend_schema(tags=["staking"], request=shapes.AmountBody, responses={200: STAKED})
@api_view(["POST"])
def stake(request: Request, address: str) -> Response:
    """Bond the operator's own tokens to its node; they earn from the next epoch."""
    body = _body(request, shapes.AmountBody)
    wallet, node = _parties(request, address)
    done = stakes.stake(node=node, amount=body["amount"], actor=wallet, now=clock.now())
    return _changed(done.transaction, wallet, node)


@extend_schema(tags=["staking"], request=shapes.AmountOrAllBody, responses={201: UNSTAKED})
@api_view(["POST"])
def unstake(request: Request, address: str) -> Response:
    """Start to unbond the operator's tokens, an amount or "all"."""
    body = _body(request, shapes.AmountOrAllBody)
    wallet, node = _parties(request, address)
    done = stakes.unstake(node=node, amount=body["amount"], actor=wallet, now=clock.now())
    assert done.unbonding is not None
    entry = _unbonding(wallet, done.unbonding.pk)
    return _changed(done.transaction, wallet, node, status=201, unbonding=entry)


@extend_schema(tags=["delegation"], request=shapes.AmountBody, responses={201: DELEGATED})
@api_view(["POST"])
def delegate(request: Request, address: str) -> Response:
    """Back a node with tokens of the wallet; they earn from the next epoch."""
    body = _body(request, shapes.AmountBody)
    wallet, node = _parties(request, address)
    done = delegating.delegate(node=node, amount=body["amount"], wallet=wallet, now=clock.now())
    return _changed(done.transaction, wallet, node, status=201, delegation=_delegation(wallet, done.node))


@extend_schema(tags=["delegation"], request=shapes.AmountOrAllBody, responses={201: UNDELEGATED})
@api_view(["POST"])
def undelegate(request: Request, address: str) -> Response:
    """Start to unbond a delegation, an amount or "all"."""
    body = _body(request, shapes.AmountOrAllBody)
    wallet, node = _parties(request, address)
    done = delegating.undelegate(node=node, amount=body["amount"], wallet=wallet, now=clock.now())
    parts = {
        "unbonding": None if done.unbonding is None else _unbonding(wallet, done.unbonding.pk),
        "delegation": _delegation(wallet, done.node),
    }
    return _changed(done.transaction, wallet, node, status=201, **parts)


@extend_schema(tags=["delegation"], request=shapes.RedelegateBody, responses={201: REDELEGATED})
@api_view(["POST"])
def redelegate(request: Request, address: str) -> Response:
    """Record that a delegation shall move to another node when the epoch is settled, an amount or "all"."""
    body = _body(request, shapes.RedelegateBody)
    wallet, node = _parties(request, address)
    done = rerouting.redelegate(
        source=node, target=body["to"], amount=body["amount"], wallet=wallet, now=clock.now()
    )
    shown = shapes.RedelegationSerializer(redelegations.figures_of(done)).data
    return _changed(None, wallet, node, status=201, redelegation=shown)


@extend_schema(tags=["delegation"], request=None, responses={200: CLAIMED})
@api_view(["POST"])
def claim(request: Request, address: str) -> Response:
    """Pay out what the wallet earned on the node, as its operator or as a delegator."""
    _no_body(request)
    wallet, node = _parties(request, address)
    done = earnings.claim(node=node, wallet=wallet, now=clock.now())
    return _changed(done.transaction, wallet, node, amount=AmountField().to_representation(done.amount))


@extend_schema(tags=["delegation"], request=None, responses={200: COMPOUNDED})
@api_view(["POST"])
def compound(request: Request, address: str) -> Response:
    """Put what was earned to work on the same node: a delegator delegates it, the operator stakes it."""
    _no_body(request)
    wallet, node = _parties(request, address)
    done = earnings.compound(node=node, wallet=wallet, now=clock.now())
    parts: dict[str, Any] = {"amount": AmountField().to_representation(done.amount)}
    if done.node.operator != wallet:
        parts["delegation"] = _delegation(wallet, done.node)
    return _changed(done.transaction, wallet, node, **parts)


@extend_schema(tags=["unbonding"], request=None, responses={200: UNBONDED})
@api_view(["POST"])
def cancel(request: Request, unbonding: int) -> Response:
    """Return an unbonding whole to where it came from (R18)."""
    _no_body(request)
    wallet = _caller(request)
    done = cancel_unbonding(unbonding=_number(unbonding), wallet=wallet, now=clock.now())
    entry = _unbonding(wallet, unbonding)
    return _changed(done.transaction, wallet, done.node.address, unbonding=entry)


@extend_schema(tags=["unbonding"], request=None, responses={200: UNBONDED})
@api_view(["POST"])
def withdraw(request: Request, unbonding: int) -> Response:
    """Pay a mature unbonding at once (R17)."""
    _no_body(request)
    wallet = _caller(request)
    done = withdraw_unbonding(unbonding=_number(unbonding), wallet=wallet, now=clock.now())
    entry = _unbonding(wallet, unbonding)
    return _changed(done.transaction, wallet, done.node.address, unbonding=entry)


def _body(request: Request, shape: Serializer) -> dict[str, Any]:
    form = shape(data=request.data)
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


def _no_body(request: Request) -> None:
    """An absent body or {}: anything else of JSON is refused as every other body is."""
    _body(request, serializers.Serializer)


def _caller(request: Request) -> str:
    """The wallet of the token or session; everybody else is refused."""
    return str(request.user.address)  # type: ignore[union-attr]


def _parties(request: Request, address: str) -> tuple[str, str]:
    return _caller(request), normalize(address)


def _number(unbonding: int) -> int:
    if unbonding > 2**63 - 1:
        raise NotFound("This wallet has no such unbonding.")
    return unbonding


def _changed(transaction: int | None, wallet: str, node: str, *, status: int = 200, **parts: Any) -> Response:
    now = clock.now()
    answer = {
        "transaction": transaction,
        "wallet": wallet_json(wallet_figures(wallet, now=now)),
        "node": node_json(node_figures(node, now=now)),
        **parts,
    }
    return Response(answer, status=status)


def _delegation(wallet: str, node: Node) -> dict[str, Any]:
    return dict(shapes.DelegationSerializer(positions.position_of(wallet, node.id)).data)


def _unbonding(wallet: str, unbonding: int) -> dict[str, Any]:
    return dict(shapes.UnbondingSerializer(unbondings.unbonding_of(wallet, unbonding)).data)
