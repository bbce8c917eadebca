"""`GET chain`: the network's chain; `GET wallets/ADDR/deposits`: the deposits of a wallet."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from chain.selectors import problem_of
from chain_sync.selectors import NetworkChain, deposits, network_chain
from chain_sync.supply import supply
from protocol.addresses import checksum, normalize
from web.api.fields import ADDRESS, AmountField, MomentField, SignedAmountField
from web.api.pagination import CURSOR_PARAMETERS, cursor, cursor_page, page_of

OPTIONAL_ADDRESS = {**ADDRESS, "type": ["string", "null"]}


@extend_schema_field(OPTIONAL_ADDRESS)
class OptionalAddressField(serializers.CharField):
    """An address with its checksum; "" is null."""

    def to_representation(self, value: str) -> Any:
        return checksum(value) if value else None


class ProblemSchema(serializers.Serializer[Any]):
    """A problem that stops the anchoring of epochs, and its remedy."""

    code = serializers.CharField()
    reason = serializers.CharField()
    action = serializers.CharField()


class DepositsSchema(serializers.Serializer[Any]):
    """The block up to which deposits were read from the token contract (R54)."""

    credited = serializers.IntegerField()
    block = serializers.IntegerField(help_text="The final block up to which all deposits are credited.")
    problem = ProblemSchema(allow_null=True, help_text="Why no deposit is credited.")


class SupplySchema(serializers.Serializer[Any]):
    """IFM in the ledger and on the chain. In the protocol: issued − slashed + deposited − released = held.

    `to_…`: what the leaves of exits say in total; `not_…`: of it not brought to the chain yet.
    """

    issued = AmountField()
    slashed = AmountField()
    deposited = AmountField()
    released = AmountField()
    held = AmountField()
    to_mint = AmountField()
    to_burn = AmountField()
    to_release = AmountField()
    not_minted = SignedAmountField()
    not_burned = SignedAmountField()
    not_released = SignedAmountField()
    block = serializers.IntegerField(allow_null=True, help_text="Of the token contract's figures.")
    chain_total = AmountField()
    chain_locked = SignedAmountField()
    adds_up = serializers.BooleanField()


class ChainSchema(serializers.Serializer[Any]):
    """The chain on which epochs are anchored (R52); null where there is none or it was not seen yet."""

    configured = serializers.BooleanField()
    chain_id = serializers.IntegerField(allow_null=True)
    settlement = OptionalAddressField(allow_null=True)
    token = OptionalAddressField(allow_null=True)
    oracle = OptionalAddressField(
        allow_null=True, help_text="The account that the contract takes epochs from."
    )
    last_anchored = serializers.IntegerField(
        allow_null=True, help_text="The latest epoch that the contract has."
    )
    last_final = serializers.IntegerField(allow_null=True)
    provable_epoch = serializers.IntegerField(
        allow_null=True, help_text="The latest epoch whose leaves the token contract accepts."
    )
    emitted = AmountField(allow_null=True, help_text="The most that the token contract mints, in total.")
    waiting = serializers.IntegerField(help_text="Settled epochs that the contract does not have yet.")
    required = serializers.IntegerField(  # type: ignore[assignment]
        help_text="Confirmations with which a block is final; 0 without a chain."
    )
    head = serializers.IntegerField(allow_null=True, help_text="The newest block that was seen.")
    seen_at = MomentField(allow_null=True)
    halted = ProblemSchema(allow_null=True, help_text="Nothing is submitted until a person acts.")
    problem = ProblemSchema(allow_null=True, help_text="What delays epochs and may end by itself.")
    supply = SupplySchema(allow_null=True, help_text="null without a token contract.")
    deposits = DepositsSchema(
        allow_null=True, help_text="null without a token contract, or before it was read."
    )


class DepositSchema(serializers.Serializer[Any]):
    """Tokens that a wallet locked in the token contract (R54); `pending` until their block is final."""

    index = serializers.IntegerField(help_text="The number of the lock in the token contract.")
    amount = AmountField()
    status = serializers.ChoiceField(["pending", "credited"])
    transaction = serializers.CharField(help_text="Hash on the chain.")
    block = serializers.IntegerField()
    confirmations = serializers.IntegerField(help_text="Of `required`.")
    required = serializers.IntegerField()  # type: ignore[assignment]
    credited_at = MomentField(allow_null=True)
    ledger_transaction = serializers.IntegerField(allow_null=True)


NO_CHAIN = {
    **dict.fromkeys(ChainSchema().fields),
    "configured": False,
    "waiting": 0,
    "required": 0,
}


@extend_schema(tags=["chain"], operation_id="chain_read", responses=ChainSchema)
@api_view(["GET"])
def chain(request: Request) -> Response:
    """The chain on which this network anchors its epochs; `configured` is false without one."""
    chain = network_chain()
    return Response(NO_CHAIN if chain is None else ChainSchema(_fields(chain)).data)


def _fields(chain: NetworkChain) -> dict[str, Any]:
    status, problem, mirror = chain.status, chain.problem, chain.cursor
    seen = status.seen_at is not None
    return {
        "configured": True,
        "chain_id": chain.chain_id,
        "settlement": chain.settlement,
        "token": chain.token,
        "oracle": status.oracle,
        "last_anchored": chain.last_anchored or None,
        "last_final": chain.last_final or None,
        "provable_epoch": status.provable_epoch if seen else None,
        "emitted": status.emitted if seen else None,
        "waiting": chain.waiting,
        "required": chain.required,
        "head": status.head if seen else None,
        "seen_at": status.seen_at,
        "halted": problem if problem and problem.halted else None,
        "problem": problem if problem and not problem.halted else None,
        "supply": supply(mirror) if chain.token else None,
        "deposits": mirror
        and {"credited": mirror.count, "block": mirror.block, "problem": problem_of(mirror)},
    }


@extend_schema(
    tags=["wallets"],
    operation_id="wallets_deposits",
    parameters=CURSOR_PARAMETERS,
    responses=page_of(DepositSchema),
)
@api_view(["GET"])
def wallet_deposits(request: Request, address: str) -> Response:
    """The wallet's deposits from the chain, the newest first; those that are not final yet are `pending`."""
    limit, before = cursor(request)
    rows = deposits(normalize(address), limit=limit + 1, before=before)
    return cursor_page(
        request, rows, limit=limit, number=lambda row: row.index, render=lambda row: DepositSchema(row).data
    )


urlpatterns = [path("chain", chain), path("wallets/<str:address>/deposits", wallet_deposits)]
