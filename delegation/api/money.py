"""Endpoints that move money: each reads its body, calls one service and returns the changed figures.

Body and amount are judged before anything is looked up (R12).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from delegation.api import serializers as shapes
from delegation.api.wallets import wallet_json
from delegation.selectors import positions, unbondings
from delegation.selectors.redelegations import figures_of
from delegation.selectors.wallets import wallet_figures
from delegation.services import earnings, redelegations
from delegation.services import positions as delegating
from delegation.services.unbondings import cancel as cancel_unbonding
from postgres.batched_reads import batched_reads
from postgres.snapshot import snapshot
from protocol.addresses import normalize
from protocol.errors import NotFound
from staking.api import node_schemas
from staking.api.nodes import node_json
from staking.models import Node
from staking.selectors.nodes import node_figures
from staking.services import clock, stakes
from staking.services.outcome import Moved
from staking.services.unbondings import withdraw as withdraw_unbonding
from web.api.fields import AmountField

Serializer = type[serializers.Serializer[Any]]


def _answer(name: str, **parts: Any) -> Any:
    """The schema of a money answer: transaction, wallet, node, and what else the action created or changed."""
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
    now = clock.now()
    done = stakes.stake(node=node, amount=body["amount"], actor=wallet, now=now)
    return _changed(done.transaction, wallet, node, now)


@extend_schema(tags=["staking"], request=shapes.AmountOrAllBody, responses={201: UNSTAKED})
@api_view(["POST"])
def unstake(request: Request, address: str) -> Response:
    """Start to unbond the operator's tokens, an amount or "all"."""
    body = _body(request, shapes.AmountOrAllBody)
    wallet, node = _parties(request, address)
    now = clock.now()
    done = stakes.unstake(node=node, amount=body["amount"], actor=wallet, now=now)
    assert done.unbonding is not None
    entry = partial(_unbonding, wallet, done.unbonding.pk, now)
    return _changed(done.transaction, wallet, node, now, {"unbonding": entry}, status=201)


@extend_schema(tags=["delegation"], request=shapes.AmountBody, responses={201: DELEGATED})
@api_view(["POST"])
def delegate(request: Request, address: str) -> Response:
    """Delegate tokens of the wallet to a node; they earn from the next epoch."""
    body = _body(request, shapes.AmountBody)
    wallet, node = _parties(request, address)
    now = clock.now()
    done = delegating.delegate(node=node, amount=body["amount"], wallet=wallet, now=now)
    delegation = partial(_delegation, wallet, done.node)
    return _changed(done.transaction, wallet, node, now, {"delegation": delegation}, status=201)


@extend_schema(tags=["delegation"], request=shapes.AmountOrAllBody, responses={201: UNDELEGATED})
@api_view(["POST"])
def undelegate(request: Request, address: str) -> Response:
    """Start to unbond a delegation, an amount or "all"."""
    body = _body(request, shapes.AmountOrAllBody)
    wallet, node = _parties(request, address)
    now = clock.now()
    done = delegating.undelegate(node=node, amount=body["amount"], wallet=wallet, now=now)
    parts: dict[str, Callable[[], Any]] = {
        "unbonding": partial(_unbonding, wallet, None if done.unbonding is None else done.unbonding.pk, now),
        "delegation": partial(_delegation, wallet, done.node),
    }
    return _changed(done.transaction, wallet, node, now, parts, status=201)


@extend_schema(tags=["delegation"], request=shapes.RedelegateBody, responses={201: REDELEGATED})
@api_view(["POST"])
def redelegate(request: Request, address: str) -> Response:
    """Record that a delegation shall move to another node when the epoch is settled, an amount or "all"."""
    body = _body(request, shapes.RedelegateBody)
    wallet, node = _parties(request, address)
    now = clock.now()
    done = redelegations.redelegate(
        source=node, target=body["to"], amount=body["amount"], wallet=wallet, now=now
    )
    shown = shapes.RedelegationSerializer(figures_of(done)).data
    return _changed(None, wallet, node, now, {"redelegation": lambda: shown}, status=201)


@extend_schema(tags=["delegation"], request=None, responses={200: CLAIMED})
@api_view(["POST"])
def claim(request: Request, address: str) -> Response:
    """Pay out the wallet's earnings on the node, as its operator or as a delegator."""
    _no_body(request)
    wallet, node = _parties(request, address)
    now = clock.now()
    done = earnings.claim(node=node, wallet=wallet, now=now)
    return _changed(done.transaction, wallet, node, now, {"amount": partial(_amount, done.amount)})


@extend_schema(tags=["delegation"], request=None, responses={200: COMPOUNDED})
@api_view(["POST"])
def compound(request: Request, address: str) -> Response:
    """Compound the wallet's earnings on the node: a delegator delegates them, the operator stakes them."""
    _no_body(request)
    wallet, node = _parties(request, address)
    now = clock.now()
    done = earnings.compound(node=node, wallet=wallet, now=now)
    parts: dict[str, Callable[[], Any]] = {"amount": partial(_amount, done.amount)}
    if done.node.operator != wallet:
        parts["delegation"] = partial(_delegation, wallet, done.node)
    return _changed(done.transaction, wallet, node, now, parts)


@extend_schema(tags=["unbonding"], request=None, responses={200: UNBONDED})
@api_view(["POST"])
def cancel(request: Request, unbonding: int) -> Response:
    """Return an unbonding whole to where it came from (R18)."""
    return _closed(request, unbonding, cancel_unbonding)


@extend_schema(tags=["unbonding"], request=None, responses={200: UNBONDED})
@api_view(["POST"])
def withdraw(request: Request, unbonding: int) -> Response:
    """Pay a mature unbonding at once (R17)."""
    return _closed(request, unbonding, withdraw_unbonding)


def _closed(request: Request, unbonding: int, service: Callable[..., Moved]) -> Response:
    """The answer to the cancellation or payment of an unbonding by its wallet."""
    _no_body(request)
    wallet, now = _caller(request), clock.now()
    done = service(unbonding=_number(unbonding), wallet=wallet, now=now)
    entry = partial(_unbonding, wallet, unbonding, now)
    return _changed(done.transaction, wallet, done.node.address, now, {"unbonding": entry})


def _body(request: Request, shape: Serializer) -> dict[str, Any]:
    form = shape(data=request.data)
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


def _no_body(request: Request) -> None:
    """Refuse every body but an absent one or {}."""
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


def _changed(
    transaction: int | None,
    wallet: str,
    node: str,
    now: datetime,
    parts: Mapping[str, Callable[[], Any]] = MappingProxyType({}),
    *,
    status: int = 200,
) -> Response:
    """Return the response; `parts` read the other objects that the action created or changed."""
    with snapshot(), batched_reads() as reads:
        of_wallet = reads.submit(wallet_figures, wallet, now=now)
        of_node = reads.submit(node_figures, node, now=now)
        shown = {name: reads.submit(part) for name, part in parts.items()}
    answer = {
        "transaction": transaction,
        "wallet": wallet_json(of_wallet.result()),
        "node": node_json(of_node.result()),
        **{name: part.result() for name, part in shown.items()},
    }
    return Response(answer, status=status)


def _delegation(wallet: str, node: Node) -> dict[str, Any]:
    return dict(shapes.DelegationSerializer(positions.position_of(wallet, node.id)).data)


def _amount(amount: int) -> Any:
    return AmountField().to_representation(amount)


def _unbonding(wallet: str, unbonding: int | None, now: datetime) -> dict[str, Any] | None:
    if unbonding is None:
        return None
    return dict(shapes.UnbondingSerializer(unbondings.unbonding_of(wallet, unbonding, now=now)).data)
